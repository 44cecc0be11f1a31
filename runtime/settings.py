"""Every setting of the processes, read from the environment (`DINGDAN_…`).

Assumes that only `worker.py`, `cli.py` with `commands/opening.py`, and `api/app.py` read them and hand values on.
Temporal's own variables (`TEMPORAL_ADDRESS`, …) keep their names and are read by the SDK.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DINGDAN_"


class WrongSettings(Exception):
    """A setting is unknown or missing, or has a value that cannot be used; the text names each."""


class Settings(BaseSettings):
    """The settings of all processes; each field is the variable `DINGDAN_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    database_url: Annotated[
        str,
        Field(
            description="Where the store is: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
            pattern=r"^(sqlite:///|postgresql(\+psycopg)?://).+",
        ),
    ]
    secret_key: Annotated[
        SecretStr,
        Field(
            description="The key of the store's hashes and seals, which work with no other; at least 32 characters.",
            min_length=32,
        ),
    ]
    attachments_dir: Annotated[
        Path, Field(description="The folder of attached files; all API processes share it.")
    ] = Path("data/attachments")
    policy: Annotated[
        str, Field(description="The policy book of new orders, in its newest version; or one exact version.")
    ] = "standard"
    public_url: Annotated[
        str, Field(description="The address at which people reach the pages.", pattern=r"^https?://[^/]+$")
    ] = "http://localhost:8000"
    hotline: Annotated[
        str,
        Field(
            description="The number that residents call; every page for residents shows it.",
            pattern=r"^[0-9][0-9-]{2,19}$",
        ),
    ] = "12345"
    temporal_ui_url: Annotated[
        str | None,
        Field(
            description="Where operators reach the Temporal UI, like http://127.0.0.1:8233; none if empty.",
            pattern=r"^https?://[^/]+",
        ),
    ] = None
    password_profile: Annotated[
        str,
        Field(
            description="Rules of passwords and sessions: `mlps` (等保) or `asvs` (OWASP).",
            pattern="^(mlps|asvs)$",
        ),
    ] = "mlps"  # noqa: S105 - the name of the rules
    oidc_issuer: Annotated[
        str | None,
        Field(
            description="The provider by which staff sign in, like https://id.office.example; none if empty.",
            pattern=r"^https?://[^/]+",
        ),
    ] = None
    oidc_client_id: Annotated[str, Field(description="The provider's client id for this office.")] = "dingdan"
    oidc_client_secret: Annotated[
        SecretStr, Field(description="The secret that goes with the client id.")
    ] = SecretStr("")
    oidc_username_claim: Annotated[
        str,
        Field(
            description="The claim of the provider's token that is the username; people must not be able to change it."
        ),
    ] = "sub"
    threads: Annotated[
        int, Field(description="Threads, and database connections, of one process.", ge=2, le=200)
    ] = 20
    reconcile_seconds: Annotated[
        float, Field(description="Pause between two rounds of Reconcile, in seconds.", gt=0, le=600)
    ] = 30
    metrics_port: Annotated[
        int | None,
        Field(description="Port of the worker's /metrics; none if empty.", ge=1, le=65535),
    ] = None
    metrics_host: Annotated[
        str, Field(description="Address on which the worker serves /metrics; 0.0.0.0 in a container.")
    ] = "127.0.0.1"
    temporal_cli: Annotated[
        Path | None, Field(description="The Temporal CLI that `dingdan up` uses; found or built if empty.")
    ] = None
    log_format: Annotated[
        str | None,
        Field(
            description="`console` or `json`; by default `console` on a terminal, `json` elsewhere.",
            pattern="^(console|json)$",
        ),
    ] = None


def known_settings() -> Mapping[str, str]:
    """List every variable with its description."""
    return {
        f"{PREFIX}{name.upper()}": field.description or "" for name, field in Settings.model_fields.items()
    }


def read_settings() -> Settings:
    """Read and check the environment.

    Raises:
        WrongSettings: a variable is unknown, missing or wrong; the text names each, and says what to do.
    """
    known = known_settings()
    wrong = [
        _unknown(name, known) for name in sorted(os.environ) if name.startswith(PREFIX) and name not in known
    ]
    try:
        settings = Settings()
    except ValidationError as error:
        wrong += [f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()]
    if wrong:
        raise WrongSettings("the settings cannot be used:\n" + "\n".join(f"  - {line}" for line in wrong))
    return settings


def _unknown(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
    return f"{name}: there is no such setting{hint}"
