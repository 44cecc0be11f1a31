"""The base of every wire type: frozen, additive, tolerant of fields it does not know."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A value that travels: new fields come with defaults, unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
