"""Files that come with a form of the staff's pages, kept at once so that a form shown again still has them.

Assumes that a file field holds files that were just chosen and the ids of files that were kept before.
"""

import re
from collections.abc import Collection, Iterable, Mapping

import structlog
from starlette.datastructures import FormData, UploadFile

from api.acts.uploading import take_in
from api.errors import Problem
from api.pages.problems import words_of
from api.pages.rendering import texts
from api.service import Service
from domain.attachment.kinds import KINDS, PICTURES
from domain.matter.tasks import ID_PATTERN, Field, FieldType
from store.attachment.attachments import UnusableAttachment, Uploader
from store.attachment.files import FilesUnavailable

_log = structlog.get_logger("api")


async def with_files_kept(
    service: Service,
    sent: FormData,
    names: Collection[str],
    uploader: Uploader,
    *,
    pictured: Collection[str] = (),
) -> tuple[FormData, Mapping[str, str]]:
    """Keep the files in these fields and put their ids in their place; return by field which were refused, and why.

    The fields in `pictured` take pictures only.
    """
    kept: list[tuple[str, UploadFile | str]] = []
    wrong: dict[str, str] = {}
    numbers = dict.fromkeys(names, 0)
    for name, value in sent.multi_items():
        if name not in numbers:
            kept.append((name, value))
        elif isinstance(value, str):
            kept += [(name, value)] if re.fullmatch(ID_PATTERN, value) else []
        elif value.filename:  # Browsers send a nameless file if none was chosen.
            numbers[name] += 1
            among = PICTURES if name in pictured else KINDS
            try:
                kept.append((name, (await take_in(service, value, uploader, among=among)).attachment_id))
            except Problem as problem:
                why = words_of(problem.body.code, problem.body.detail)
                refused = texts()["files"]["refused"].format(number=numbers[name], why=why)
                wrong[name] = wrong.get(name, "") + refused
            except FilesUnavailable as away:
                _log.error("files_unavailable", reason=str(away))
                wrong[name] = texts()["refusals"]["files_unavailable"]
    return FormData(kept), wrong


def without_files(
    sent: FormData, names: Collection[str], error: UnusableAttachment
) -> tuple[FormData, Mapping[str, str]]:
    """Remove kept files that cannot be used any more from a form, and say so beside their fields."""
    left = [(name, value) for name, value in sent.multi_items() if name not in names]
    return FormData(left), dict.fromkeys(names, words_of(error.code, str(error)))


def picture_fields(fields: Iterable[Field]) -> list[str]:
    """Name the fields that hold pictures for a resident."""
    return [each.name for each in fields if each.type is FieldType.ATTACHMENTS and each.goes_to_resident]


def file_fields(fields: Iterable[Field]) -> list[str]:
    """Name the fields that hold files."""
    return [each.name for each in fields if each.type is FieldType.ATTACHMENTS]
