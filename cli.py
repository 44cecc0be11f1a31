"""The `dingdan` command: one function per command, heavy modules imported inside."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from domain.directory import Directory
    from store.credentials import CredentialKind
    from store.database import Connection, Store

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Orders of a sub-district. Begin with `dingdan up`; `dingdan doctor` says what is missing.",
)
client_app = typer.Typer(no_args_is_help=True, help="Intake channels and their keys.")
routing_app = typer.Typer(no_args_is_help=True, help="The directory: units, categories, and who answers.")
unit_app = typer.Typer(no_args_is_help=True, help="The units of the office's directory, and their orders.")
duty_app = typer.Typer(no_args_is_help=True, help="Who answers first, by channel and weekday.")
user_app = typer.Typer(no_args_is_help=True, help="Staff, their roles and tokens.")
attachments_app = typer.Typer(no_args_is_help=True, help="Attached files.")
calendar_app = typer.Typer(no_args_is_help=True, help="Working days and holidays, year by year.")
_MINUTES = ["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
app.add_typer(calendar_app, name="calendar")
app.add_typer(client_app, name="client")
app.add_typer(attachments_app, name="attachments")
app.add_typer(routing_app, name="routing")
app.add_typer(unit_app, name="unit")
app.add_typer(duty_app, name="duty")
app.add_typer(user_app, name="user")


def main() -> None:
    """Run a command; what can be foreseen ends with one line that says what to do, and exit code 1."""
    try:
        app()
    except Exception as error:
        if not isinstance(error, _foreseen()):
            raise
        typer.secho(f"dingdan: {error}", fg="red", err=True)
        # Its frames hold what the command was working with, a client of Temporal among it.
        error.__traceback__ = None
        raise SystemExit(1) from None
    finally:
        if "temporalio" in sys.modules:
            from runtime.temporal import let_go

            let_go()


def _foreseen() -> tuple[type[Exception], ...]:
    """List the failures whose text says what to do."""
    from domain.errors import DomainError
    from runtime.devserver import TemporalCliNotFound
    from runtime.settings import WrongSettings
    from runtime.supervisor import PartDidNotStart
    from runtime.temporal import MissingSearchAttributes, TemporalAway, WrongSearchAttribute
    from store.database import StoreUnavailable, WriteConflict
    from store.files import FilesUnavailable
    from store.schema import SchemaMismatch, WrongLocale

    return (
        DomainError,
        FilesUnavailable,
        MissingSearchAttributes,
        PartDidNotStart,
        SchemaMismatch,
        StoreUnavailable,
        TemporalAway,
        TemporalCliNotFound,
        WriteConflict,
        WrongLocale,
        WrongSearchAttribute,
        WrongSettings,
    )


@app.command()
def up(
    data_dir: Annotated[Path, typer.Option(help="Where the data are kept.")] = Path("data"),
    info: Annotated[
        Path | None,
        typer.Option(help="Write addresses, keys and tokens to this file (mode 0600) when ready."),
    ] = None,
    policy: Annotated[
        str, typer.Option(help="Policy of new orders: `seconds` to watch, `standard` the real one.")
    ] = "seconds",
    stories: Annotated[bool, typer.Option(help="Play the demo stories once.")] = True,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the API; 0 takes free ports for everything.")
    ] = None,
) -> None:
    """Start everything on this machine, with a fictional office, and serve until Ctrl-C."""
    from demo.console import serve

    raise SystemExit(asyncio.run(serve(data_dir, info=info, policy=policy, stories=stories, port=port)))


@app.command()
def demo() -> None:
    """Play the demo stories on ports and data of their own, print their timelines, and exit: 0 if all ended as told."""
    from demo.console import play

    raise SystemExit(asyncio.run(play()))


@app.command()
def setup() -> None:
    """Migrate the store, see to its units; make namespace, retention and search attributes. Can be repeated."""
    from runtime import temporal
    from store.directory import current
    from store.office import put_units

    migrate()
    with _store() as store, store.write() as connection:
        put_units(connection, list(current(connection).units.values()))
    typer.echo("every unit that orders can go to is there; see: dingdan unit list")

    async def work() -> list[str]:
        return await temporal.set_up(await temporal.connect())

    for line in asyncio.run(work()) or ["Temporal was set up already"]:
        typer.echo(line)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the HTTP API."""
    import uvicorn

    from api.app import from_environment

    uvicorn.run(
        from_environment(), host=host, port=port, log_config=None, access_log=False, server_header=False
    )


