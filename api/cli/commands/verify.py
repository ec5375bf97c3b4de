"""`muniment verify`: the archive checked against its own bytes."""

from pathlib import Path

import click

from api.cli import EXIT_PROBLEM, options, output, progress
from archive.clock import SystemClock
from archive.model.roles import Purpose


@click.command("verify")
@click.option("--full", is_flag=True, help="Read the bytes of all segments and blobs too.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A checkpoint that was kept elsewhere: shows whether the whole bucket was rolled back.",
)
@options.common
def command(full: bool, against: Path | None, purpose: Purpose, as_json: bool) -> int:
    """Check every object in the bucket, the log, SQL and the index, and name what is wrong.

    Changes nothing, and runs beside a service. Leaves with 1 if anything is wrong.
    """
    settings = options.settings()
    if full and settings.bucket.startswith("file:"):
        # The processes that check load their libraries while this one loads its own.
        from archive.processes import warm_up

        warm_up("archive.verifying.workers")
    from archive.verifying.verifier import verify

    kept = None if against is None else against.read_text("utf-8", "replace")
    with progress.counted(SystemClock()) as show:
        findings = verify(
            settings,
            full=full,
            against=kept,
            advance=lambda done, total: show("events", done, total),
        )
    if as_json:
        output.write_json(findings.as_json())
    else:
        for fault in findings.faults:
            click.echo(f"FAULT {fault.kind}: {output.one_line(fault.message)}")
        for note in findings.notes:
            click.echo(f"note: {output.one_line(note)}")
        checked = ", ".join(f"{count:,} {name}" for name, count in findings.checked.items())
        count = len(findings.faults)
        verdict = f"{count} fault{'s' if count > 1 else ''}" if count else "nothing is wrong"
        click.echo(f"{verdict}; checked {checked}")
    return 0 if findings.ok else EXIT_PROBLEM
