"""`dingdan routing` and `dingdan unit`: the office's directory, and the orders of its units."""

import time
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.opening import ACTOR, now, open_store, text_of, typed, writing_to
from domain.calendar.instants import local
from domain.office.directory_file import (
    HEADINGS,
    MAY_BE_ABSENT,
    VERSION_FILE,
    StaleDirectory,
    changed_rows,
    look_alikes,
    read_directory,
    why_stale,
    write_directory,
)
from domain.office.entries import read_reason, read_source
from domain.office.words import Tier

if TYPE_CHECKING:
    from domain.office.directory import Directory
    from domain.office.teams import Team
    from store.database import Store
    from store.telling.moving import Move

routing_app = typer.Typer(
    no_args_is_help=True, help="The directory: units, categories, teams, and which unit answers."
)
unit_app = typer.Typer(no_args_is_help=True, help="The units of the office's directory, and their orders.")


@unit_app.command("list")
def unit_list() -> None:
    """List the units: code, tier, the unit above, name, and the successor of a closed unit."""
    from store.office.directory import current, named

    with open_store() as store, store.read() as connection:
        for each in named(connection, current(connection)).units.values():
            closed = f"\tclosed, see {each.successor}" if each.successor else ""
            typer.echo(f"{each.code}\t{each.tier}\t{each.parent or '-'}\t{each.name}{closed}")


@unit_app.command("move")
def unit_move(
    unit: Annotated[str, typer.Argument(help="The unit that the orders leave.")],
    to: Annotated[str, typer.Argument(help="The unit that takes them.")],
    reason: Annotated[
        str, typer.Option(parser=typed(read_reason), metavar="TEXT", help="Why; every order shows it.")
    ],
    actor: Annotated[str, ACTOR] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for the orders' answers.")] = 60,
) -> None:
    """Move all open orders of a unit to another one.

    The exit code is 1 if some did not move; those that stay are listed.
    """
    from store.telling.moving import refused, unsettled

    with open_store() as store:
        move = _move(store, unit, to, reason=reason, actor=actor, dry_run=dry_run)
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
        typer.echo(f"{pending} order(s) have not answered yet; the outbox tries again, see: dingdan check")
    if move.helping:
        typer.echo(f"{move.helping} task(s) of {unit} as a helper stay open until their limit")
    if move.answered:
        typer.echo(
            f"{move.answered} answered order(s) keep its name; if one is worked on again, the directory decides"
        )
    raise SystemExit(1 if stays or pending else 0)


def _move(store: "Store", unit: str, to: str, *, reason: str, actor: str, dry_run: bool) -> "Move":
    """Move the orders batch by batch, so that no other writer waits long.

    A move that was stopped goes on when it is ordered again.
    """
    from store.order.joined.telling import PAUSE
    from store.telling.moving import begin_move, end_move, move_batch, next_orders

    after = ""
    with store.read() as connection:
        move = begin_move(connection, unit, to, reason=reason)
        batch = next_orders(connection, unit, after=after)
    while batch:
        with store.write() as connection:
            move_batch(connection, batch, move, to, reason=reason, actor=actor, now=now(), dry_run=dry_run)
        after = batch[-1]
        time.sleep(PAUSE.total_seconds())
        with store.look() as connection:
            batch = next_orders(connection, unit, after=after)
    if not dry_run:
        with store.write() as connection:
            end_move(connection, move, unit, to, actor=actor, now=now())
    return move


@routing_app.command("show")
def routing_show(
    category: Annotated[str | None, typer.Option(help="Only for this category.")] = None,
    community: Annotated[str | None, typer.Option(help="Only in this community.")] = None,
) -> None:
    """Show which unit answers for what (派单目录), and the teams; or, for one matter, its units tier by tier.

    For one community, its team of today (一加一加n) comes last.
    """
    from store.office.directory import current, routing_of, vacant_units

    with open_store() as store, store.read() as connection:
        present = current(connection)
        vacant = vacant_units(connection, present, now=now())
        if category is None and community is None:
            _show_routes(present, vacant)
            for line in _teams(present, _today()):
                typer.echo(line)
            return
        for name, code, known in (
            ("category", category, present.open_categories),
            ("community", community, present.communities),
        ):
            if code is not None and code not in known:
                raise typer.BadParameter(f"there is no open {name} {code!r}; known: {', '.join(known)}")
        found = routing_of(connection, category=category, community=community, now=now())
    ladder = {each.tier: each for each in found.ladder}
    for tier in Tier:
        each = ladder.get(tier)
        if each is not None:
            first = "first" if each.tier == found.first.tier else ""
            passed_over = (
                f"\tskipped, no staff in post: {', '.join(each.passed_over)}" if each.passed_over else ""
            )
            empty = "\tno staff in post" if each.code in vacant else ""
            typer.echo(f"{each.tier}\t{each.code}\t{each.rule}\t{first}{passed_over}{empty}")
        elif present.answering(tier, category=category, community=community):
            typer.echo(f"{tier}\tno staff in post")
    typer.echo(f"usual class {found.usual_class}; a result needs {found.evidence} attachment(s)")
    team = present.team_of(community, _today()) if community else None
    if team is not None:
        typer.echo(_team(team))


