"""`muniment import`: archive what stands in files and folders."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import EXIT_INTERRUPTED, options, output, progress
from archive.clock import SystemClock
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from archive.capture.importer import ImportReport
    from archive.capture.station import Station

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _name(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    from archive.model.interaction import LONGEST_NAME

    if text is None or 1 <= len(text) <= LONGEST_NAME:
        return text
    raise click.BadParameter(
        f"A name has 1 to {LONGEST_NAME:,} characters.", ctx=context, param=parameter
    )


@click.command("import")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option(
    "--format", "format_name", metavar="FORMAT", help="What the files are; found if left out."
)
@click.option(
    "--source",
    required=True,
    callback=_name,
    metavar="NAME",
    help="Which system or export this is.",
)
@click.option(
    "--custodian",
    callback=_name,
    metavar="NAME",
    help="Whose it was, where the files do not say.",
)
@click.option(
    "--custodian-map", type=_FILE, metavar="FILE", help="Whose it was, by folder (see docs/cli.md)."
)
@options.common
def command(
    paths: tuple[Path, ...],
    format_name: str | None,
    source: str,
    custodian: str | None,
    custodian_map: Path | None,
    purpose: Purpose,
    as_json: bool,
) -> int:
    """Archive files, mailboxes and folders of them; return when they can be searched.

    What is already archived is met again and not doubled, so an import can be interrupted and run
    again. Leaves with 1 if anything was rejected; each such item is listed with its reason.
    """
    if any(path.is_dir() for path in paths):
        # The processes that read load their libraries while this one loads its own.
        from archive.processes import warm_up

        warm_up("archive.capture.workers")
    from archive.capture.importer import import_paths

    try:
        with _opened() as station, progress.shown(SystemClock()) as show:
            report = import_paths(
                station,
                LOCAL_ACTOR,
                paths,
                source=source,
                custodian=custodian,
                custodian_map=custodian_map,
                format=format_name,
                progress=show,
            )
    except KeyboardInterrupt:
        click.echo(
            "interrupted; what was archived stays; run the same command again to go on", err=True
        )
        return EXIT_INTERRUPTED
    if as_json:
        output.write_json(
            {
                "seen": report.seen,
                "archived": report.archived,
                "already": report.already,
                "erased": report.erased,
                "redacted": report.redacted,
                "rejected": report.rejected,
                "events": report.events,
                "certificates": report.certificates,
                "exceptions": report.exceptions,
                "notes": report.notes,
            }
        )
    else:
        click.echo(
            f"seen {report.seen:,}: archived {report.archived:,}, already there "
            f"{report.already:,}{_gone(report)}, rejected {report.rejected:,}"
        )
        for found in report.exceptions:
            place = " ".join(part for part in (found["path"], found["item"]) if part)
            click.echo(f"  {output.one_line(place)}: {output.one_line(found['reason'])}", err=True)
        if report.notes:
            counted = Counter(note["reason"] for note in report.notes)
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in counted.most_common())
            click.echo(
                f"attachments that are kept and could not be read: {reasons}\n"
                "  muniment search is:unsearchable lists them"
            )
    return 1 if report.rejected else 0


def _gone(report: "ImportReport") -> str:
    """Say how many of those that were there already are there no more, and where that stands."""
    gone = (report.erased, "destroyed"), (report.redacted, "redacted")
    counted = " and ".join(f"{count:,} {word}" for count, word in gone if count)
    if not counted:
        return ""
    if len(report.certificates) == 1:
        place = f"certificate {report.certificates[0]}"
    else:
        place = "muniment certificate list tells of them"
    return f", of which {counted} ({place})"


@contextmanager
def _opened() -> "Iterator[Station]":
    """Open what captures, and what searches only where no service does: loading it takes long."""
    from archive.awaiting import HostWorker
    from archive.capture.station import open_station

    settings = options.settings()
    if HostWorker(settings, SystemClock()).is_there():
        with open_station(settings) as station:
            yield station
    else:
        with options.opened() as archive:
            yield archive
            options.publish(archive)
