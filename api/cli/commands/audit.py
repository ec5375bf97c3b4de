"""`muniment audit`: the audit trail, its export and its reports."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import click

from api.cli import options, output
from api.cli.commands import audit_retention
from archive.errors import InvalidError
from archive.model.roles import LOCAL_ACTOR, PURPOSES, Purpose

if TYPE_CHECKING:
    from archive.trail.answers import AccessReview, TrailPage, WhoSaw
    from archive.trail.asked import Order
    from archive.trail.entry import TrailEntry

_QUERY_WIDTH = 60


_SINCE = click.option("--since", type=options.time, metavar="TIME", help="From this time on.")
_UNTIL = click.option("--until", type=options.time, metavar="TIME", help="Before this time.")


@click.group("audit", invoke_without_command=True)
@click.option("--actor", metavar="USER", help="Who acted: a user's name or id, or local.")
@click.option("--action", multiple=True, metavar="NAME", help="What was done; may come many times.")
@click.option("--purpose-kind", type=click.Choice(PURPOSES), help="Why it was done.")
@click.option("--matter", metavar="NAME", help="The matter that the purpose names.")
@click.option("--record", type=click.UUID, metavar="ID", help="A record that was shown.")
@click.option("--custodian", metavar="NAME", help="Whose records were shown.")
@click.option("--person", metavar="ADDRESS", help="Who takes part in records that were shown.")
@click.option("--user", metavar="USER", help="Whom an act on users was about.")
@click.option("--address", help="The IP address, or local.")
@click.option("--allowed/--refused", default=None, help="Only what was allowed, or refused.")
@_SINCE
@_UNTIL
@click.option("--words", metavar="TEXT", help="Words of the query or the purpose.")
@click.option(
    "--order",
    type=click.Choice(["newest", "oldest"]),
    default="newest",
    show_default=True,
    help="Which entries come first.",
)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="Answer as of an event.")
@click.option(
    "--export",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write all of them into a new file: CSV if it ends in .csv, else NDJSON.",
)
@options.common
@click.pass_context
def command(
    context: click.Context,
    /,
    purpose: Purpose,
    as_json: bool,
    file: Path | None,
    purpose_kind: str | None,
    order: str,
    limit: int,
    cursor: str | None,
    as_of: int | None,
    **filters: Any,
) -> None:
    """Read the audit trail: who did what, when, why and from where."""
    if context.invoked_subcommand is not None:
        return
    from archive.trail.asked import TrailFilter, TrailRequest

    asked = {**filters, "purpose": purpose_kind}
    with options.opened() as archive:
        archive.follow()
        if file is not None:
            exported = archive.trail.export(
                LOCAL_ACTOR, purpose, TrailFilter.model_validate(asked), cast("Order", order)
            )
            _write_new(file, exported.entries)
            if as_json:
                since = exported.whole_since
                output.write_json(
                    {
                        "total": exported.total,
                        "as_of": exported.as_of,
                        "whole_since": since.isoformat() if since else None,
                        "file": str(file),
                    }
                )
            else:
                click.echo(f"{exported.total:,} entries are in {file}.")
                _write_whole(exported.whole_since)
            return
        paging = {"order": order, "limit": limit, "cursor": cursor, "as_of": as_of}
        request = TrailRequest.model_validate({**asked, **paging})
        page = archive.trail.page(LOCAL_ACTOR, purpose, request)
    if as_json:
        output.write_json(page)
    else:
        _write(page)


command.add_command(audit_retention.command)


@command.command("report")
@click.option(
    "--who-saw",
    "about",
    metavar="RECORD|CUSTODIAN|ADDRESS",
    help="Who saw what about a record, a custodian or a person.",
)
@click.option("--access-review", "review", is_flag=True, help="What every user may do and did.")
@_SINCE
@_UNTIL
@click.option(
    "--dormant-days",
    type=click.IntRange(1, 36_500),
    default=90,
    show_default=True,
    help="After how many days without an act a user is dormant.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV to standard output.")
@options.common
def report(
    about: str | None,
    review: bool,
    since: datetime | None,
    until: datetime | None,
    dormant_days: int,
    as_csv: bool,
    purpose: Purpose,
    as_json: bool,
) -> None:
    """Report from the audit trail."""
    if (about is None) is not review or (as_csv and as_json):
        raise click.UsageError(
            "Say either --who-saw and whom, or --access-review; and at most one of --csv and "
            "--json."
        )
    from archive.trail import written

    with options.opened() as archive:
        archive.follow()
        if about is not None:
            seen = archive.trail.who_saw(LOCAL_ACTOR, purpose, about, since=since, until=until)
        else:
            found = archive.trail.access_review(
                LOCAL_ACTOR,
                purpose,
                since=since,
                until=until,
                dormant=timedelta(days=dormant_days),
            )
    if as_json:
        output.write_json(seen if about is not None else found)
    elif as_csv:
        lines = written.csv_of_sightings(seen) if about else written.csv_of_review(found)
        for line in lines:
            click.echo(line.encode(), nl=False)
    elif about is not None:
        _write_sightings(seen)
        _write_whole(seen.whole_since)
    else:
        _write_review(found)
        _write_whole(found.whole_since)


def _write_new(file: Path, entries: "Iterable[TrailEntry]") -> None:
    """Write into a file that only its owner can read, and that was not there."""
    from archive.trail import written

    lines = written.csv_of_entries if file.suffix.lower() == ".csv" else written.ndjson
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines(entries))
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}.") from error


def _write(page: "TrailPage") -> None:
    click.echo(f"{page.total:,} entries as of event {page.as_of}")
    _write_whole(page.whole_since)
    output.write_table(
        ("event", "time", "who", "what", "why", "from", "found", "of"),
        [
            (
                str(told.seq),
                output.utc_time(told.at) if told.at else told.state,
                output.one_line(told.actor_name or told.actor or "unknown"),
                (told.action or told.state) + ("" if told.allowed is not False else ", refused"),
                output.one_line(told.purpose or ""),
                told.address or "",
                "" if told.total is None else f"{told.total:,}",
                _of(told),
            )
            for told in page.entries
        ],
    )
    if page.cursor is not None:
        click.echo(f"more: --cursor {page.cursor}")


def _of(told: "TrailEntry") -> str:
    if told.query is not None:
        text = output.one_line(told.query)
        return text if len(text) <= _QUERY_WIDTH else f"{text[:_QUERY_WIDTH]}…"
    if told.user is not None:
        return output.one_line(told.user_name or str(told.user))
    records: tuple[UUID, ...] = told.records
    return str(records[0]) if len(records) == 1 else f"{len(records)} records" * bool(records)


def _write_sightings(report: "WhoSaw") -> None:
    output.write_table(
        ("who", "record", "why", "times", "refused", "first", "last"),
        [
            (
                output.one_line(each.actor_name or each.actor or "unknown"),
                str(each.record),
                output.one_line(each.purpose or ""),
                f"{each.times:,}",
                f"{each.refused:,}",
                output.utc_time(each.first),
                output.utc_time(each.last),
            )
            for each in report.seen
        ],
    )


def _write_review(report: "AccessReview") -> None:
    output.write_table(
        ("name", "roles", "signed in", "acted", "read", "searches", "reads", "records", "look at"),
        [
            (
                output.one_line(each.name),
                ", ".join(each.user.roles if each.user else (each.name,)),
                _moment(each.last_sign_in),
                _moment(each.last_act),
                _moment(each.last_read),
                f"{each.searches:,}",
                f"{each.reads:,}",
                f"{each.records:,}",
                ", ".join(each.flags),
            )
            for each in report.users
        ],
    )


def _write_whole(since: datetime | None) -> None:
    if since is not None:
        click.echo(f"Entries have gone: the trail is whole since {output.utc_time(since)}.")


def _moment(value: datetime | None) -> str:
    return output.utc_time(value) if value else "never"