def _show_routes(present: "Directory", vacant: Collection[str]) -> None:
    typer.echo(f"version {present.version}")
    for row in present.routes:
        where = f"{row.category or 'every category'}\t{row.community or 'everywhere'}"
        typer.echo(f"{row.rule}\t{row.tier}\t{where}\t{row.unit or 'its own community'}\t{row.why}")
    for tier in Tier:
        units = {code for code in present.handling_units if present.units[code].tier is tier}
        if units <= set(vacant):
            typer.echo(f"no unit of the tier {tier} has staff in post")


def _teams(present: "Directory", today: date) -> Iterator[str]:
    """Describe the teams, and name the communities without one today; an office without teams has no lines."""
    for each in present.teams:
        when = "\tover" if each.is_over(today) else "" if each.is_valid(today) else "\tto come"
        yield f"{_team(each)}{when}"
    yield from _without_team(present, today)


def _without_team(present: "Directory", today: date) -> Iterator[str]:
    if present.teams and (without := present.communities_without_team(today)):
        yield f"without a team today: {', '.join(without)}"


def _team(team: "Team") -> str:
    people = f"{team.leader}\tdeputy: {team.deputy or 'nobody'}\t{team.department}"
    days = f"from {team.valid_from}" + (f" to {team.valid_to}" if team.valid_to else "")
    return f"{team.code}\tteam\t{people}\t{' '.join(team.communities)}\t{days}"


def _today() -> date:
    return local(now()).date()


@routing_app.command("versions")
def routing_versions() -> None:
    """List the versions that were loaded."""
    from store.office.directory import versions

    with open_store() as store, store.read() as connection:
        for each in versions(connection):
            typer.echo(f"{each.version}\t{each.loaded_at:%Y-%m-%dT%H:%MZ}\t{each.loaded_by}\t{each.source}")


@routing_app.command("export")
def routing_export(
    folder: Annotated[
        Path, typer.Argument(help="A folder for units.csv, categories.csv, routes.csv, teams.csv.")
    ],
    version: Annotated[int | None, typer.Option(help="An earlier version.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing tables.")] = False,
) -> None:
    """Write the directory in force, or an earlier version, as four tables to edit and load again.

    version.txt holds the number of their version.
    """
    from store.office.directory import current, find_version, named

    with open_store() as store, store.read() as connection:
        found = current(connection) if version is None else find_version(connection, version)
        tables = write_directory(named(connection, found))
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = [f"{name}.csv" for name in tables if (folder / f"{name}.csv").exists()]
        if there and not overwrite:
            raise typer.BadParameter(f"{', '.join(there)} in {folder} would be replaced; add --overwrite")
        for name, text in tables.items():
            # A mark at the beginning tells spreadsheets that the file is UTF-8.
            (folder / f"{name}.csv").write_text(text, encoding="utf-8-sig")
        (folder / VERSION_FILE).write_text(f"{found.version}\n", encoding="utf-8")
    typer.echo(f"version {found.version} is in {folder}; edit it, then: dingdan routing check {folder}")


@routing_app.command("check")
def routing_check(
    folder: Annotated[Path, typer.Argument(help="The folder with the tables.")],
    days: Annotated[
        int, typer.Option(min=1, max=36500, help="Compare by the orders of this many past days.")
    ] = 365,
) -> None:
    """Check the tables without loading them: which rows differ, and which past orders would go elsewhere.

    Without teams.csv the teams in force stay; a teams.csv with only its heading removes all teams.

    The exit code is 1 if the tables are stale: made from another version than the one in force.
    """
    from collections import Counter

    from domain.office.directory import differences
    from store.office.directory import current, named, require_leaders, vacant_units
    from store.order.finding import routed_since

    with open_store() as store, store.read() as connection:
        present = named(connection, current(connection))
        tables, stale = _tables(folder), _why_stale(folder, present)
        if stale:
            typer.echo(f"{stale}; export again and edit that", err=True)
        past = Counter(
            (category, community)
            for _, category, community in routed_since(connection, since=now() - timedelta(days=days))
        )
        given = read_directory(tables, before=present)
        require_leaders(connection, given, now=now())
        vacant = vacant_units(connection, given, now=now())
    _say_changes(present, given, vacant, tables)
    changed = differences(present, given, list(past))
    for each in changed:
        matter = f"{each.category or 'no category'} in {each.community or 'no community'}"
        count = past[each.category, each.community]
        typer.echo(f"{matter}\t{count} order(s)\t{each.step}\t{each.before} -> {each.after}")
    affected = {(each.category, each.community) for each in changed}
    typer.echo(
        f"{'' if stale else 'nothing is wrong; '}{sum(past[each] for each in affected)} of {past.total()} past "
        f"order(s) would go elsewhere; nothing was loaded"
    )
    raise SystemExit(1 if stale else 0)


