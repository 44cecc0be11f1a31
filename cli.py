"""The `dingdan` command: one function per command, heavy modules imported inside.

The groups for calendar, directory and people are in `commands/`.
"""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.calendar import calendar_app
from commands.directory import routing_app, unit_app
from commands.hold import hold
from commands.opening import any_store, given_secret_key, new_credential, now, open_store
from commands.outbox import outbox_app
from commands.people import duty_app, user_app
from commands.secret_key import secret_key
from domain.office.entries import WrongEntry

if TYPE_CHECKING:
    from store.database import Store

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Orders of a sub-district. Begin with `dingdan up`; `dingdan doctor` says what is missing.",
)
client_app = typer.Typer(no_args_is_help=True, help="Intake channels and their keys.")
attachments_app = typer.Typer(no_args_is_help=True, help="Attached files.")
app.command()(hold)
app.command()(secret_key)
app.add_typer(calendar_app, name="calendar")
app.add_typer(client_app, name="client")
app.add_typer(attachments_app, name="attachments")
app.add_typer(outbox_app, name="outbox")
app.add_typer(routing_app, name="routing")
app.add_typer(unit_app, name="unit")
app.add_typer(duty_app, name="duty")
app.add_typer(user_app, name="user")


def main() -> None:
    """Run a command; an expected failure prints one line that says what to do, and exits with code 1."""
    try:
        _require_text(sys.argv)
        app()
    except Exception as error:
        if not isinstance(error, _foreseen()):
            raise
        typer.secho(f"dingdan: {error}", fg="red", err=True)
        # The frames of the error and its cause keep the command's objects alive, such as the SDK and its threads.
        error.__traceback__ = error.__cause__ = error.__context__ = None
        raise SystemExit(1) from None
    finally:
        if "temporalio" in sys.modules:
            from runtime.temporal import let_go

            let_go()


def _require_text(arguments: list[str]) -> None:
    """Refuse arguments that are not UTF-8, as a terminal set to GBK sends them: no store can hold them.

    Raises:
        WrongEntry: an argument is not UTF-8.
    """
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        raise WrongEntry(
            "the arguments are not UTF-8 text: set the terminal to UTF-8, and try again"
        ) from None


