"""`muniment disposition`: review what is due before it goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from api.cli import options, output
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from policies.reviewing.answers import (
        DecisionAnswer,
        DispositionAnswer,
        DispositionSummary,
        ItemAnswer,
    )
    from policies.reviewing.desk import DispositionDesk

Command = TypeVar("Command", bound=Callable[..., Any])

_STATES = ("waiting", "approved", "extended", "relabelled", "left", "condemned")


def decision(*, staged: bool = True) -> Callable[[Command], Command]:
    """Add the options of every decision: about which records, and why."""
    told = "" if staged else " Without it, records that are extended already."

    def add(function: Command) -> Command:
        for option in reversed(
            (
                click.option(
                    "--stage", required=staged, help=f"The stage that they wait at.{told}"
                ),
                click.option("--comment", required=True, help="Why it is decided so."),
                click.option(
                    "--record", type=click.UUID, multiple=True, help="A record; all if none is."
                ),
                click.option(
                    "--records", type=options.FILE, help="A file with ids of records, one a line."
                ),
            )
        ):
            function = option(function)
        return function

    return add


@click.group("disposition")
def command() -> None:
    """Review what is due before it goes."""


@command.command("list")
@click.option("--waiting", is_flag=True, help="Those alone in which something waits.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", type=click.IntRange(1), help="What the last page gave.")
@options.common
def everything(
    waiting: bool, limit: int, cursor: int | None, purpose: Purpose, as_json: bool
) -> None:
    """List dispositions, the newest first."""
    with _opened(False) as (desk, actor):
        answer = desk.everything(actor, limit, cursor, waiting=waiting)
    if as_json:
        output.write_json(answer)
        return
    output.write_table(
        ("number", "policy", "version", "opened", "records", *_STATES),
        [_row(each) for each in answer.dispositions],
    )
    if answer.cursor:
        click.echo(f"More with --cursor {answer.cursor}.")


@command.command("open")
@options.by_token
@options.common
def open_new(by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Open dispositions for what has become due, as the leading worker does every hour."""
    with _opened(by_token) as (desk, actor):
        answer = desk.open(actor)
    if as_json:
        output.write_json(answer)
        return
    numbers = ", ".join(map(str, answer.opened)) or "none"
    click.echo(f"Dispositions opened: {numbers}, with {answer.records:,} records.")
    click.echo(f"Approved by time: {answer.approved:,}. Left: {answer.left:,}.")


