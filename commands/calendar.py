"""`dingdan calendar`: the announced years, and the hours of the office."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.opening import ACTOR, note, now, open_store, text_of, typed, writing_to
from commands.telling import tell_all
from domain.office.entries import read_source

if TYPE_CHECKING:
    from store.order.resting import Resting

calendar_app = typer.Typer(no_args_is_help=True, help="Working days and holidays, year by year.")


@calendar_app.command("load")
def calendar_load(
    file: Annotated[
        Path, typer.Argument(help="A table with the heading date,kind,name; kind is off or work.")
    ],
    year: Annotated[int, typer.Option(min=2000, max=2199, help="The year of the table.")],
    source: Annotated[
        str,
        typer.Option(
            parser=typed(read_source), metavar="TEXT", help="The notice: its issuer, number and date."
        ),
    ],
    actor: Annotated[str, ACTOR] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    unusual: Annotated[
        bool,
        typer.Option("--unusual", help="Load it although it is like no earlier year, if the notice says so."),
    ] = False,
) -> None:
    """Load a year as its notice announces it, and calculate again the dates of orders that depend on it.

    Dates that were based on a guess become firm. Firm dates that depend on changed days are listed: a date that is
    later by the new table moves, and its resident is told. No date ever moves to an earlier instant.
    """
    from domain.calendar.calendar_file import differing_days, read_year, refuse_implausible
    from store.calendar.years import find_year
    from store.order.resting import changed_days, provisional_orders, resting_on
    from store.telling.recalculation import load_year

    days = read_year(text_of(file), year=year, file=file.name)
    if not unusual:
        refuse_implausible(days, year=year, file=file.name)
    with open_store() as store:
        with store.look() as connection:
            resting = resting_on(connection, changed_days(connection, year, days), now=now())
        with store.write() as connection:
            before = find_year(connection, year)
            differing = differing_days(before.days if before else (), days)
            for line in differing:
                typer.echo(line)
            is_known = before is not None and not differing
            if is_known:
                typer.echo(f"the calendar of {year} is already in force with these days")
            if dry_run:
                waiting = len(provisional_orders(connection))
                typer.echo(f"the dates of {waiting} order(s) are provisional and would be calculated again")
                _list(resting)
                version = before.version if before else 0
                typer.echo(f"version {version + (not is_known)} would be in force; nothing was loaded")
                return
            loaded = load_year(connection, year, days, source=source, now=now())
            if loaded.is_new:
                data = {"year": year, "version": loaded.version, "days": len(days), "orders": loaded.orders}
                note(connection, actor, "calendar_loaded", data)
        if loaded.is_new:
            typer.echo(f"calendar of {year}, version {loaded.version}: {len(days)} days, from {source}")
            _list(resting)
        told = tell_all(store, loaded.telling) if loaded.telling is not None else 0
        if told or loaded.is_new:
            typer.echo(f"{told} order(s) calculate their dates again")


def _list(resting: "Sequence[Resting]") -> None:
    """Print the dates that depend on changed days, each with its order, its kind and its owner."""
    from domain.calendar.instants import local

    for each in resting:
        typer.echo(f"{each.order_no}\t{each.what}\t{each.whose}\t{local(each.at):%Y-%m-%d %H:%M}")
    if resting:
        typer.echo(f"{len(resting)} date(s) depend on days that change; only those that become later move")


@calendar_app.command("export")
def calendar_export(
    year: Annotated[int, typer.Argument(help="A year that is loaded.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Write a year in force as a table, to edit and load again."""
    from domain.calendar.calendar_file import write_year
    from store.calendar.years import find_year

    with open_store() as store, store.read() as connection:
        found = find_year(connection, year)
    if found is None:
        raise typer.BadParameter(f"{year} is not loaded; see: dingdan calendar show")
    with writing_to(file):
        if file.is_file() and not overwrite:
            raise typer.BadParameter(f"{file} would be replaced; add --overwrite")
        # A mark at the beginning tells spreadsheets that the file is UTF-8.
        file.write_text(write_year(found.days), encoding="utf-8-sig")
    typer.echo(
        f"{year}, version {found.version}, is in {file}: {len(found.days)} days; edit it, then: "
        f"dingdan calendar load {file} --year {year} --source … --dry-run"
    )


@calendar_app.command("show")
def calendar_show(
    year: Annotated[
        int | None, typer.Argument(help="Show the days of this year; all years if left out.")
    ] = None,
) -> None:
    """Show the years in force, or the days of one."""
    from store.calendar.years import all_years, find_year

    with open_store() as store, store.read() as connection:
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
        Path | None,
        typer.Argument(
            help="A table with the heading day,opens,closes; the hours are shown if it is left out."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(parser=typed(read_source), metavar="TEXT", help="Who decided it, and when."),
    ] = None,
    actor: Annotated[str, ACTOR] = "operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Show or load the office's hours: for each weekday and for make-up workdays, with or without a break at noon."""
    from domain.calendar.hours_file import differing_hours, read_hours, write_hours
    from store.calendar.years import hours, put_hours

    if file is None:
        with open_store() as store, store.read() as connection:
            typer.echo(write_hours(hours(connection)), nl=False)
        return
    if source is None:
        raise typer.BadParameter("--source is missing: who decided it, and when")
    given = read_hours(text_of(file), file=file.name)
    with open_store() as store, store.write() as connection:
        for line in differing_hours(hours(connection), given):
            typer.echo(line)
        if dry_run:
            typer.echo("nothing was loaded")
            return
        version = put_hours(connection, given, source=source, now=now())
        if version is not None:
            note(connection, actor, "hours_loaded", {"version": version})
    if version is None:
        typer.echo("these hours are already in force")
    else:
        typer.echo(f"version {version} of the hours is in force for dates calculated from now on")


@calendar_app.command("check")
def calendar_check() -> None:
    """Say which year is missing, and how many orders have provisional dates.

    The exit code is 1 if a year must be loaded now.
    """
    from domain.calendar.workdays import missing_year
    from store.calendar.years import all_years
    from store.order.resting import provisional_orders

    with open_store() as store, store.read() as connection:
        years = {each.year for each in all_years(connection)}
        waiting = provisional_orders(connection)
    if waiting:
        typer.echo(f"{len(waiting)} order(s) have provisional dates")
    missing = missing_year(years, today=now())
    if missing is None:
        typer.echo(f"loaded up to {max(years)}; nothing is missing now")
        return
    typer.echo(
        f"{missing} is not loaded: its notice comes in November; then run: "
        f"dingdan calendar load FILE --year {missing} --source …",
        err=True,
    )
    raise SystemExit(1)