def _foreseen() -> tuple[type[Exception], ...]:
    """List the failures whose text says what to do."""
    from domain.errors import DomainError
    from runtime.machine.devserver import TemporalCliNotFound
    from runtime.machine.supervisor import PartDidNotStart
    from runtime.settings import WrongSettings
    from runtime.temporal import MissingSearchAttributes, TemporalAway, WrongSearchAttribute
    from store.attachment.files import FilesUnavailable
    from store.database import StoreUnavailable, WriteConflict
    from store.schema import SchemaMismatch, WrongLocale
    from store.signin.secret_key import AnotherSecretKey

    return (
        AnotherSecretKey,
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
        str, typer.Option(help="Policy of new orders: `seconds` for watching, `standard` for real limits.")
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
    """Play the demo stories on separate ports and data, and print their timelines.

    The exit code is 0 if every story ended as expected.
    """
    from demo.console import play

    raise SystemExit(asyncio.run(play()))


@app.command()
def setup() -> None:
    """Migrate the store and add its units; set up Temporal's namespace, retention and search attributes.

    Can be repeated.
    """
    from runtime import temporal
    from store.office.directory import current
    from store.office.people import put_units

    migrate()
    with open_store() as store, store.write() as connection:
        put_units(connection, list(current(connection).units.values()))
    typer.echo("every unit of the directory is in the store; see: dingdan unit list")

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
    from api.app import from_environment
    from api.serving import serve

    serve(from_environment(), host=host, port=port)


@app.command()
def worker() -> None:
    """Run workflows and activities until SIGTERM."""
    from runtime.settings import read_settings
    from worker import run

    asyncio.run(run(read_settings()))


@app.command()
def migrate() -> None:
    """Bring the store to this version's schema, and load the announced years. Can be repeated."""
    from store import migrating, schema
    from store.calendar import calendar_seed
    from store.signin.secret_key import check as check_secret_key

    with any_store() as store:
        migrating.migrate(store.engine)
        schema.check(store.engine)
        check_secret_key(store, given_secret_key())
        with store.write() as connection:
            seeded = calendar_seed.seed(connection, now=now())
    typer.echo("the store is up to date")
    for year in seeded:
        typer.echo(f"calendar of {year.year}: {len(year.days)} days, from {year.source}")


@app.command()
def rebuild(
    order_no: Annotated[
        list[str] | None, typer.Argument(help="The orders whose rows to write again.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All orders that still have a history in Temporal.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
) -> None:
    """Write the rows of orders again from their Temporal histories; rows that are right stay untouched."""
    from activities.mending.rebuilding import Rebuilder
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

    with open_store() as store:
        raise SystemExit(asyncio.run(work(store)))


@app.command()
def check(
    order_no: Annotated[
        list[str] | None, typer.Option(help="Only this order; may be given several times.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Findings to show before stopping.")] = 100,
) -> None:
    """Compare store and Temporal, both ways, and list what differs.

    The exit code is 0 if all is well, 1 if anything differs, 2 if the store or Temporal is away.
    """
    from activities.mending.comparison import Comparison
    from runtime.temporal import Orders, TemporalAway, connect
    from store.database import StoreUnavailable
    from store.schema import SchemaMismatch, WrongLocale

    async def work(store: "Store") -> int:
        comparison = Comparison(store, Orders(await connect()), now)
        count = 0
        async with aclosing(comparison.findings(order_no)) as findings:
            async for finding in findings:
                typer.echo(str(finding))
                count += 1
                if count == limit:
                    typer.echo(f"stopped at {limit} findings; there may be more: --limit", err=True)
                    return 1
        typer.echo(f"{comparison.looked_at} order(s) checked, {count} finding(s)")
        return 1 if count else 0

    try:
        with open_store() as store:
            raise SystemExit(asyncio.run(work(store)))
    except (SchemaMismatch, StoreUnavailable, TemporalAway, WrongLocale) as error:
        typer.secho(f"dingdan: nothing can be compared: {error}", fg="red", err=True)
        raise SystemExit(2) from None


@app.command()
def replay() -> None:
    """Replay all running workflows with this version's code, and list those that break.

    The exit code is 0 if all replay, 1 if some break, 2 if Temporal is away.
    """
    from runtime.replaying import replay_running
    from runtime.temporal import TemporalAway, connect
    from worker import replayer

    async def work() -> int:
        count = broken = 0
        async for each in replay_running(await connect(), replayer()):
            count += 1
            if each.broke is not None:
                broken += 1
                typer.echo(f"{each.workflow_id}: {each.broke}")
            if count % 500 == 0:
                typer.echo(f"{count} replayed", err=True)
        typer.echo(f"{count} workflow(s) replayed, {broken} would stand still under this version")
        return 1 if broken else 0

    try:
        raise SystemExit(asyncio.run(work()))
    except TemporalAway as error:
        typer.secho(f"dingdan: nothing can be replayed: {error}", fg="red", err=True)
        raise SystemExit(2) from None


@client_app.command("add")
def client_add(
    client_id: Annotated[str, typer.Argument(help="A name for the program that will send orders.")],
    channel: Annotated[str, typer.Option(help="The channel of its orders: web, wechat, hotline, …")],
) -> None:
    """Add a channel's client, or give it a new key; the key is shown once, and earlier keys are revoked."""
    from domain.doors import CredentialKind
    from domain.order.words import Channel
    from store.signin.credentials import put_client

    if channel not in list(Channel):
        raise typer.BadParameter(f"there is no channel {channel!r}; known: {', '.join(Channel)}")
    with open_store() as store, store.write() as connection:
        put_client(connection, client_id=client_id, channel=channel, now=now())
        typer.echo(new_credential(connection, CredentialKind.CLIENT, client_id))


@client_app.command("list")
def client_list() -> None:
    """List the clients, and mark those whose keys are revoked."""
    from store.signin.credentials import all_clients

    with open_store() as store, store.read() as connection:
        for each in all_clients(connection):
            typer.echo("\t".join((each.client_id, each.channel, *(["revoked"] if each.is_revoked else []))))


@client_app.command("revoke")
def client_revoke(client_id: Annotated[str, typer.Argument(help="The client whose keys to revoke.")]) -> None:
    """Revoke all keys of a client."""
    from domain.doors import CredentialKind
    from store.signin.credentials import revoke

    with open_store() as store, store.write() as connection:
        count = revoke(connection, kind=CredentialKind.CLIENT, subject=client_id, now=now())
    typer.echo(f"{count} key(s) revoked")


@attachments_app.command("sweep")
def attachments_sweep(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete them; otherwise they are only counted.")
    ] = False,
) -> None:
    """Count or delete uploads that nothing refers to after a day, and files that no upload names."""
    from runtime.settings import read_settings
    from store.attachment.attachments import sweep
    from store.attachment.files import FileStore

    with open_store() as store:
        swept = sweep(store, FileStore(read_settings().attachments_dir), now=now(), really=delete)
    done = "deleted" if delete else "found; delete them with --delete"
    typer.echo(f"{swept.rows} unused upload(s) and {swept.files} file(s) {done}")


@app.command()
def doctor() -> None:
    """Say what is missing on this machine or in this installation, and how to fix it."""
    from doctor import examine

    raise SystemExit(asyncio.run(examine(typer.echo)))


if __name__ == "__main__":
    main()
