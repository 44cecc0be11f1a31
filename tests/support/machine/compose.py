"""Reading `docker-compose.yml` as Compose does, with the features that our file uses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[?-])(?P<text>[^}]*))?\}")


class Unset(Exception):
    """A required variable is not set; the text is that of Compose."""


@dataclass(frozen=True)
class Service:
    """One service with its variables filled in; `raw` is its whole entry in the file."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    raw: Mapping[str, Any] = field(repr=False)


def read_compose(values: Mapping[str, str], path: Path = ROOT / "docker-compose.yml") -> dict[str, Service]:
    """Read the file with the variables of an `.env`.

    Raises:
        Unset: a required variable is not set.
    """
    filled = _fill(yaml.safe_load(path.read_text(encoding="utf-8")), values)
    return {
        name: Service(
            name=name,
            command=tuple(map(str, raw.get("command", ()))),
            environment={key: str(value) for key, value in raw.get("environment", {}).items()},
            raw=raw,
        )
        for name, raw in filled["services"].items()
    }


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, values) for each in value]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        found = values.get(match["name"], "")
        if not found and match["how"] == "?":
            raise Unset(f"{match['name']}: {match['text']}")
        return found or (match["text"] if match["how"] == "-" else "")

    return _VARIABLE.sub(put, value)
