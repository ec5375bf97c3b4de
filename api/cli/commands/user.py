"""`muniment user`: who may come in, and as what."""

import sys
from typing import TYPE_CHECKING

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, Purpose, Role

if TYPE_CHECKING:
    from archive.opening import Archive
    from archive.users.user import User

ROLES = [role.value for role in Role if role is not Role.LOCAL]


@click.group("user")
def command() -> None:
    """Say who may come in, and as what."""


@command.command("list")
@options.common
def everybody(purpose: Purpose, as_json: bool) -> None:
    """List all users."""
    from archive.users.answers import UserAnswer, UsersAnswer

    with options.opened() as archive:
        archive.follow()
        found = archive.administration.everybody(LOCAL_ACTOR)
        now = archive.clock.now()
    answer = UsersAnswer(users=tuple(UserAnswer.of(user, now) for user in found))
    if as_json:
        output.write_json(answer)
        return
    output.write_table(
        ("name", "roles", "may come in", "sees", "signs in by", "tokens"),
        [
            (
                each.name,
                ", ".join(each.roles),
                "yes" if each.enabled else "disabled",
                ", ".join(_seen(each.custodians, each.departments, each.matters)) or "all",
                _ways(each.has_password, each.has_codes),
                str(each.valid_tokens),
            )
            for each in answer.users
        ],
    )


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(ROLES),
    help="What they may do; may come many times where roles go together.",
)
@click.option(
    "--custodian",
    "custodians",
    multiple=True,
    metavar="NAME",
    help="Show them the records of this custodian only; may come many times.",
)
@click.option(
    "--department",
    "departments",
    multiple=True,
    metavar="NAME",
    help="Show them what this department takes part in, and no other; may come many times.",
)
@click.option(
    "--matter",
    "matters",
    multiple=True,
    metavar="CODE",
    help="Show them what stands in this matter once they are a member; may come many times.",
)
@click.option("--password", "asks", is_flag=True, help="Ask for a password for them too.")
@options.common
def add(
    name: str,
    roles: tuple[str, ...],
    custodians: tuple[str, ...],
    departments: tuple[str, ...],
    matters: tuple[str, ...],
    asks: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Register the user NAME."""
    password = _asked_password() if asks else None
    with options.opened() as archive:
        user = archive.administration.register(
            LOCAL_ACTOR,
            name,
            [Role(role) for role in roles],
            custodians or None,
            departments or None,
            matters or None,
        )
        if password is not None:
            user = archive.administration.set_password(LOCAL_ACTOR, str(user.id), password)
        _tell(archive, user, "is registered", as_json)


@command.command("role")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(ROLES),
    help="What they may do from now on; may come many times where roles go together.",
)
@options.common
def role(name: str, roles: tuple[str, ...], purpose: Purpose, as_json: bool) -> None:
    """Give the user NAME other roles, in place of those they have."""
    with options.opened() as archive:
        user = archive.administration.change_roles(LOCAL_ACTOR, name, [Role(r) for r in roles])
        _tell(archive, user, f"now has the role {', '.join(user.roles)}", as_json)


@command.command("restrict")
@click.argument("name")
@click.option(
    "--custodian", "custodians", multiple=True, metavar="NAME", help="Show them this one's records."
)
@click.option(
    "--department",
    "departments",
    multiple=True,
    metavar="NAME",
    help="Show them what this one takes part in.",
)
@click.option(
    "--matter",
    "matters",
    multiple=True,
    metavar="CODE",
    help="Show them what stands in this one, once they are a member of it.",
)
@click.option("--all", "everything", is_flag=True, help="Show them all records again.")
@options.common
def restrict(
    name: str,
    custodians: tuple[str, ...],
    departments: tuple[str, ...],
    matters: tuple[str, ...],
    everything: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Show the user NAME the records of some custodians, departments and matters only."""
    if everything == bool(custodians or departments or matters):
        raise click.UsageError(
            "Say --custodian NAME, --department NAME and --matter CODE, or else --all."
        )
    with options.opened() as archive:
        user = archive.administration.restrict(
            LOCAL_ACTOR, name, custodians or None, departments or None, matters or None
        )
        seen = ", ".join(_seen(custodians, departments, matters)) or "everybody"
        _tell(archive, user, f"sees the records of {seen}", as_json)


@command.command("password")
@click.argument("name")
@options.common
def password(name: str, purpose: Purpose, as_json: bool) -> None:
    """Set the password of the user NAME: asked for, or read from standard input's first line."""
    chosen = _asked_password()
    with options.opened() as archive:
        user = archive.administration.set_password(LOCAL_ACTOR, name, chosen)
        _tell(archive, user, "has a new password and is signed out everywhere", as_json)


@command.command("disable")
@click.argument("name")
@options.common
def disable(name: str, purpose: Purpose, as_json: bool) -> None:
    """Let the user NAME in by no way any more."""
    with options.opened() as archive:
        user = archive.administration.disable(LOCAL_ACTOR, name)
        _tell(archive, user, "is disabled", as_json)


@command.command("enable")
@click.argument("name")
@options.common
def enable(name: str, purpose: Purpose, as_json: bool) -> None:
    """Let the user NAME in again."""
    with options.opened() as archive:
        user = archive.administration.enable(LOCAL_ACTOR, name)
        _tell(archive, user, "may come in", as_json)


@command.command("stop-codes")
@click.argument("name")
@options.common
def stop_codes(name: str, purpose: Purpose, as_json: bool) -> None:
    """Ask the user NAME for no one-time codes any more, as when they have lost them."""
    with options.opened() as archive:
        user = archive.administration.stop_codes(LOCAL_ACTOR, name)
        _tell(archive, user, "signs in without one-time codes", as_json)


@command.command("sign-out")
@click.argument("name")
@options.common
def sign_out(name: str, purpose: Purpose, as_json: bool) -> None:
    """End all sessions of the user NAME."""
    with options.opened() as archive:
        user = archive.administration.end_sessions(LOCAL_ACTOR, name)
        _tell(archive, user, "is signed out everywhere", as_json)


def _asked_password() -> str:
    """Ask for a password without showing it, or read a line where nobody can be asked."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline()
    return line.rstrip("\r\n")


def _tell(archive: "Archive", user: "User", what: str, as_json: bool) -> None:
    from archive.users.answers import UserAnswer

    archive.follow()
    if as_json:
        output.write_json(UserAnswer.of(user, archive.clock.now()))
    else:
        click.echo(f"{output.one_line(user.name)} {output.one_line(what)}.")


def _seen(
    custodians: tuple[str, ...] | None,
    departments: tuple[str, ...] | None,
    matters: tuple[str, ...] | None,
) -> list[str]:
    """Write whose records a restricted user sees; nothing for all."""
    return [
        *(custodians or ()),
        *(f"department {each}" for each in departments or ()),
        *(f"matter {each}" for each in matters or ()),
    ]


def _ways(has_password: bool, has_codes: bool) -> str:
    if not has_password:
        return "token"
    return "password and code" if has_codes else "password"
