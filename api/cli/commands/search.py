"""`muniment search`: find records, count them, or count them by facet."""

from typing import cast

import click

from api.cli import options, output
from archive.access.search_answers import SearchAnswer, SearchRequest, Sort
from archive.model.roles import LOCAL_ACTOR, Purpose


@click.command("search")
@click.argument("query")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@click.option(
    "--sort",
    type=click.Choice(["date", "-date", "relevance"]),
    default="-date",
    show_default=True,
    help="-date is newest first.",
)
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="Answer as of an event.")
@click.option("--facets", is_flag=True, help="Also count by channel, source, year and more.")
@click.option("--count", is_flag=True, help="Only count.")
@click.option("--hash", is_flag=True, help="Hash the results however many they are.")
@options.common
def command(
    query: str,
    limit: int,
    cursor: str | None,
    sort: str,
    as_of: int | None,
    facets: bool,
    count: bool,
    hash: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Find the records that QUERY matches; an empty one matches all.

    The language is in docs/query-language.md. A query that begins with - needs -- before it.
    """
    asked = SearchRequest(
        query=query,
        limit=limit,
        cursor=cursor,
        sort=cast(Sort, sort),
        as_of=as_of,
        facets=facets,
        count=count,
        hash=hash,
    )
    with options.opened() as archive:
        answer = archive.access.search(LOCAL_ACTOR, purpose, asked)
    if as_json:
        output.write_json(answer)
    elif count and not facets and not hash:
        click.echo(answer.total)
    else:
        write_answer(answer, count=count)


def write_answer(answer: SearchAnswer, *, count: bool = False) -> None:
    """Write a page of results for people; if `count`, without the results."""
    unsearchable = f"; {answer.unsearchable:,} could not be searched" if answer.unsearchable else ""
    click.echo(f"{answer.total:,} found as of event {answer.as_of}{unsearchable}")
    if answer.result_hash is not None:
        click.echo(f"result set {answer.result_hash}")
    for name, counts in (answer.facets or {}).items():
        if counts:
            output.write_table((name, "records"), [(key, f"{n:,}") for key, n in counts.items()])
    if count:
        return
    for result in answer.results:
        click.echo()
        subject = output.one_line(result.subject or "(no subject)")
        click.echo(f"{click.style(subject, bold=True)}  [{result.channel}]")
        people = f"{result.sender or 'unknown'} -> {', '.join(result.recipients) or 'nobody named'}"
        click.echo(f"  {output.utc_time(result.occurred_at)}  {output.one_line(people)}")
        if result.snippet:
            click.echo(f"  {output.one_line(result.snippet)}")
        for part in result.unsearched:
            name = output.one_line(part.filename or part.part or "the record")
            click.echo(f"  not searched: {name} ({part.reason})")
        click.echo(f"  {result.id}")
    if answer.cursor is not None:
        click.echo(f"\nmore: --cursor {answer.cursor}")
