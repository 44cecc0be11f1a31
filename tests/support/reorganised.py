"""An office after a reorganisation: a community merged, a category closed, a new unit for noise."""

from dataclasses import replace

from domain.office.directory import Directory, Route, Unit
from domain.office.first_directory import FIRST
from domain.office.words import Role, Tier
from store.database import Store
from store.office.directory import load, named
from store.office.people import StaffRow, put_staff
from tests.support.office import now

MERGED = replace(
    FIRST,
    units={
        **FIRST.units,
        "community-03": replace(FIRST.units["community-03"], successor="community-04"),
        "street-safety": replace(FIRST.units["street-safety"], name="安全办（示例）"),
        "street-noise": Unit(code="street-noise", name="噪声办（示例）", tier=Tier.STREET, parent="street"),
    },
    categories={
        **FIRST.categories,
        "consultation": replace(FIRST.categories["consultation"], closed=True),
    },
    routes=tuple(
        Route(rule="S2x", tier=Tier.STREET, category="noise", unit="street-noise", why="街道职责分工")
        if each.rule == "S2"
        else each
        for each in FIRST.routes
    ),
)


def loaded(store: Store, directory: Directory = MERGED) -> None:
    """Put the directory in force; units whose name is their code keep the names that they had."""
    with store.write() as connection:
        names = named(connection, directory).units
        changed = {code for code, each in directory.units.items() if each.name != code}
        units = {code: directory.units[code] if code in changed else each for code, each in names.items()}
        version = load(
            connection,
            replace(directory, units=units),
            source="街办发2026年第1号",
            loaded_by="administrator-1",
            now=now(),
        )
        handler = StaffRow(
            username="street-noise-handler",
            name="某人（虚构）",
            unit="street-noise",
            roles=(Role.UNIT_HANDLER,),
        )
        put_staff(connection, [handler])
    assert version is not None
