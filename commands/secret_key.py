"""`dingdan secret-key`: compare the key of the settings with the store's, and take a new one in."""

from functools import partial
from typing import Annotated

import typer

from commands.opening import ACTOR, given_secret_key, now, open_store


def secret_key(
    take_in: Annotated[
        bool,
        typer.Option(
            "--take-in",
            help="Let the store use this key because the former one is lost; stop API and workers first.",
        ),
    ] = False,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Say whether the store uses the key in `DINGDAN_SECRET_KEY`, or take this key in to replace a lost one."""
    from api.typed.phones import phone_keys
    from store.order.requesters import find_callers_by
    from store.signin.secret_key import is_known, require
    from store.signin.secret_key import take_in as take_key_in

    secret = given_secret_key()
    with open_store() as store, store.write() as connection:
        if is_known(connection, secret):
            typer.echo("the store uses this key")
            return
        if not take_in:
            require(connection, secret)
            typer.echo("the store uses no key yet; the first start takes this one in")
            return
        taken = take_key_in(
            connection,
            secret,
            hash_again=partial(find_callers_by, phone_keys=partial(phone_keys, secret)),
            by=actor,
            now=now(),
        )
    typer.echo(
        f"the store uses this key from now on; {taken.credentials} key(s) and token(s) revoked: "
        "make new ones with dingdan client add and dingdan user token"
    )
    whose = f": {', '.join(taken.second_factors)}" if taken.second_factors else ""
    typer.echo(f"everybody signs in again; {len(taken.second_factors)} second factor(s) removed{whose}")
    typer.echo(f"{taken.callers} order(s) can be found by their callers' numbers again")
