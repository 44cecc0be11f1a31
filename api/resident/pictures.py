"""Pictures that come with a resident's form, kept at once so that a form shown again still has them.

Assumes that a form names the pictures that were kept before (`picture`) and those to leave out (`drop`).
"""

import re
from collections.abc import Mapping
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from api.acts.uploading import UPLOADER, take_in
from api.errors import Problem
from api.pages.rendering import texts
from api.service import Service
from domain.attachment.kinds import MAX_SIZE, PICTURES
from domain.matter.tasks import ID_PATTERN, MAX_ATTACHMENTS
from store.attachment.files import FilesUnavailable

MAX_BODY: Final = MAX_ATTACHMENTS * MAX_SIZE + 256 * 1024
"""Longest form, in bytes: the most pictures that may come at once, and the words."""


def named_in(sent: FormData) -> tuple[str, ...]:
    """List the earlier pictures that a form still names."""
    dropped = {str(each) for each in sent.getlist("drop")}
    named = dict.fromkeys(str(each) for each in sent.getlist("picture") if each not in dropped)
    return tuple(each for each in named if re.fullmatch(ID_PATTERN, each))[:MAX_ATTACHMENTS]


async def with_new(
    request: Request, service: Service, sent: FormData, named: tuple[str, ...]
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Keep the new pictures of a form; a refused one says why, and the others stay."""
    words: Mapping[str, str] = texts()["resident"]["pictures"]
    refused: list[str] = []
    # Browsers send a nameless file if none was chosen.
    files = [each for each in sent.getlist("pictures") if isinstance(each, UploadFile) and each.filename]
    for number, file in enumerate(files, 1):
        if len(named) == MAX_ATTACHMENTS:
            refused.append(words["too_many"].format(most=MAX_ATTACHMENTS))
            break
        try:
            service.limits.hit("picture", request)
            kept = await take_in(service, file, UPLOADER, among=PICTURES)
        except Problem as problem:
            refused.append(words["refused"].format(number=number, why=words[problem.body.code]))
        except FilesUnavailable:
            refused.append(words["away"])
            break
        else:
            named = (*named, kept.attachment_id)
    return named, {"pictures": "".join(refused)} if refused else {}
