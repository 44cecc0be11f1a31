"""By which door something came into the office."""

from enum import StrEnum


class Via(StrEnum):
    """By which door a step came: told on every event, so that an audit can separate them."""

    CHANNEL = "channel"
    STAFF = "staff"
    RESIDENT = "resident"
    OPERATOR = "operator"
    SYSTEM = "system"


class CredentialKind(StrEnum):
    """Whom a credential stands for."""

    CLIENT = "client"
    STAFF = "staff"
