"""What the commands for cases of people's requests have in common, whatever is asked for."""

from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli import output

if TYPE_CHECKING:
    from archive.opening import Archive
    from policies.requests.answers import CaseRequest, CasesAnswer, PersonCaseAnswer

Command = TypeVar("Command", bound=Callable[..., Any])

ID = click.argument("id", type=click.UUID)


def asking(function: Command) -> Command:
    """Add what a case is opened with: NAME, and by what the person's records are found."""
    for option in (
        click.option("--reference", default="", help="The organisation's own mark of the request."),
        click.option("--query", help="What mentions the person, for somebody to look at."),
        click.option(
            "--alias", "aliases", multiple=True, help="An address, or a name without one."
        ),
        click.option("--person", type=click.UUID, metavar="ID", help="Somebody in the directory."),
        click.option(
            "--received",
            "received_on",
            metavar="DAY",
            help="The day on which the request came in, as 2024-05-31; today if left.",
        ),
        click.argument("name"),
    ):
        function = option(function)
    return function


def request(archive: "Archive", asked: dict[str, Any]) -> "CaseRequest":
    """Return what was asked with the options above."""
    from policies.requests.answers import CaseRequest

    today = archive.clock.now().astimezone(UTC).date()
    return CaseRequest.read(asked | {"received_on": asked["received_on"] or today})


def write_page(page: "CasesAnswer", *, as_json: bool) -> None:
    """Write a page of cases."""
    if as_json:
        output.write_json(page)
        return
    output.write_table(
        ("case", "state", "name", "received", "due", "records"),
        [
            (
                str(each.id),
                each.state,
                each.name or "",
                str(each.received_on or ""),
                f"{each.due_on or ''}{' overdue' if each.overdue else ''}",
                f"{each.found:,}" if each.found is not None else "",
            )
            for each in page.cases
        ],
    )
    if page.cursor is not None:
        click.echo(f"There are more: --cursor {page.cursor}")


def facts(case: "PersonCaseAnswer", *counts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what is told of every case, with counts of what was decided."""
    late = ": overdue" if case.overdue else ""
    closed = ""
    if case.closed_at is not None:
        closed = f"{output.utc_time(case.closed_at)} as {case.outcome} by {case.closed_by}"
    return (
        ("case", str(case.id)),
        ("state", case.state),
        ("name", case.name),
        ("aliases", ", ".join(case.aliases)),
        ("query", case.query or ""),
        ("reference", case.reference),
        ("received", str(case.received_on)),
        ("due", f"{case.due_on}{', extended' if case.extended else ''}{late}"),
        ("opened", f"{output.utc_time(case.opened_at)} by {case.opened_by}"),
        ("found", f"{case.found:,} records, in {case.participant:,} the person takes part"),
        ("to be decided", f"{case.undecided:,}"),
        *counts,
        ("not searched", f"{case.unsearched:,}, {case.unopened:,} could not be opened"),
        ("closed", closed),
    )
