"""The doors by which requests, decisions and signals come into the office."""

from enum import StrEnum


class Via(StrEnum):
    """The door by which a step came; every event records it, so that an audit can tell them apart."""

    CHANNEL = "channel"
    STAFF = "staff"
    RESIDENT = "resident"
    OPERATOR = "operator"
    SYSTEM = "system"


class CredentialKind(StrEnum):
    """The kind of caller that a credential stands for."""

    CLIENT = "client"
    STAFF = "staff"
