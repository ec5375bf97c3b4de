"""`muniment retention-event`: what happened that clocks of policies start at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from api.cli import options, output
from api.cli.simulations import write_simulation
from api.cli.versions import stands
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.retention_events.answers import EventVersionAnswer, RetentionEventAnswer
    from policies.retention_events.desk import RetentionEventDesk
    from policies.retention_events.event import RetentionEvent

Command = TypeVar("Command", bound=Callable[..., Any])

VERSION = click.option("--version", type=click.IntRange(min=1), help="Only if it is this one.")


@click.group("retention-event")
def command() -> None:
    """Say what happened that clocks of policies start at."""


@command.command("list")
@options.common
def everything(purpose: Purpose, as_json: bool) -> None:
    """List all retention events."""
    from policies.retention_events.answers import RetentionEventsAnswer, people

    with _opened(False) as (archive, desk, actor):
        book = desk.book(actor)
        names = archive.administration.names(people(book.events.values()))
        answer = RetentionEventsAnswer.of(book, archive.clock.now(), names)
    if as_json:
        output.write_json(answer)
        return
    if answer.unreadable:
        click.echo("An event of the retention events cannot be read: nothing may go.", err=True)
    output.write_table(
        ("id", "name", "state", "date", "query", "title"),
        [_row(event) for event in answer.retention_events],
    )


@command.command("show")
@click.argument("id", type=click.UUID)
@options.common
def show(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """Show the retention event ID with all its versions."""
    with _opened(False) as (archive, desk, actor):
        _tell(archive, desk.event(actor, id), as_json)


def _new(function: Command) -> Command:
    """Add what is said of a new retention event."""
    for option in reversed(
        (
            click.argument("name"),
            click.option("--date", type=options.time, required=True, help="When, past or to come."),
            click.option("--query", required=True, help="For which records; * for all."),
            click.option("--title", default="", help="What it is, for people."),
            click.option("--reason", required=True, help="How that is known."),
            click.option("--delay", help="How long after its approval it counts; 7d unless given."),
        )
    ):
        function = option(function)
    return function


@command.command("simulate")
@_new
@options.by_token
@options.common
def simulate(
    name: str, by_token: bool, purpose: Purpose, as_json: bool, **given: str | datetime | None
) -> None:
    """Say what NAME would do if it were recorded and approved now; nothing is altered."""
    from policies.retention_events.answers import NewRetentionEvent

    wanted = NewRetentionEvent.read({"name": name, **_given(given)})
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        answer = desk.simulate(actor, purpose, wanted)
    if as_json:
        output.write_json(answer)
    else:
        write_simulation(answer.name, answer)


@command.command("record")
@_new
@options.by_token
@options.common
def record(
    name: str, by_token: bool, purpose: Purpose, as_json: bool, **given: str | datetime | None
) -> None:
    """Record that NAME happened, or will, for the records of a query."""
    from policies.retention_events.answers import NewRetentionEvent

    wanted = NewRetentionEvent.read({"name": name, **_given(given)})
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.record(actor, wanted), as_json)


@command.command("correct")
@click.argument("id", type=click.UUID)
@click.option("--date", type=options.time, help="When it happened, or will.")
@click.option("--query", help="For which records; * for all.")
@click.option("--title", help="What it is, for people.")
@click.option("--reason", required=True, help="How that is known.")
@click.option("--delay", help="How long after its approval the change takes effect.")
@options.by_token
@options.common
def correct(
    id: UUID, by_token: bool, purpose: Purpose, as_json: bool, **given: str | datetime | None
) -> None:
    """Correct the retention event ID; what is left out stays."""
    from policies.retention_events.answers import RetentionEventCorrection

    wanted = RetentionEventCorrection.read(_given(given))
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.correct(actor, id, wanted), as_json)


@command.command("cancel")
@click.argument("id", type=click.UUID)
@click.option("--reason", required=True, help="Why it is to be as if it had not happened.")
@options.by_token
@options.common
def cancel(id: UUID, reason: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Say for ever that the retention event ID did not happen."""
    from policies.retention_events.answers import RetentionEventCancellation

    wanted = RetentionEventCancellation.read({"reason": reason})
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.cancel(actor, id, wanted.reason), as_json)


@command.command("approve")
@click.argument("id", type=click.UUID)
@VERSION
@options.by_token
@options.common
def approve(id: UUID, version: int | None, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Approve the change of the retention event ID that waits; not by whoever proposed it."""
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.approve(actor, id, version), as_json)


@command.command("withdraw")
@click.argument("id", type=click.UUID)
@VERSION
@options.by_token
@options.common
def withdraw(
    id: UUID, version: int | None, by_token: bool, purpose: Purpose, as_json: bool
) -> None:
    """Withdraw the change of the retention event ID that has not taken effect."""
    with _opened(by_token) as (archive, desk, actor):
        _tell(archive, desk.withdraw(actor, id, version), as_json)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[Archive, RetentionEventDesk, Actor]]":
    """Open the archive, its retention events, and whoever acts on them."""
    from policies.retention_events.desk import retention_event_desk

    with options.acting(by_token) as (archive, actor):
        yield archive, retention_event_desk(archive), actor


def _given(given: dict[str, Any]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _tell(archive: "Archive", event: "RetentionEvent", as_json: bool) -> None:
    from policies.retention_events.answers import RetentionEventAnswer, people

    names = archive.administration.names(people([event]))
    answer = RetentionEventAnswer.of(event, archive.clock.now(), names)
    if as_json:
        output.write_json(answer)
        return
    click.echo(f"{answer.name} {answer.id}")
    for version in answer.versions:
        click.echo(output.one_line(_sentence(version)))


def _sentence(version: "EventVersionAnswer") -> str:
    """Tell what a version says, and where it stands."""
    what = f"Version {version.version}, "
    if version.statement is None:
        what += "by which it is cancelled,"
    else:
        title = f" ({version.statement.title})" if version.statement.title else ""
        date = output.utc_time(version.statement.date)
        what += f"on {date} for {version.statement.query}{title},"
    by = f" By {version.proposed_by} on {output.utc_time(version.proposed_at)}: {version.reason}"
    by += f" Approved by {version.approved_by}." if version.approved_by else ""
    return stands(what, version) + by


def _row(event: "RetentionEventAnswer") -> tuple[str, ...]:
    shown = event.versions[(event.in_force or event.pending or len(event.versions)) - 1]
    state = shown.state.value if shown.statement else "cancelled"
    if event.in_force and event.pending:
        state += f", version {event.pending} {event.versions[-1].state.value}"
    said = shown.statement
    return (
        str(event.id),
        event.name,
        state,
        output.utc_time(said.date) if said else "",
        said.query if said else "",
        said.title if said else "",
    )
