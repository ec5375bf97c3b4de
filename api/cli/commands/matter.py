"""`muniment matter`: what belongs to one case, and who works on it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli import options, output
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.matters.answers import MatterAnswer
    from archive.matters.matter import Matter
    from archive.opening import Archive

Command = TypeVar("Command", bound=Callable[..., Any])
_SHOWN_RECORDS = 20


def contents(function: Command) -> Command:
    """Add the options that say what stands in a matter, and who works on it."""
    for option in reversed(
        (
            click.option("--custodian", multiple=True, help="All that a custodian holds."),
            click.option("--query", multiple=True, help="The records that a query finds."),
            click.option("--record", type=click.UUID, multiple=True, help="A record, by its id."),
            click.option(
                "--records", type=options.FILE, help="A file with ids of records, one a line."
            ),
            click.option("--member", multiple=True, help="A user who works on it, by name or id."),
        )
    ):
        function = option(function)
    return function


@click.group("matter")
def command() -> None:
    """Keep together what belongs to one case, and who works on it."""


@command.command("list")
@options.by_token
@options.common
def everything(by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """List matters."""
    from archive.matters.answers import MattersAnswer

    with options.acting(by_token) as (archive, actor):
        answer = MattersAnswer.of(*archive.matter_desk.seen(actor))
    if as_json:
        output.write_json(answer)
        return
    if answer.unreadable:
        click.echo("An event of the matters cannot be read: muniment verify names it.", err=True)
    output.write_table(
        ("code", "name", "state", "custodians", "queries", "records", "members", "created"),
        [
            (
                each.code,
                each.name,
                each.state,
                *(f"{n:,}" for n in (each.custodians, each.queries, each.records, each.members)),
                output.utc_time(each.created_at),
            )
            for each in answer.matters
        ],
    )


@command.command("show")
@click.argument("code")
@options.by_token
@options.common
def show(code: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Show the matter CODE with all that it has."""
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.matter(actor, code), as_json)


@command.command("create")
@click.argument("code")
@click.option("--name", required=True, help="What it is called.")
@click.option("--description", default="", help="What it is about.")
@contents
@options.by_token
@options.common
def create(
    code: str,
    name: str,
    description: str,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
    **given: Any,
) -> None:
    """Create the matter CODE, which is open."""
    from archive.matters.answers import MatterRequest

    fields = {"code": code, "name": name, "description": description}
    wanted = MatterRequest.read({**fields, **_contents(given)})
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.create(actor, wanted), as_json)


@command.command("describe")
@click.argument("code")
@click.option("--name", required=True, help="What it is called from now on.")
@click.option("--description", default="", help="What it is about.")
@options.by_token
@options.common
def describe(
    code: str, name: str, description: str, by_token: bool, purpose: Purpose, as_json: bool
) -> None:
    """Give the matter CODE another name and description."""
    from archive.matters.answers import MatterDescription

    wanted = MatterDescription.read({"name": name, "description": description})
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.describe(actor, code, wanted), as_json)


@command.command("add")
@click.argument("code")
@contents
@options.by_token
@options.common
def add(code: str, by_token: bool, purpose: Purpose, as_json: bool, **given: Any) -> None:
    """Let something more belong to the matter CODE."""
    from archive.matters.answers import ContentsRequest

    wanted = ContentsRequest.read(_contents(given))
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.add(actor, code, wanted), as_json)


@command.command("remove")
@click.argument("code")
@contents
@options.by_token
@options.common
def remove(code: str, by_token: bool, purpose: Purpose, as_json: bool, **given: Any) -> None:
    """Take something out of the matter CODE."""
    from archive.matters.answers import ContentsRequest

    wanted = ContentsRequest.read(_contents(given))
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.remove(actor, code, wanted), as_json)


@command.command("close")
@click.argument("code")
@click.option("--reason", required=True, help="Why it is closed.")
@options.by_token
@options.common
def close(code: str, reason: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Close the matter CODE: whoever is restricted to it sees nothing by it any more."""
    from archive.matters.answers import MatterReason

    wanted = MatterReason.read({"reason": reason})
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.close(actor, code, wanted.reason), as_json)


@command.command("reopen")
@click.argument("code")
@click.option("--reason", required=True, help="Why it is open again.")
@options.by_token
@options.common
def reopen(code: str, reason: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Open the closed matter CODE again, with all that it had."""
    from archive.matters.answers import MatterReason

    wanted = MatterReason.read({"reason": reason})
    with options.acting(by_token) as (archive, actor):
        _tell(archive, actor, archive.matter_desk.reopen(actor, code, wanted.reason), as_json)


def _contents(given: dict[str, Any]) -> dict[str, object]:
    """Return what the options of `contents` say."""
    return {
        "custodians": given["custodian"],
        "queries": given["query"],
        "records": [*given["record"], *(options.ids(given["records"]) if given["records"] else ())],
        "members": given["member"],
    }


def _tell(archive: "Archive", actor: Actor, matter: "Matter", as_json: bool) -> None:
    from policies.holds.naming import matter_told

    answer = matter_told(archive, actor, matter)
    if as_json:
        output.write_json(answer)
    else:
        _write(answer)


def _write(answer: "MatterAnswer") -> None:
    since = f"created {output.utc_time(answer.created_at)} by {answer.created_by}"
    click.echo(output.one_line(f"{answer.code}: {answer.name} ({answer.state}, {since})"))
    if answer.closed_at:
        ended = f"closed {output.utc_time(answer.closed_at)} by {answer.closed_by}"
        click.echo(output.one_line(f"{ended}: {answer.close_reason}"))
    if answer.description:
        click.echo(output.one_line(answer.description))
    for what, told in (
        ("custodians", answer.custodians),
        ("members", tuple(each.name for each in answer.members)),
        ("holds", answer.holds),
    ):
        if told:
            click.echo(output.one_line(f"{what}: {', '.join(told)}"))
    for query in answer.queries:
        click.echo(output.one_line(f"query: {query}"))
    for record_id in answer.records[:_SHOWN_RECORDS]:
        click.echo(f"  {record_id}")
    if len(answer.records) > _SHOWN_RECORDS:
        click.echo(f"  and {len(answer.records) - _SHOWN_RECORDS:,} more: --json has them all")
