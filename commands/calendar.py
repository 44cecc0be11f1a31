"""`dingdan calendar`: the years that are announced, and the hours of the office."""

from pathlib import Path
from typing import Annotated

import typer

from commands.opening import now, open_store, text_of

calendar_app = typer.Typer(no_args_is_help=True, help="Working days and holidays, year by year.")


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

    days = read_year(text_of(file), year=year)
    with open_store() as store, store.write() as connection:
        loaded = load_year(connection, year, days, source=source, now=now())
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
        Path | None, typer.Argument(help="A table with the heading day,opens,closes; shows them if left out.")
    ] = None,
    source: Annotated[str, typer.Option(help="Who decided it, and when.")] = "",
) -> None:
    """Show when the office is open, or load it: for each weekday, and for make-up workdays; noon may be free."""
    from domain.hours_file import read_hours, write_hours
    from store.calendar import hours, put_hours

    if file is None:
        with open_store() as store, store.read() as connection:
            typer.echo(write_hours(hours(connection)), nl=False)
        return
    if not source.strip():
        raise typer.BadParameter("--source is missing: who decided it, and when")
    given = read_hours(text_of(file))
    with open_store() as store, store.write() as connection:
        version = put_hours(connection, given, source=source.strip(), now=now())
    if version is None:
        typer.echo("these hours are in force already")
    else:
        typer.echo(f"version {version} of the hours is in force for what is reckoned from now on")


@calendar_app.command("check")
def calendar_check() -> None:
    """Say which year is missing, and how many orders rest on a guess; 1 if one must be loaded now."""
    from domain.workdays import missing_year
    from store.calendar import all_years, provisional_orders

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
