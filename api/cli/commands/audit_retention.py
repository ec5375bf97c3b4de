"""`muniment audit retention`: how long the audit trail is kept, and who decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from api.cli import options, output
from api.cli.versions import stands
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.trail.answers import TrailVersionAnswer
    from policies.trail.governance import TrailGovernance
    from policies.trail.keeping import TrailBook

_FOR_EVER = "forever"


@click.group("retention")
def command() -> None:
    """Say how long the audit trail is kept."""


@command.command("show")
@options.common
def show(purpose: Purpose, as_json: bool) -> None:
    """Show how long it is kept, with all versions of that."""
    with _opened(False) as (archive, governance, actor):
        archive.follow()
        _tell(archive, governance.book(actor), as_json)


@command.command("apply")
@click.argument("keep", metavar=f"PERIOD|{_FOR_EVER}")
@options.by_token
@options.common
def apply(keep: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Propose that entries are kept for PERIOD, such as 7y, six years at least, or for ever."""
    from archive.model.period import Period

    period = None if keep == _FOR_EVER else Period.parse(keep)
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.propose(actor, period), as_json)


@command.command("approve")
@click.option("--version", type=click.IntRange(min=1), help="Only if it is this one that waits.")
@options.by_token
@options.common
def approve(version: int | None, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Approve the change that waits; not by whoever proposed it."""
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.approve(actor, version), as_json)


@command.command("withdraw")
@click.option("--version", type=click.IntRange(min=1), help="Only if it is this one that pends.")
@options.by_token
@options.common
def withdraw(version: int | None, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Withdraw the change that has not taken effect."""
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.withdraw(actor, version), as_json)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[Archive, TrailGovernance, Actor]]":
    """Open the archive, what decides about its trail, and whoever acts."""
    from policies.trail.desk import trail_governance

    with options.acting(by_token) as (archive, actor):
        yield archive, trail_governance(archive), actor


def _tell(archive: "Archive", book: "TrailBook", as_json: bool) -> None:
    from policies.trail.desk import told

    answer = told(archive, book)
    if as_json:
        output.write_json(answer)
        return
    if answer.unreadable:
        click.echo("An event about it cannot be read: no entry goes.", err=True)
    click.echo(f"Entries of the audit trail are kept for {answer.keep or 'ever'}.")
    if answer.whole_since is not None:
        click.echo(f"The trail is whole since {output.utc_time(answer.whole_since)}.")
    for version in answer.versions:
        click.echo(output.one_line(_sentence(version)))


def _sentence(version: "TrailVersionAnswer") -> str:
    what = f"Version {version.version}, {version.keep or 'for ever'},"
    by = f" Proposed by {version.proposed_by} on {output.utc_time(version.proposed_at)}"
    by += f", approved by {version.approved_by}." if version.approved_by else "."
    return stands(what, version) + by
