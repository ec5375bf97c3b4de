"""`muniment searches`: what can be said about searches, beside what they find."""

from pathlib import Path

import click

from api.cli import options, output
from archive.access.roles import LOCAL_ACTOR, Purpose
from archive.access.search_reports import HitRequest, UnsearchableAnswer
from archive.errors import InvalidError


@click.group("searches")
def command() -> None:
    """See what searches do not find, and report on them."""


@command.command("hits")
@click.argument("terms", nargs=-1, metavar="[TERM]…")
@click.option("--query", default="", help="Count among what this finds, not among everything.")
@click.option(
    "--terms",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with more terms, one a line.",
)
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="Answer as of an event.")
@options.common
def hits(
    terms: tuple[str, ...],
    query: str,
    file: Path | None,
    as_of: int | None,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Count what each TERM finds, and what it alone finds; each is a query of its own.

    Without any, they are what the query of --query looks for.
    """
    if file is not None:
        terms += _lines(file)
    asked = HitRequest(terms=terms, query=query, as_of=as_of)
    with options.opened() as archive:
        report = archive.hit_reports.report(LOCAL_ACTOR, purpose, asked)
    if as_json:
        output.write_json(report)
        return
    rows = [
        (each.term, f"{each.records:,}", f"{each.with_family:,}", f"{each.unique:,}")
        for each in report.terms
    ]
    rows.append(("any of them", f"{report.records:,}", f"{report.with_family:,}", ""))
    click.echo(f"of {report.searched:,} records as of event {report.as_of}")
    output.write_table(("term", "records", "with family", "unique"), rows)


def _lines(file: Path) -> tuple[str, ...]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError(f"{file.name} is not UTF-8 text.") from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())


@command.command("unsearchable")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="Answer as of an event.")
@options.common
def unsearchable(
    limit: int, cursor: str | None, as_of: int | None, purpose: Purpose, as_json: bool
) -> None:
    """List the records that no search finds by all of their words, and why."""
    with options.opened() as archive:
        page = archive.unsearchable.page(
            LOCAL_ACTOR, purpose, limit=limit, cursor=cursor, as_of=as_of
        )
    if as_json:
        output.write_json(page)
    else:
        _write_unsearchable(page)


def _write_unsearchable(page: UnsearchableAnswer) -> None:
    click.echo(f"{page.total:,} could not be searched as of event {page.as_of}")
    for record in page.records:
        click.echo(f"{record.id}  {record.state}")
        for part in record.unsearched:
            name = output.one_line(part.filename or part.part or "the record")
            click.echo(f"  not searched: {name} ({part.reason})")
    if page.cursor is not None:
        click.echo(f"\nmore: --cursor {page.cursor}")
