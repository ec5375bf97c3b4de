"""`muniment access-request`: requests of people for their data, as cases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from api.cli import cases, options, output
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.access_requests.answers import AccessRecord, AccessRequestAnswer, PackageAnswer
    from policies.access_requests.desk import AccessRequestDesk


@click.group("access-request")
def command() -> None:
    """Work on requests of people for their data."""


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
        ("record", "found", "of", "from", "proposed", "because", "decided", "files"),
        [_row(each) for each in page.records],
    )
    if page.cursor is not None:
        click.echo(f"There are more: --cursor {page.cursor}")


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


@command.command("state")
@cases.ID
@click.argument("file", type=options.FILE)
@options.by_token
@options.common
def state(id: UUID, file: Path, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Say by the text in FILE what the package of the case ID tells of the organisation.

    The purposes, the person's rights, the authority, automated decisions and transfers.
    """
    from policies.access_requests.answers import AccessStatement

    wanted = AccessStatement.read({"statement": options.text(file)})
    with _opened(by_token) as (_, desk, actor):
        _tell(desk.state(actor, id, wanted.statement), as_json)


@command.command("name-others")
@cases.ID
@click.argument("others", nargs=-1, required=True)
@options.by_token
@options.common
def name_others(
    id: UUID, others: tuple[str, ...], by_token: bool, purpose: Purpose, as_json: bool
) -> None:
    """Give a pseudonym in the case ID to OTHERS too, by name or address, who take part nowhere."""
    from policies.access_requests.answers import AccessOthers

    wanted = AccessOthers.read({"others": others})
    with _opened(by_token) as (_, desk, actor):
        _tell(desk.name_others(actor, id, wanted.others), as_json)


@command.command("decide")
@cases.ID
@click.argument("decision", type=click.Choice(["proposed", "include", "withhold"]))
@click.option("--record", type=click.UUID, multiple=True, help="A record, by its id.")
@click.option("--records", type=options.FILE, help="A file with ids of records, one a line.")
@click.option(
    "--proposed",
    type=click.Choice(["include", "withhold", "none"]),
    help="All of which that is proposed and nothing decided.",
)
@click.option(
    "--ground",
    type=click.Choice(["rights-of-others", "exemption", "unrelated"]),
    help="Why a record is withheld that nothing keeps from being given.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    help="A file of the one record that is included: original, or the part of an attachment.",
)
@click.option("--reason", default="", help="More about why; the person is told it.")
@options.by_token
@options.common
def decide(
    id: UUID,
    decision: str,
    record: tuple[UUID, ...],
    records: Path | None,
    proposed: str | None,
    ground: str | None,
    files: tuple[str, ...],
    reason: str,
    by_token: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Decide of records of the case ID: as proposed, include, or withhold.

    Without --record, --records and --proposed it is all of which nothing is decided.
    """
    from policies.access_requests.answers import AccessDecision

    wanted = AccessDecision.read(
        {
            "decision": None if decision == "proposed" else decision,
            "records": [*record, *(options.ids(records) if records else ())],
            "proposed": proposed,
            "ground": ground,
            "files": files,
            "reason": reason,
        }
    )
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        _tell(desk.decide(actor, id, wanted), as_json)


@command.command("package")
@cases.ID
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write, which must not be there.",
)
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="One made before, again.")
@options.by_token
@options.common
def package(
    id: UUID, out: Path, as_of: int | None, by_token: bool, purpose: Purpose, as_json: bool
) -> None:
    """Write the package of the case ID, for the purpose data-subject-request.

    By somebody else than whoever decided what is in it.
    """
    with _opened(by_token) as (archive, desk, actor):
        archive.follow()
        made = desk.package(actor, purpose, id, as_of=as_of)
        _write(out, made.file.chunks)
        _tell_package(made.told, as_json=as_json)


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
def _opened(by_token: bool) -> "Iterator[tuple[Archive, AccessRequestDesk, Actor]]":
    """Open the archive, its cases, and whoever works on them."""
    from policies.access_requests.opening import access_request_desk

    with options.acting(by_token) as (archive, actor):
        yield archive, access_request_desk(archive), actor


def _write(out: Path, chunks: Iterator[bytes]) -> None:
    """Write a new file that nobody else reads; one that is not whole is removed again."""
    try:
        file = os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written anew: {error.strerror}.") from error
    try:
        with file:
            for chunk in chunks:
                file.write(chunk)
    except BaseException:
        out.unlink()
        raise


def _tell(case: "AccessRequestAnswer", as_json: bool) -> None:
    if as_json:
        output.write_json(case)
        return
    output.write_facts(
        cases.facts(
            case,
            ("included", f"{case.included:,}"),
            ("withheld", f"{case.withheld:,}"),
            ("erased", f"{case.erased:,}"),
            ("statement", f"{len(case.statement):,} characters"),
        )
    )
    for each in case.packages:
        _tell_package(each, as_json=False)


def _tell_package(told: "PackageAnswer", *, as_json: bool) -> None:
    if as_json:
        output.write_json(told)
        return
    click.echo(
        f"Package as of {told.as_of}, made {output.utc_time(told.at)} by {told.by}: "
        f"{told.records:,} records, {told.files:,} files, {told.size:,} bytes, "
        f"sha256 {told.sha256}."
    )


def _row(record: "AccessRecord") -> tuple[str, ...]:
    told, decided = record.record, record.decided
    return (
        str(record.id),
        record.found,
        output.utc_time(told.occurred_at) if told else "",
        (told.sender or "") if told else "",
        "erased" if record.erased else str(record.proposed),
        record.ground or (decided.ground if decided and decided.ground else ""),
        f"{decided.decision} by {decided.by}" if decided else "",
        ", ".join(each.name for each in record.files),
    )
