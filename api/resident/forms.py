"""Reading residents' forms as they were typed, and saying in words for residents what is wrong."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.datastructures import FormData

from api.pages.rendering import texts


def text_of(sent: FormData, name: str) -> str:
    """Read a text, with each CR LF that browsers put between its lines turned into one line break."""
    value = sent.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def wrong_in(error: ValidationError) -> dict[str, str]:
    """Return the faults by field; a field of a person or a place goes by its own name."""
    return {str(each["loc"][-1]): _words(each) for each in error.errors()}


def _words(error: ErrorDetails) -> str:
    words: Mapping[str, str] = texts()["resident"]["wrong"]
    match error["type"]:
        case "string_too_long":
            most = error["ctx"]["max_length"]
            return words["too_long"].format(most=most, count=len(str(error["input"])))
        case "string_too_short":
            return words["missing"]
        case "string_unicode" | "value_error":
            return words["letters"]
        case _:
            return words["choice"]
