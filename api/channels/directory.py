"""`GET /directory`: the codes that may be named now, for programs that build a form."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.errors import problems
from api.security import DirectoryReaderDep
from api.service import ServiceDep
from domain.office.directory import Directory, Unit
from domain.office.words import OrderClass, Tier
from store.database import Connection
from store.office.directory import current_named

router = APIRouter(tags=["directory"])


class UnitView(BaseModel):
    """An open unit; `handles_orders` is false for the two offices."""

    code: str
    name: str
    tier: Tier
    parent: str | None
    handles_orders: bool


class CategoryView(BaseModel):
    """An open category, with the values it inherits from its parents; `evidence` is a number of attachments."""

    model_config = ConfigDict(serialize_by_alias=True)

    code: str
    label: str
    parent: str | None
    usual_class: Annotated[OrderClass, Field(alias="class")]
    starts_at: Tier
    evidence: int


class DirectoryView(BaseModel):
    """The directory in force (派单目录)."""

    version: int
    communities: list[str]
    units: list[UnitView]
    categories: list[CategoryView]


@router.get("/directory", response_model=DirectoryView, responses=problems(401, 403))
async def read_directory(who: DirectoryReaderDep, service: ServiceDep) -> DirectoryView:  # noqa: ARG001 - the door looks
    """Read the communities, units and categories that are open now."""

    def work(connection: Connection) -> DirectoryView:
        return _view(current_named(connection))

    return await service.read(work)


def _view(directory: Directory) -> DirectoryView:
    return DirectoryView(
        version=directory.version,
        communities=list(directory.communities),
        units=[_unit(each, directory) for each in directory.units.values() if each.is_open],
        categories=[_category(code, directory) for code in directory.open_categories],
    )


def _unit(unit: Unit, directory: Directory) -> UnitView:
    return UnitView(
        code=unit.code,
        name=unit.name,
        tier=unit.tier,
        parent=unit.parent,
        handles_orders=unit.code in directory.handling_units,
    )


def _category(code: str, directory: Directory) -> CategoryView:
    known = directory.categories[code]
    return CategoryView.model_validate(
        {
            "code": code,
            "label": known.label,
            "parent": known.parent,
            "class": directory.usual_class(code),
            "starts_at": directory.starts_at(code),
            "evidence": directory.evidence(code),
        }
    )
