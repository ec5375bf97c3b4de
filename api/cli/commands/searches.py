"""`muniment searches`: saved searches, and what can be said beside what searches find."""

from pathlib import Path
from uuid import UUID

import click

from api.cli import options, output
from api.cli.commands.search import write_answer
from archive.access.saved import NewSearch, SavedSearch
from archive.access.search_answers import SearchRequest
from archive.access.search_reports import HitRequest, UnsearchableAnswer
from archive.errors import InvalidError
from archive.model.roles import LOCAL_ACTOR, Purpose


@click.group("searches")
def command() -> None:
    """Save searches, report on them, and see what they cannot find."""


@command.command("list")
@options.common
def everything(purpose: Purpose, as_json: bool) -> None:
    """List saved searches: one's own, and those that are shared."""
    with options.opened() as archive:
        told = archive.saved_searches.all(LOCAL_ACTOR, purpose)
    if as_json:
        output.write_json(told)
        return
    for each in told.searches:
        _write_saved(each)


@command.command("save")
@click.argument("name")
@click.argument("query")
@click.option("--shared", is_flag=True, help="Let others see and run it.")
@click.option("--id", type=click.UUID, help="Save the search of this id anew.")
@options.common
def save(
    name: str, query: str, shared: bool, id: UUID | None, purpose: Purpose, as_json: bool
) -> None:
    """Save the search for QUERY as NAME."""
    new = NewSearch(name=name, query=query, shared=shared)
    with options.opened() as archive:
        searches = archive.saved_searches
        if id is None:
            saved = searches.save(LOCAL_ACTOR, purpose, new)
        else:
            saved = searches.change(LOCAL_ACTOR, purpose, id, new)
    _tell_saved(saved, as_json)


@command.command("run")
@click.argument("id", type=click.UUID)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@options.common
def run(id: UUID, limit: int, cursor: str | None, purpose: Purpose, as_json: bool) -> None:
    """Find what the saved search ID finds now."""
    asked = SearchRequest(limit=limit, cursor=cursor)
    with options.opened() as archive:
        answer = archive.saved_searches.run(LOCAL_ACTOR, purpose, id, asked)
    if as_json:
        output.write_json(answer)
    else:
        write_answer(answer)


@command.command("remove")
@click.argument("id", type=click.UUID)
@options.common
def remove(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """Remove the saved search ID."""
    with options.opened() as archive:
        removed = archive.saved_searches.remove(LOCAL_ACTOR, purpose, id)
    _tell_saved(removed, as_json)


def _tell_saved(saved: SavedSearch, as_json: bool) -> None:
    if as_json:
        output.write_json(saved)
    else:
        _write_saved(saved)


def _write_saved(saved: SavedSearch) -> None:
    reach = "shared" if saved.shared else "own"
    click.echo(output.one_line(f"{saved.id}  {saved.name} ({reach}): {saved.query}"))


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
        click.echo(output.one_line(f"{record.id}  {record.state}  {record.subject or ''}".rstrip()))
        for part in record.unsearched:
            name = output.one_line(part.filename or part.part or "the record")
            click.echo(f"  not searched: {name} ({part.reason})")
    if page.cursor is not None:
        click.echo(f"\nmore: --cursor {page.cursor}")