@command.command("show")
@click.argument("id", type=click.IntRange(0))
@click.option("--state", type=click.Choice(_STATES), help="Records in this state alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", type=click.IntRange(0), default=0, help="What the last page gave.")
@options.by_token
@options.common
def show(
    id: int,
    state: str | None,
    limit: int,
    cursor: int,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Show the disposition ID with its stages and records, without their content."""
    from policies.reviewing.disposition import ItemState

    with _opened(by_token) as (desk, actor):
        wanted = ItemState(state) if state else None
        answer = desk.show(actor, purpose, id, limit, cursor, wanted)
    if as_json:
        output.write_json(answer)
    else:
        _write(answer)


@command.command("approve")
@click.argument("id", type=click.IntRange(0))
@decision()
@options.by_token
@options.common
def approve(id: int, by_token: bool, purpose: Purpose, as_json: bool, **given: Any) -> None:
    """Approve records of the disposition ID at a stage; after the last they may be destroyed."""
    from policies.reviewing.answers import ApproveRequest

    wanted = ApproveRequest.read(_wanted(given))
    with _opened(by_token) as (desk, actor):
        _tell(desk.approve(actor, id, wanted), as_json)


@command.command("extend")
@click.argument("id", type=click.IntRange(0))
@click.option("--until", type=options.time, required=True, metavar="TIME", help="Until when.")
@decision(staged=False)
@options.by_token
@options.common
def extend(
    id: int, until: datetime, by_token: bool, purpose: Purpose, as_json: bool, **given: Any
) -> None:
    """Keep records of the disposition ID until a time, to be reviewed anew then."""
    from policies.reviewing.answers import ExtendRequest

    wanted = ExtendRequest.read({"until": until, **_wanted(given)})
    with _opened(by_token) as (desk, actor):
        _tell(desk.extend(actor, id, wanted), as_json)


@command.command("relabel")
@click.argument("id", type=click.IntRange(0))
@click.option("--policy", required=True, help="The policy that they are to stand under.")
@decision()
@options.by_token
@options.common
def relabel(
    id: int, policy: str, by_token: bool, purpose: Purpose, as_json: bool, **given: Any
) -> None:
    """Put records of the disposition ID under another policy."""
    from policies.reviewing.answers import RelabelRequest

    wanted = RelabelRequest.read({"policy": policy, **_wanted(given)})
    with _opened(by_token) as (desk, actor):
        _tell(desk.relabel(actor, id, wanted), as_json)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[DispositionDesk, Actor]]":
    """Open the archive's dispositions, and whoever acts on them."""
    from policies.reviewing.desk import disposition_desk

    with options.acting(by_token) as (archive, actor):
        archive.follow()
        yield disposition_desk(archive), actor


def _wanted(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the options of `decision` say."""
    file: Path | None = given["records"]
    listed: list[UUID] = [*given["record"], *(options.ids(file) if file else ())]
    return {
        "stage": given["stage"],
        "comment": given["comment"],
        "records": listed if listed or file else None,
    }


def _tell(answer: "DecisionAnswer", as_json: bool) -> None:
    if as_json:
        output.write_json(answer)
        return
    click.echo(f"Records decided on: {answer.records:,}.")
    if answer.left_out:
        click.echo(
            f"Left out, because nobody approves alone what they own: {answer.left_out:,}. "
            "Somebody else must approve them."
        )


def _write(answer: "DispositionAnswer") -> None:
    state = "" if answer.in_force else ", which is not in force any more"
    opened = f", opened {output.utc_time(answer.opened_at)}" if answer.opened_at else ""
    click.echo(
        output.one_line(
            f"Disposition {answer.id} of {answer.records:,} records under version "
            f"{answer.version} of the policy {answer.policy}{state}{opened}."
        )
    )
    if answer.unreadable:
        click.echo("An event of it cannot be read: none of its records goes.")
    output.write_table(
        ("stage", "decided by", "approves by itself", "waiting"),
        [
            (
                each.stage,
                each.role or "any reviewer",
                f"after {each.approve_after}" if each.approve_after else "never",
                f"{each.waiting:,}",
            )
            for each in answer.stages
        ],
    )
    output.write_table(
        ("record", "class", "occurred", "captured", "bytes", "stands"),
        [_item(each) for each in answer.items],
    )
    if answer.cursor:
        click.echo(f"More with --cursor {answer.cursor}.")


def _row(told: "DispositionSummary") -> tuple[str, ...]:
    counts = told.waiting, told.approved, told.extended, told.relabelled, told.left, told.destroyed
    return (
        str(told.id),
        told.policy,
        str(told.version),
        output.utc_time(told.opened_at),
        f"{told.records:,}",
        *(f"{count:,}" for count in counts),
    )


def _item(told: "ItemAnswer") -> tuple[str, ...]:
    ending = {
        "waiting": f"at {told.stage}" + (", your own" if told.own else ""),
        "extended": f"until {output.utc_time(told.until)}" if told.until else "",
        "relabelled": f"to {told.policy}",
        "left": told.departure or "",
    }
    return (
        str(told.id),
        told.channel or "",
        output.utc_time(told.occurred_at),
        output.utc_time(told.captured_at),
        f"{told.bytes:,}" if told.bytes is not None else "",
        f"{told.state} {ending.get(told.state, '')}".strip(),
    )
