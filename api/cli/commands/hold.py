"""`muniment hold`: what is kept whatever policies say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli import options, output
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.holds.answers import HoldAnswer, HoldSummary, ReachAnswer, ScopeAnswer
    from policies.holds.desk import HoldDesk
    from policies.holds.hold import Hold

Command = TypeVar("Command", bound=Callable[..., Any])

_SHOWN_RECORDS = 20


def scope(function: Command) -> Command:
    """Add the options that say what a hold reaches; one kind of them is given."""
    for option in reversed(
        (
            click.option("--query", help="The records that a query finds; * for all."),
            click.option("--custodian", multiple=True, help="All that a custodian holds."),
            click.option("--record", type=click.UUID, multiple=True, help="A record, by its id."),
            click.option(
                "--records", type=options.FILE, help="A file with ids of records, one a line."
            ),
        )
    ):
        function = option(function)
    return function


@click.group("hold")
def command() -> None:
    """Keep records whatever policies say."""


@command.command("list")
@options.common
def everything(purpose: Purpose, as_json: bool) -> None:
    """List all holds."""
    from policies.holds.answers import HoldsAnswer, people

    with _opened(False) as (archive, desk, actor):
        book = desk.book(actor)
        names = archive.administration.names(people(book.holds.values()))
    answer = HoldsAnswer.of(book, names)
    if as_json:
        output.write_json(answer)
        return
    if answer.unreadable:
        click.echo("An event of the holds cannot be read: nothing may go.", err=True)
    output.write_table(
        ("name", "state", "matter", "reaches", "placed", "released"),
        [_row(hold) for hold in answer.holds],
    )


@command.command("show")
@click.argument("id")
@options.common
def show(id: str, purpose: Purpose, as_json: bool) -> None:
    """Show the hold ID with every scope that it has had."""
    with _opened(False) as (archive, desk, actor):
        _tell(archive, desk.hold(actor, id), as_json)


@command.command("reach")
@scope
@options.by_token
@options.common
def reach(by_token: bool, purpose: Purpose, as_json: bool, **given: Any) -> None:
    """Count the records that a hold would reach; nothing is held by that."""
    from policies.holds.answers import ScopeRequest

    wanted = ScopeRequest.read(_scope(given))
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        answer = desk.reach(actor, purpose, wanted, archive.catalog.position())
    if as_json:
        output.write_json(answer)
    else:
        _write_reach(answer)


@command.command("place")
@click.argument("name")
@click.option("--matter", default="", help="What it is about.")
@click.option("--reason", required=True, help="Why the records are to stay.")
@scope
@options.by_token
@options.common
def place(
    name: str,
    matter: str,
    reason: str,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
    **given: Any,
) -> None:
    """Place the hold NAME over what is archived and what will be."""
    from policies.holds.answers import HoldRequest

    fields = {"name": name, "matter": matter, "reason": reason}
    wanted = HoldRequest.read({**fields, **_scope(given)})
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.place(actor, wanted), as_json)


@command.command("change")
@click.argument("id")
@click.option("--reason", required=True, help="Why it is to reach other records.")
@scope
@options.by_token
@options.common
def change(
    id: str, reason: str, by_token: bool, purpose: Purpose, as_json: bool, **given: Any
) -> None:
    """Give the hold ID another scope in place of the one it has."""
    from policies.holds.answers import HoldChange

    wanted = HoldChange.read({"reason": reason, **_scope(given)})
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.change(actor, id, wanted, wanted.reason), as_json)


@command.command("release")
@click.argument("id")
@click.option("--reason", required=True, help="Why it is over.")
@options.by_token
@options.common
def release(id: str, reason: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Release the hold ID for ever; what it alone held begins its grace afresh."""
    from policies.holds.answers import HoldRelease

    wanted = HoldRelease.read({"reason": reason})
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.release(actor, id, wanted.reason), as_json)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[Archive, HoldDesk, Actor]]":
    """Open the archive, its holds, and whoever acts on them."""
    from policies.holds.desk import hold_desk

    with options.acting(by_token) as (archive, actor):
        yield archive, hold_desk(archive), actor


def _scope(given: dict[str, Any]) -> dict[str, object]:
    """Return what the options of `scope` say."""
    listed = [*given["record"], *(options.ids(given["records"]) if given["records"] else ())]
    return {"query": given["query"], "custodians": given["custodian"], "records": listed}


def _tell(archive: "Archive", hold: "Hold", as_json: bool) -> None:
    from policies.holds.answers import HoldAnswer, people

    answer = HoldAnswer.of(hold, archive.administration.names(people([hold])))
    if as_json:
        output.write_json(answer)
    else:
        _write_hold(answer)


def _write_hold(answer: "HoldAnswer") -> None:
    matter = f", for {answer.matter}" if answer.matter else ""
    click.echo(output.one_line(f"{answer.name} is {answer.state}{matter}."))
    for each in answer.scopes:
        until = f" until {output.utc_time(each.ended_at)}" if each.ended_at else ""
        click.echo(
            output.one_line(
                f"From {output.utc_time(each.at)}{until} it reaches {_reaches(each)}. "
                f"By {each.by}: {each.reason}"
            )
        )
        for record_id in each.records[:_SHOWN_RECORDS]:
            click.echo(f"  {record_id}")
        if len(each.records) > _SHOWN_RECORDS:
            click.echo(f"  and {len(each.records) - _SHOWN_RECORDS:,} more: --json has them all")
        if each.condemned:
            click.echo(f"{len(each.condemned):,} records were condemned before: it came too late.")
            for record_id in each.condemned[:_SHOWN_RECORDS]:
                click.echo(f"  {record_id}")
    if answer.released_at is not None:
        click.echo(
            output.one_line(
                f"Released by {answer.released_by} on {output.utc_time(answer.released_at)}: "
                f"{answer.release_reason}"
            )
        )


def _write_reach(answer: "ReachAnswer") -> None:
    click.echo(
        f"It reaches {answer.reached:,} of {answer.records:,} records ({answer.bytes:,} bytes)."
    )
    for count, what in (
        (answer.uncertain, "could not be searched, since words of them could not be read"),
        (answer.unopened, "could not be opened"),
    ):
        if count:
            click.echo(f"{count:,} records {what}: they count as held.")


def _row(hold: "HoldSummary") -> tuple[str, ...]:
    return (
        hold.name,
        hold.state,
        hold.matter,
        _reaches(hold),
        f"{output.utc_time(hold.placed_at)} by {hold.placed_by}",
        output.utc_time(hold.released_at) if hold.released_at else "",
    )


def _reaches(told: "HoldSummary | ScopeAnswer") -> str:
    """Tell what a scope is, in a phrase."""
    if told.query is not None:
        return told.query
    if told.custodians:
        return "what these custodians hold: " + ", ".join(told.custodians)
    count = told.records if isinstance(told.records, int) else len(told.records)
    return f"{count:,} records of a list"