@routing_app.command("load")
def routing_load(
    folder: Annotated[
        Path, typer.Argument(help="The folder with units.csv, categories.csv, routes.csv, teams.csv.")
    ],
    source: Annotated[
        str,
        typer.Option(
            parser=typed(read_source),
            metavar="TEXT",
            help="The paper behind it: its issuer, number and date.",
        ),
    ],
    actor: Annotated[str, ACTOR] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, load nothing.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Load it although it was made from another version.")
    ] = False,
) -> None:
    """Put the tables in force as the next version: all of them, or nothing if a line is wrong.

    units.csv: code,name,tier,parent,liaison,successor

    categories.csv: code,label,parent,class,starts_at,evidence,closed

    routes.csv: rule,tier,category,community,unit,why

    teams.csv: code,leader,deputy,department,communities,valid_from,valid_to

    Without teams.csv the teams in force stay; a teams.csv with only its heading removes all teams.
    """
    from store.office.directory import current, load, named, vacant_units

    with open_store() as store, store.write() as connection:
        present = named(connection, current(connection))
        tables, stale = _tables(folder), _why_stale(folder, present)
        if stale and not replace:
            raise StaleDirectory(
                f"{stale}; see what differs: dingdan routing check {folder}; then export again and edit that, "
                "or load it anyway with --replace"
            )
        given = read_directory(tables, before=present)
        vacant = vacant_units(connection, given, now=now())
        loaded = None
        with connection.begin_nested() as attempt:
            loaded = load(connection, given, source=source, loaded_by=actor, now=now())
            if dry_run:
                attempt.rollback()
    if loaded is None:
        typer.echo(f"version {present.version} is already in force with exactly these tables")
        return
    _say_changes(present, given, vacant, tables)
    done = "would be" if dry_run else "is"
    typer.echo(
        f"version {loaded.version} {done} in force: {len(loaded.handling_units)} open units, "
        f"{len(loaded.open_categories)} open categories, {len(loaded.routes)} routes, {len(loaded.teams)} team(s)"
    )
    for code, each in loaded.units.items():
        if each.successor and present.units.get(code) and present.units[code].is_open:
            typer.echo(
                f"{code} is closed; move its orders: dingdan unit move {code} {each.successor} --reason …"
            )
    if not dry_run:
        # The folder now holds the version in force: it may be edited and loaded again.
        try:
            (folder / VERSION_FILE).write_text(f"{loaded.version}\n", encoding="utf-8")
        except OSError:
            typer.echo(f"{VERSION_FILE} cannot be written; export again before the next change", err=True)


def _say_changes(
    before: "Directory", after: "Directory", vacant: Collection[str], tables: Collection[str]
) -> None:
    """Print the rows that differ or look alike, the new units without staff, and the communities without a team."""
    if after.teams and "teams" not in tables:
        typer.echo("there is no file teams.csv: the teams in force stay")
    for row in changed_rows(before, after):
        typer.echo(str(row))
    for warning in look_alikes(after):
        typer.echo(warning, err=True)
    for code in after.handling_units:
        if code not in before.handling_units and code in vacant:
            typer.echo(f"{code} has no staff in post, so orders skip it; add people: dingdan user add")
    for sentence in _without_team(after, _today()):
        typer.echo(sentence)


def _why_stale(folder: Path, present: "Directory") -> str | None:
    file = folder / VERSION_FILE
    return why_stale(text_of(file) if file.exists() else None, in_force=present.version)


def _tables(folder: Path) -> dict[str, str]:
    hint = "" if folder.exists() else f"; write the tables with: dingdan routing export {folder}"
    files = {name: folder / f"{name}.csv" for name in HEADINGS}
    return {
        name: text_of(file, hint=hint)
        for name, file in files.items()
        if name not in MAY_BE_ABSENT or file.exists()
    }
