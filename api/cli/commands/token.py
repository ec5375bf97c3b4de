"""`muniment token`: tokens for programs."""

from datetime import timedelta

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, PURPOSES, Permission, Purpose


@click.group("token")
def command() -> None:
    """Give out tokens for programs, and revoke them."""


@command.command("create")
@click.argument("user")
@click.option("--label", default="", help="What it is for, to be recognised by.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice([each.value for each in Permission]),
    help="Narrow it to this; may come many times. All that the roles give unless said.",
)
@click.option(
    "--for",
    "purposes",
    multiple=True,
    type=click.Choice(PURPOSES),
    help="Narrow it to reading for this; may come many times. All unless said.",
)
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="Days until it expires; never unless said."
)
@options.common
def create(
    user: str,
    label: str,
    permissions: tuple[str, ...],
    purposes: tuple[str, ...],
    days: int | None,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Give out a token of USER, shown once."""
    from archive.users.answers import NewTokenAnswer, TokenAnswer

    with options.opened() as archive:
        now = archive.clock.now()
        text, token = archive.administration.issue_token(
            LOCAL_ACTOR,
            user,
            label=label,
            permissions=[Permission(each) for each in permissions],
            purposes=purposes,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        told = TokenAnswer.of(archive.users.meant(user), token, now)
        archive.follow()
    if as_json:
        output.write_json(NewTokenAnswer(token=text, **told.model_dump()))
        return
    output.write_facts((("token", text), ("id", told.id), ("user", told.user_name)))
    click.echo("\nIt is shown once; keep it where only its owner can read it.")


@command.command("list")
@click.argument("user", required=False)
@options.common
def everything(user: str | None, purpose: Purpose, as_json: bool) -> None:
    """List the tokens of USER, or of everybody."""
    from archive.users.answers import TokensAnswer, tokens_of

    with options.opened() as archive:
        archive.follow()
        administration, now = archive.administration, archive.clock.now()
        if user is None:
            holders = administration.everybody(LOCAL_ACTOR)
        else:
            holders = [administration.show(LOCAL_ACTOR, user)]
    found = [token for holder in holders for token in tokens_of(holder, now)]
    if as_json:
        output.write_json(TokensAnswer(tokens=tuple(found)))
        return
    output.write_table(
        ("id", "user", "label", "may", "for", "issued", "expires", "state"),
        [
            (
                each.id,
                each.user_name,
                each.label,
                ", ".join(each.permissions) or "as the user",
                ", ".join(each.purposes) or "any purpose",
                output.utc_time(each.issued_at),
                output.utc_time(each.expires_at) if each.expires_at else "never",
                each.state,
            )
            for each in found
        ],
    )


@command.command("revoke")
@click.argument("id")
@options.common
def revoke(id: str, purpose: Purpose, as_json: bool) -> None:
    """Revoke the token ID; it opens nothing from then on."""
    from archive.users.answers import TokenAnswer

    with options.opened() as archive:
        archive.follow()
        holder, token = archive.administration.revoke_token(LOCAL_ACTOR, id)
        answer = TokenAnswer.of(holder, token, archive.clock.now())
    if as_json:
        output.write_json(answer)
    else:
        click.echo(f"The token {answer.id} of {output.one_line(answer.user_name)} is revoked.")
