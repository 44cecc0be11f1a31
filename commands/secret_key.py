"""`dingdan secret-key`: whether the store is used with the key of the settings, and taking a new one in."""

from functools import partial
from typing import Annotated

import typer

from commands.opening import ACTOR, given_secret_key, now, open_store


def secret_key(
    take_in: Annotated[
        bool,
        typer.Option(
            "--take-in",
            help="Use the store with this key, since the former one is lost; stop API and workers first.",
        ),
    ] = False,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Say whether the store is used with the key in `DINGDAN_SECRET_KEY`, or take this key in for a lost one."""
    from api.typed.phones import phone_keys
    from store.order.requesters import find_callers_by
    from store.signin.secret_key import is_known, require
    from store.signin.secret_key import take_in as take_key_in

    secret = given_secret_key()
    with open_store() as store, store.write() as connection:
        if is_known(connection, secret):
            typer.echo("the store is used with this key")
            return
        if not take_in:
            require(connection, secret)
            typer.echo("the store is used with no key yet; the first start takes this one")
            return
        taken = take_key_in(
            connection,
            secret,
            hash_again=partial(find_callers_by, phone_keys=partial(phone_keys, secret)),
            by=actor,
            now=now(),
        )
    typer.echo(
        f"the store is used with this key from now on; {taken.credentials} key(s) and token(s) ended: "
        "give new ones with dingdan client add and dingdan user token"
    )
    whose = f": {', '.join(taken.second_factors)}" if taken.second_factors else ""
    typer.echo(f"everybody signs in anew; {len(taken.second_factors)} second factor(s) removed{whose}")
    typer.echo(f"{taken.callers} order(s) are found by their callers' numbers again")
