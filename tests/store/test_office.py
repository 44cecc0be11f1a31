"""The directory: its units are there before the office names them."""

from demo.office import UNITS
from store.database import Store
from store.office import all_units, put_units, rename_unit, routed_units
from store.schema import migrate
from tests.support.databases import Databases


def names(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return {each.code: each.name for each in all_units(connection)}


class TestAUnit:
    def test_is_called_by_its_code_until_it_is_named(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        with store.write() as connection:
            put_units(connection, routed_units())
        assert names(store) == {each.code: each.code for each in UNITS}
        with store.write() as connection:
            assert rename_unit(connection, "community-03", "银杏坡社区")
            put_units(connection, routed_units())
        assert names(store)["community-03"] == "银杏坡社区"
        with store.write() as connection:
            put_units(connection, [*UNITS])
        assert names(store) == {each.code: each.name for each in UNITS}
        store.close()

    def test_keeps_the_name_that_the_office_gave(self, store: Store) -> None:
        with store.write() as connection:
            assert rename_unit(connection, "community-03", "别处")
            put_units(connection, [*UNITS, *routed_units()])
        assert names(store)["community-03"] == "别处"

    def test_that_is_unknown_is_not_named(self, store: Store) -> None:
        with store.write() as connection:
            assert not rename_unit(connection, "community-99", "别处")