@app.command()
def worker() -> None:
    """Run workflows and activities until SIGTERM."""
    from runtime.settings import read_settings
    from worker import run

    asyncio.run(run(read_settings()))


@app.command()
def migrate() -> None:
    """Bring the store to this version's schema, with the years that are announced. Can be repeated."""
    from store import calendar_seed, schema

    with _any_store() as store:
        schema.migrate(store.engine)
        schema.check(store.engine)
        with store.write() as connection:
            seeded = calendar_seed.seed(connection, now=_now())
    typer.echo("the store is up to date")
    for year in seeded:
        typer.echo(f"calendar of {year.year}: {len(year.days)} days, from {year.source}")


@app.command()
def rebuild(
    order_no: Annotated[
        list[str] | None, typer.Argument(help="Orders whose rows are to be written again.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All orders that Temporal still has a history of.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
) -> None:
    """Write the rows of orders again from what their histories recorded; whole orders are not touched."""
    from activities.rebuilding import Rebuilder
    from domain.errors import DomainError
    from runtime.histories import NoHistory
    from runtime.temporal import Orders, connect

    if bool(order_no) == every:
        raise typer.BadParameter("name the orders, or say --all")

    async def work(store: "Store") -> int:
        rebuilder = Rebuilder(store, Orders(await connect()))
        failed = forgotten = 0
        for number in order_no or rebuilder.all_orders():
            try:
                typer.echo(str(await rebuilder.rebuild(number, dry_run=dry_run)))
            except NoHistory as error:
                forgotten += 1
                if order_no:
                    typer.echo(f"{number}: left as it is: {error}", err=True)
            except DomainError as error:
                failed += 1
                typer.echo(f"{number}: left as it is: {error}", err=True)
        if forgotten:
            typer.echo(
                f"{forgotten} order(s) have no history in Temporal and were left as they are", err=True
            )
        return 1 if failed or (forgotten and order_no) else 0

    with _store() as store:
        raise SystemExit(asyncio.run(work(store)))


@app.command()
def check(
    order_no: Annotated[
        list[str] | None, typer.Option(help="Only this order; may be given several times.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Findings to show before stopping.")] = 100,
) -> None:
    """Compare store and Temporal, both ways; 0 if all is well, 1 with the orders that are not, 2 if one is away."""
    from activities.comparison import Comparison
    from runtime.temporal import Orders, TemporalAway, connect
    from store.database import StoreUnavailable
    from store.schema import SchemaMismatch, WrongLocale

    async def work(store: "Store") -> int:
        comparison = Comparison(store, Orders(await connect()), _now)
        count = 0
        async with aclosing(comparison.findings(order_no)) as findings:
            async for finding in findings:
                typer.echo(str(finding))
                count += 1
                if count == limit:
                    typer.echo(f"stopped at {limit} findings; there may be more: --limit", err=True)
                    return 1
        typer.echo(f"{comparison.looked_at} order(s) looked at, {count} finding(s)")
        return 1 if count else 0

    try:
        with _store() as store:
            raise SystemExit(asyncio.run(work(store)))
    except (SchemaMismatch, StoreUnavailable, TemporalAway, WrongLocale) as error:
        typer.secho(f"dingdan: nothing can be compared: {error}", fg="red", err=True)
        raise SystemExit(2) from None


@calendar_app.command("load")
def calendar_load(
    file: Annotated[
        Path, typer.Argument(help="A table with the heading date,kind,name; kind is off or work.")
    ],
    year: Annotated[int, typer.Option(min=2000, max=2199, help="The year that it is for.")],
    source: Annotated[str, typer.Option(help="The notice: who announced it, number and date.")],
) -> None:
    """Load a year as its notice announces it; orders whose dates rested on a guess are reckoned again, once."""
    from domain.calendar_file import read_year
    from store.recalculation import load_year

    days = read_year(_text_of(file), year=year)
    with _store() as store, store.write() as connection:
        loaded = load_year(connection, year, days, source=source, now=_now())
    if loaded is None:
        typer.echo(f"the calendar of {year} is in force with these days already")
        return
    typer.echo(f"calendar of {year}, version {loaded.version}: {len(days)} days, from {source}")
    typer.echo(f"{loaded.orders} order(s) with provisional dates are reckoned again")


@calendar_app.command("show")
def calendar_show(
    year: Annotated[
        int | None, typer.Argument(help="The days of this year; all years if none is named.")
    ] = None,
) -> None:
    """Show the years in force, or the days of one."""
    from store.calendar import all_years, find_year

    with _store() as store, store.read() as connection:
        if year is None:
            for each in all_years(connection):
                typer.echo(f"{each.year}\tversion {each.version}\t{len(each.days)} days\t{each.source}")
            return
        found = find_year(connection, year)
    if found is None:
        raise typer.BadParameter(f"{year} is not loaded; see: dingdan calendar show")
    for day in found.days:
        typer.echo(f"{day.day}\t{day.day:%a}\t{day.kind}\t{day.name}")


@calendar_app.command("hours")
def calendar_hours(
    file: Annotated[
        Path | None, typer.Argument(help="A table with the heading day,opens,closes; shows them if left out.")
    ] = None,
    source: Annotated[str, typer.Option(help="Who decided it, and when.")] = "",
) -> None:
    """Show when the office is open, or load it: for each weekday, and for make-up workdays; noon may be free."""
    from domain.hours_file import read_hours, write_hours
    from store.calendar import hours, put_hours

    if file is None:
        with _store() as store, store.read() as connection:
            typer.echo(write_hours(hours(connection)), nl=False)
        return
    if not source.strip():
        raise typer.BadParameter("--source is missing: who decided it, and when")
    given = read_hours(_text_of(file))
    with _store() as store, store.write() as connection:
        version = put_hours(connection, given, source=source.strip(), now=_now())
    if version is None:
        typer.echo("these hours are in force already")
    else:
        typer.echo(f"version {version} of the hours is in force for what is reckoned from now on")


@calendar_app.command("check")
def calendar_check() -> None:
    """Say which year is missing, and how many orders rest on a guess; 1 if one must be loaded now."""
    from domain.workdays import missing_year
    from store.calendar import all_years, provisional_orders

    with _store() as store, store.read() as connection:
        years = {each.year for each in all_years(connection)}
        waiting = provisional_orders(connection)
    if waiting:
        typer.echo(f"{len(waiting)} order(s) have provisional dates")
    missing = missing_year(years, today=_now())
    if missing is None:
        typer.echo(f"loaded up to {max(years)}; nothing is missing now")
        return
    typer.echo(
        f"{missing} is not loaded: its notice comes in November; then run: "
        f"dingdan calendar load FILE --year {missing} --source …",
        err=True,
    )
    raise SystemExit(1)


@app.command()
def hold(
    reason: Annotated[str, typer.Option(help="Why: storm, outage; for residents and for the audit.")] = "",
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=_MINUTES,
            help="When it ends by itself, with an offset.",
        ),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Let the clocks run again now.")] = False,
    actor: Annotated[str, typer.Option("--as", help="Who orders it; for the audit.")] = "operator",
) -> None:
    """Stop all clocks of the office until an instant, or lift that; without options show what is in force."""
    from store.holds import hold_in_force, lift_hold, order_hold

    if lift and until is not None:
        raise typer.BadParameter("either --until begins a hold, or --lift ends one")
    if until is not None and until.tzinfo is None:
        raise typer.BadParameter("--until needs an offset, like 2026-11-23T17:00+08:00")
    with _store() as store, store.write() as connection:
        if until is not None:
            told = order_hold(connection, reason=reason, until=until, ordered_by=actor, now=_now())
            typer.echo(f"clocks are held until {until.isoformat()}; {told} open order(s) are told")
            return
        if lift:
            told = lift_hold(connection, lifted_by=actor, now=_now())
            typer.echo(f"clocks run again; {told} open order(s) are told")
            return
        present = hold_in_force(connection, at=_now())
    typer.echo(
        f"held since {present.since.isoformat()} until {present.until.isoformat()}: {present.reason}"
        if present
        else "no hold is in force; begin one with: dingdan hold --reason TEXT --until 2026-11-23T17:00+08:00"
    )


@client_app.command("add")
def client_add(
    client_id: Annotated[str, typer.Argument(help="A name for the program that will send orders.")],
    channel: Annotated[str, typer.Option(help="The channel it sends: web, wechat, hotline, …")],
) -> None:
    """Add a channel's client, or give it a new key; the key is shown once, and the earlier ones end."""
    from domain.orders import Channel
    from store.credentials import CredentialKind, put_client

    if channel not in list(Channel):
        raise typer.BadParameter(f"there is no channel {channel!r}; known: {', '.join(Channel)}")
    with _store() as store, store.write() as connection:
        put_client(connection, client_id=client_id, channel=channel, now=_now())
        typer.echo(_new_credential(connection, CredentialKind.CLIENT, client_id))


@client_app.command("list")
def client_list() -> None:
    """List the clients."""
    from store.credentials import all_clients

    with _store() as store, store.read() as connection:
        for each in all_clients(connection):
            typer.echo(f"{each.client_id}\t{each.channel}")


@client_app.command("revoke")
def client_revoke(client_id: Annotated[str, typer.Argument(help="The client whose keys shall end.")]) -> None:
    """End all keys of a client."""
    from store.credentials import CredentialKind, revoke

    with _store() as store, store.write() as connection:
        count = revoke(connection, kind=CredentialKind.CLIENT, subject=client_id, now=_now())
    typer.echo(f"{count} key(s) ended")


@unit_app.command("list")
def unit_list() -> None:
    """List the units: code, tier, the unit above, name; a closed one with its successor."""
    from store.directory import current, named

    with _store() as store, store.read() as connection:
        for each in named(connection, current(connection)).units.values():
            closed = f"\tclosed, see {each.successor}" if each.successor else ""
            typer.echo(f"{each.code}\t{each.tier}\t{each.parent or '-'}\t{each.name}{closed}")


@unit_app.command("move")
def unit_move(
    unit: Annotated[str, typer.Argument(help="The unit whose orders shall go.")],
    to: Annotated[str, typer.Argument(help="The unit that takes them.")],
    reason: Annotated[str, typer.Option(help="Why; it stands with every order.")],
    actor: Annotated[str, typer.Option("--as", help="Who orders it; for the audit.")] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the orders' answers.")] = 60,
) -> None:
    """Move all open orders of a unit to another one; 1 if some did not move, and then they are named."""
    from store.moving import move_orders, refused, unsettled

    with _store() as store:
        with store.write() as connection:
            move = move_orders(connection, unit, to, reason=reason, actor=actor, now=_now(), dry_run=dry_run)
        waits = [] if dry_run else list(move.sent.values())
        ends = time.monotonic() + wait
        while waits and time.monotonic() < ends:
            with store.read() as connection:
                if not unsettled(connection, waits):
                    break
            time.sleep(1)
        with store.read() as connection:
            pending = unsettled(connection, waits) if waits else 0
            stays = move.stays | (refused(connection, waits) if waits else {})
    moved = len(move.sent) - pending - (len(stays) - len(move.stays))
    typer.echo(f"{moved} order(s) {'would move' if dry_run else 'moved'} from {unit} to {to}")
    for order_no, why in stays.items():
        typer.echo(f"{order_no}\tstays: {why}")
    if pending:
        typer.echo(f"{pending} order(s) have not answered yet; the outbox sends again, see: dingdan check")
    if move.helping:
        typer.echo(f"{move.helping} task(s) of {unit} as a helper stay open until their limit")
    if move.answered:
        typer.echo(
            f"{move.answered} answered order(s) keep its name; if worked on again: the directory decides"
        )
    raise SystemExit(1 if stays or pending else 0)


@routing_app.command("show")
def routing_show(
    category: Annotated[str | None, typer.Option(help="Only for this category.")] = None,
    community: Annotated[str | None, typer.Option(help="Only in this community.")] = None,
) -> None:
    """Say who answers for what (派单目录): the whole table, or for one matter tier by tier with its rule."""
    from store.directory import current, routing_of

    with _store() as store, store.read() as connection:
        present = current(connection)
        if category is None and community is None:
            typer.echo(f"version {present.version}")
            for row in present.routes:
                where = f"{row.category or 'every category'}\t{row.community or 'everywhere'}"
                typer.echo(f"{row.rule}\t{row.tier}\t{where}\t{row.unit or 'its own community'}\t{row.why}")
            return
        for name, code, known in (
            ("category", category, present.open_categories),
            ("community", community, present.communities),
        ):
            if code is not None and code not in known:
                raise typer.BadParameter(f"there is no open {name} {code!r}; known: {', '.join(known)}")
        found = routing_of(connection, category=category, community=community, now=_now())
    for each in found.ladder:
        first = "first" if each.tier == found.first.tier else ""
        vacant = f"\tpassed over, nobody in post: {', '.join(each.passed_over)}" if each.passed_over else ""
        typer.echo(f"{each.tier}\t{each.code}\t{each.rule}\t{first}{vacant}")
    typer.echo(f"usual class {found.usual_class}; a result needs {found.evidence} attachment(s)")


@routing_app.command("versions")
def routing_versions() -> None:
    """List the versions that were loaded."""
    from store.directory import versions

    with _store() as store, store.read() as connection:
        for each in versions(connection):
            typer.echo(f"{each.version}\t{each.loaded_at:%Y-%m-%dT%H:%MZ}\t{each.loaded_by}\t{each.source}")


@routing_app.command("export")
def routing_export(
    folder: Annotated[Path, typer.Argument(help="A folder for units.csv, categories.csv and routes.csv.")],
    version: Annotated[int | None, typer.Option(help="An earlier version.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace tables that are there.")] = False,
) -> None:
    """Write the directory in force as three tables, to edit and load again."""
    from domain.directory_file import write_directory
    from store.directory import current, find_version, named

    with _store() as store, store.read() as connection:
        found = current(connection) if version is None else find_version(connection, version)
        tables = write_directory(named(connection, found))
    folder.mkdir(parents=True, exist_ok=True)
    there = [f"{name}.csv" for name in tables if (folder / f"{name}.csv").exists()]
    if there and not overwrite:
        raise typer.BadParameter(f"{', '.join(there)} in {folder} would be replaced; add --overwrite")
    for name, text in tables.items():
        # With a mark at the beginning spreadsheets know that it is UTF-8.
        (folder / f"{name}.csv").write_text(text, encoding="utf-8-sig")
    typer.echo(f"version {found.version} is in {folder}; edit it, then: dingdan routing check {folder}")


@routing_app.command("check")
def routing_check(
    folder: Annotated[Path, typer.Argument(help="The folder with the three tables.")],
    days: Annotated[int, typer.Option(min=1, help="Compare by the orders of so many days.")] = 365,
) -> None:
    """Check three tables without loading them, and say what would change for past orders."""
    from collections import Counter

    from domain.directory import differences
    from store.directory import current, past_matters

    with _store() as store, store.read() as connection:
        present = current(connection)
        past = Counter(
            (category, community)
            for _, category, community in past_matters(connection, since=_now() - timedelta(days=days))
        )
        given = _read_tables(folder, present)
    changed = differences(present, given, list(past))
    for each in changed:
        matter = f"{each.category or 'no category'} in {each.community or 'no community'}"
        count = past[each.category, each.community]
        typer.echo(f"{matter}\t{count} order(s)\t{each.step}\t{each.before} -> {each.after}")
    affected = {(each.category, each.community) for each in changed}
    typer.echo(
        f"nothing is wrong; {sum(past[each] for each in affected)} of {past.total()} past order(s) would go "
        f"otherwise; nothing was loaded"
    )


@routing_app.command("load")
def routing_load(
    folder: Annotated[Path, typer.Argument(help="The folder with units.csv, categories.csv, routes.csv.")],
    source: Annotated[str, typer.Option(help="The paper that orders it: who, number and date.")],
    actor: Annotated[str, typer.Option("--as", help="Who loads it; for the audit.")] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, load nothing.")] = False,
) -> None:
    """Put three tables in force as the next version: all of it, or nothing if a line is wrong."""
    from store.directory import current, load

    with _store() as store, store.write() as connection:
        present = current(connection)
        given = _read_tables(folder, present)
        loaded = None
        with connection.begin_nested() as attempt:
            loaded = load(connection, given, source=source, loaded_by=actor, now=_now())
            if dry_run:
                attempt.rollback()
    if loaded is None:
        typer.echo(f"version {present.version} is in force with these very tables already")
        return
    done = "would be" if dry_run else "is"
    typer.echo(
        f"version {loaded.version} {done} in force: {len(loaded.handling_units)} open units, "
        f"{len(loaded.open_categories)} open categories, {len(loaded.routes)} routes"
    )
    for code, each in loaded.units.items():
        if each.successor and present.units.get(code) and present.units[code].is_open:
            typer.echo(
                f"{code} is closed; move its orders: dingdan unit move {code} {each.successor} --reason …"
            )


def _read_tables(folder: Path, before: "Directory") -> "Directory":
    from domain.directory_file import HEADINGS, read_directory

    hint = f"; write the tables with: dingdan routing export {folder}"
    tables = {name: _text_of(folder / f"{name}.csv", hint=hint) for name in HEADINGS}
    return read_directory(tables, before=before)


@user_app.command("add")
def user_add(
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    unit: Annotated[str, typer.Option(help="The code of their unit.")],
    role: Annotated[list[str], typer.Option(help="A role code; may be given several times.")],
) -> None:
    """Add a member of staff."""
    from domain.orders import Role
    from store.office import StaffRow, put_staff

    wrong = [each for each in role if each not in list(Role)]
    if wrong:
        raise typer.BadParameter(f"there is no role {wrong[0]!r}; known: {', '.join(Role)}")
    with _store() as store, store.write() as connection:
        _require_open_unit(connection, unit)
        put_staff(
            connection,
            [StaffRow(username=username, name=name, unit=unit, roles=tuple(Role(each) for each in role))],
        )
    typer.echo(f"{username} is there; give a token with: dingdan user token {username}")


@user_app.command("token")
def user_token(username: Annotated[str, typer.Argument(help="Who shall use it.")]) -> None:
    """Give a member of staff a new token; it is shown once, and the earlier ones end."""
    from store.credentials import CredentialKind
    from store.office import find_staff

    with _store() as store, store.write() as connection:
        if find_staff(connection, username, now=_now()) is None:
            raise typer.BadParameter(
                f"there is no active member of staff {username!r}; see: dingdan user list"
            )
        typer.echo(_new_credential(connection, CredentialKind.STAFF, username))


@user_app.command("list")
def user_list() -> None:
    """List the staff."""
    from store.office import all_staff

    with _store() as store, store.read() as connection:
        for each in all_staff(connection, now=_now()):
            typer.echo(f"{each.username}\t{each.unit}\t{','.join(sorted(each.roles))}")


@user_app.command("away")
def user_away(
    username: Annotated[str, typer.Argument(help="Who is away.")],
    until: Annotated[
        datetime, typer.Option(formats=_MINUTES, help="When they are back by themselves, with an offset.")
    ],
    deputy: Annotated[
        str | None, typer.Option(help="Who of the same unit has their roles meanwhile (AB 岗).")
    ] = None,
) -> None:
    """Let somebody be away, with a deputy or none; a post in which nobody is, is passed over."""
    from store.office import leave_post

    if until.tzinfo is None:
        raise typer.BadParameter("--until needs an offset, like 2026-11-23T17:00+08:00")
    with _store() as store, store.write() as connection:
        leave_post(connection, username, until=until, deputy=deputy, now=_now())
    typer.echo(f"{username} is away until {until.isoformat()}; deputy: {deputy or 'nobody'}")


@user_app.command("back")
def user_back(username: Annotated[str, typer.Argument(help="Who is back.")]) -> None:
    """End an absence before its time."""
    from store.office import return_to_post

    with _store() as store, store.write() as connection:
        return_to_post(connection, username, now=_now())
    typer.echo(f"{username} is back")


@user_app.command("move")
def user_move(
    username: Annotated[str, typer.Argument(help="Who goes to another unit.")],
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
) -> None:
    """Give somebody another unit; the roles stay."""
    from store.office import change_unit

    with _store() as store, store.write() as connection:
        _require_open_unit(connection, unit)
        change_unit(connection, username, unit, now=_now())
    typer.echo(f"{username} is with {unit}")


@user_app.command("leave")
def user_leave(username: Annotated[str, typer.Argument(help="Who leaves the office.")]) -> None:
    """End somebody's service: their tokens end, and what they did stays under their name."""
    from store.credentials import CredentialKind, revoke
    from store.office import dismiss

    with _store() as store, store.write() as connection:
        dismiss(connection, username, now=_now())
        count = revoke(connection, kind=CredentialKind.STAFF, subject=username, now=_now())
    typer.echo(f"{username} has left; {count} token(s) ended")


@duty_app.command("show")
def duty_show() -> None:
    """Show the roster; on the days that are not listed the office answers first."""
    from domain.hours_file import WEEKDAYS
    from store.office import duty_roster

    with _store() as store, store.read() as connection:
        for channel, weekday, username in duty_roster(connection):
            typer.echo(f"{channel}\t{WEEKDAYS[weekday]}\t{username}")


@duty_app.command("set")
def duty_set(
    channel: Annotated[str, typer.Argument(help="web, wechat, hotline, …")],
    username: Annotated[str | None, typer.Argument(help="A duty officer; nobody if left out.")] = None,
    day: Annotated[
        list[str] | None, typer.Option(help="mon, tue, …; several times for several; every day if left out.")
    ] = None,
) -> None:
    """Put somebody on duty for a channel."""
    from domain.hours_file import WEEKDAYS
    from domain.orders import Channel
    from store.office import change_duty

    days = day or list(WEEKDAYS)
    wrong = [each for each in days if each not in WEEKDAYS]
    if wrong or channel not in list(Channel):
        known = f"days: {', '.join(WEEKDAYS)}; channels: {', '.join(Channel)}"
        raise typer.BadParameter(f"there is no {wrong[0] if wrong else channel!r}; {known}")
    weekdays = [WEEKDAYS.index(each) for each in days]
    with _store() as store, store.write() as connection:
        change_duty(connection, channel=channel, weekdays=weekdays, username=username, now=_now())
    typer.echo(f"{channel} on {', '.join(days)}: {username or 'the office'}")


@attachments_app.command("sweep")
def attachments_sweep(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete them; else they are only counted.")
    ] = False,
) -> None:
    """Count, or delete, uploads that nothing refers to after a day, and files that no upload names."""
    from runtime.settings import read_settings
    from store.attachments import sweep
    from store.files import FileStore

    with _store() as store:
        swept = sweep(store, FileStore(read_settings().attachments_dir), now=_now(), really=delete)
    done = "deleted" if delete else "found; delete them with --delete"
    typer.echo(f"{swept.rows} unused upload(s) and {swept.files} file(s) {done}")


