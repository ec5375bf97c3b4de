"""`muniment erasure`: requests of people to be erased, as cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from api.cli import EXIT_PROBLEM, cases, options, output
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.erasures.answers import CaseAnswer, CaseRecord
    from policies.erasures.desk import ErasureDesk


@click.group("erasure")
def command() -> None:
    """Work on requests of people to be erased."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--cursor", type=click.IntRange(1), metavar="C", help="Go on where a page ended.")
@options.common
def everything(limit: int, cursor: int | None, purpose: Purpose, as_json: bool) -> None:
    """List cases, the newest first."""
    with _opened(False) as (archive, desk, actor):
        archive.follow()
        page = desk.cases(actor, limit, cursor)
    cases.write_page(page, as_json=as_json)


@command.command("open")
@cases.asking
@options.by_token
@options.common
def open_case(by_token: bool, purpose: Purpose, as_json: bool, **asked: Any) -> None:
    """Open a case for a request by NAME, and look for its records."""
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.open(actor, cases.request(archive, asked)), as_json)


@command.command("show")
@cases.ID
@options.common
def show(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """Show the case ID."""
    with _opened(False) as (archive, desk, actor):
        archive.follow()
        _tell(desk.case(actor, id), as_json)


@command.command("records")
@cases.ID
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", type=click.IntRange(0), default=0, metavar="C", help="From there on.")
@options.common
def records(id: UUID, limit: int, cursor: int, purpose: Purpose, as_json: bool) -> None:
    """List the records of the case ID, with what is proposed and decided."""
    with _opened(False) as (archive, desk, actor):
        archive.follow()
        page = desk.records(actor, purpose, id, limit, cursor)
    if as_json:
        output.write_json(page)
        return
    output.write_table(
        ("record", "found", "of", "from", "proposed", "because", "decided"),
        [_row(each) for each in page.records],
    )
    if page.cursor is not None:
        click.echo(f"There are more: --cursor {page.cursor}")


@command.command("recipients")
@cases.ID
@options.common
def recipients(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """Say who saw the records that the case ID erases, and so is to be told."""
    with _opened(False) as (archive, desk, actor):
        archive.follow()
        found = desk.recipients(actor, id)
    if as_json:
        output.write_json(found)
        return
    output.write_table(
        ("who", "opened", "downloaded", "first", "last"),
        [
            (
                each.name,
                f"{each.opened:,}",
                f"{each.downloaded:,}",
                output.utc_time(each.first_at),
                output.utc_time(each.last_at),
            )
            for each in found.recipients
        ],
    )


@command.command("find")
@cases.ID
@options.by_token
@options.common
def find(id: UUID, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Look for what came in or changed since it was looked last."""
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.find(actor, id), as_json)


@command.command("extend")
@cases.ID
@click.option("--reason", required=True, help="Why the answer takes two months more.")
@options.by_token
@options.common
def extend(id: UUID, reason: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Give the answer of the case ID two months more, once."""
    from policies.requests.answers import CaseExtension

    wanted = CaseExtension.read({"reason": reason})
    with _opened(by_token) as (_, desk, actor):
        _tell(desk.extend(actor, id, wanted.reason), as_json)


@command.command("decide")
@cases.ID
@click.argument(
    "decision", type=click.Choice(["proposed", "erase", "redact", "restrict", "refuse"])
)
@click.option("--record", type=click.UUID, multiple=True, help="A record, by its id.")
@click.option("--records", type=options.FILE, help="A file with ids of records, one a line.")
@click.option(
    "--proposed",
    type=click.Choice(["erase", "refuse", "none"]),
    help="All of which that is proposed and nothing decided.",
)
@click.option(
    "--ground",
    type=click.Choice(["exemption", "unrelated"]),
    help="Why a record is refused that nothing forbids to erase.",
)
@click.option("--reason", default="", help="More about why.")
@options.by_token
@options.common
def decide(
    id: UUID,
    decision: str,
    record: tuple[UUID, ...],
    records: Path | None,
    proposed: str | None,
    ground: str | None,
    reason: str,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Decide what becomes of records of the case ID: erase, redact, restrict, refuse, or proposed.

    One that is redacted stays for the others, without the person and what was captured. Without
    --record, --records and --proposed it is all of which nothing is decided.
    """
    from policies.erasures.answers import CaseDecision

    wanted = CaseDecision.read(
        {
            "decision": None if decision == "proposed" else decision,
            "records": [*record, *(options.ids(records) if records else ())],
            "proposed": proposed,
            "ground": ground,
            "reason": reason,
        }
    )
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.decide(actor, id, wanted), as_json)


@command.command("lift")
@cases.ID
@click.option("--record", type=click.UUID, multiple=True, help="A record, by its id.")
@click.option("--records", type=options.FILE, help="A file with ids of records, one a line.")
@click.option("--reason", required=True, help="Why they are not to be restricted any more.")
@options.by_token
@options.common
def lift(
    id: UUID,
    record: tuple[UUID, ...],
    records: Path | None,
    reason: str,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Let records be open to all again that the case ID restricts."""
    from policies.erasures.answers import CaseLifting

    listed = [*record, *(options.ids(records) if records else ())]
    wanted = CaseLifting.read({"records": listed, "reason": reason})
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.lift(actor, id, wanted), as_json)


@command.command("execute")
@cases.ID
@options.by_token
@options.common
def execute(id: UUID, by_token: bool, purpose: Purpose, as_json: bool) -> int:
    """Destroy what the case ID decided to be erased or redacted, and certify it.

    By somebody else than whoever decided. Leaves with 1 if something could not be destroyed yet.
    """
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        done = desk.execute(actor, id)
        options.publish(archive)
    _tell(done, as_json)
    return EXIT_PROBLEM if done.problems else 0


@command.command("close")
@cases.ID
@click.argument("outcome", type=click.Choice(["answered", "withdrawn"]))
@click.option("--reason", default="", help="More about it; a withdrawal must say why.")
@options.by_token
@options.common
def close(
    id: UUID, outcome: str, reason: str, by_token: bool, purpose: Purpose, as_json: bool
) -> None:
    """Close the case ID: the person was answered, or does not want it any more."""
    from policies.requests.answers import CaseClosing

    wanted = CaseClosing.read({"outcome": outcome, "reason": reason})
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.close(actor, id, wanted), as_json)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[Archive, ErasureDesk, Actor]]":
    """Open the archive, its cases, and whoever works on them."""
    from policies.erasures.opening import erasure_desk

    with options.acting(by_token) as (archive, actor):
        yield archive, erasure_desk(archive), actor


def _tell(case: "CaseAnswer", as_json: bool) -> None:
    if as_json:
        output.write_json(case)
        return
    output.write_facts(
        cases.facts(
            case,
            ("to be erased", f"{case.to_erase:,}"),
            ("to be redacted", f"{case.to_redact:,}"),
            ("refused", f"{case.refused:,}"),
            ("restricted", f"{case.restricted:,}"),
            ("erased", f"{case.erased:,}"),
            ("redacted", f"{case.redacted:,}"),
        )
    )
    for order in case.orders:
        stays = "".join(f", {count:,} stay ({why})" for why, count in sorted(order.kept.items()))
        done = "under way"
        if order.destroyed is not None:
            redacted = f", {order.redacted:,} redacted" if order.redacted else ""
            done = f"{order.destroyed:,} destroyed{redacted}{stays}"
        proof = f"; the certificate is {order.certificate}" if order.certificate else ""
        ordered = order.records + order.to_redact
        click.echo(f"Ordered by {order.by}: {ordered:,} records, {done}{proof}.")
    for problem in case.problems:
        click.echo(output.one_line(problem))


def _row(record: "CaseRecord") -> tuple[str, ...]:
    from policies.erasures.proposing import in_words

    told, decided = record.record, record.decided
    return (
        str(record.id),
        record.found,
        output.utc_time(told.occurred_at) if told else "",
        (told.sender or "") if told else "",
        "erased" if record.erased else "redacted" if record.redacted else str(record.proposed),
        "; ".join(map(in_words, record.causes)),
        f"{decided.decision} by {decided.by}" if decided else "",
    )