@app.command()
def doctor() -> None:
    """Say what is missing on this machine or in this installation, and how to mend it."""
    from doctor import examine

    raise SystemExit(asyncio.run(examine(typer.echo)))


def _require_open_unit(connection: "Connection", code: str) -> None:
    from store.directory import current

    known = current(connection).units.get(code)
    if known is None or not known.is_open:
        raise typer.BadParameter(f"there is no open unit {code!r}; see: dingdan unit list")


def _text_of(file: Path, *, hint: str = "") -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{file} cannot be read as UTF-8 text: {type(error).__name__}"
        raise typer.BadParameter(f"{reason}{hint}") from None


@contextmanager
def _store() -> Iterator["Store"]:
    """Open the store, once it is certain that its schema is this version's."""
    from store import schema

    with _any_store() as store:
        schema.check(store.engine)
        yield store


def _any_store() -> "closing[Store]":
    from runtime.settings import read_settings
    from store.database import Store

    settings = read_settings()
    return closing(Store(settings.database_url, pool_size=2))


def _new_credential(connection: "Connection", kind: "CredentialKind", subject: str) -> str:
    from runtime.settings import read_settings
    from store.credentials import mint, revoke

    revoke(connection, kind=kind, subject=subject, now=_now())
    secret = read_settings().secret_key.get_secret_value()
    return mint(connection, secret=secret, kind=kind, subject=subject, now=_now())


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
