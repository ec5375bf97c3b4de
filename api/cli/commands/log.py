"""`muniment log`: the log's verifier key, and what others say of when it stood."""

import base64
from pathlib import Path

import click

from api.cli import options, output
from archive.errors import InvalidError
from archive.log.checkpoint import encode_hash
from archive.model.roles import Purpose


@click.group("log")
def command() -> None:
    """Ask about the log that everybody can check."""


@command.command("vkey")
@options.common
def vkey(purpose: Purpose, as_json: bool) -> None:
    """Write the key that the log's checkpoints are verified with."""
    with options.opened() as archive:
        key = str(archive.log.verifier)
    if as_json:
        output.write_json({"vkey": key})
    else:
        click.echo(key)


@command.command("timestamp")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write timestamp.tsr and checkpoint into this folder, to be checked by others.",
)
@options.common
def timestamp(folder: Path | None, purpose: Purpose, as_json: bool) -> None:
    """Say when, by an authority's clock, the log stood where it did."""
    with options.opened() as archive:
        newest = archive.timestamps.newest()
    note, checkpoint = newest.published.note, newest.published.checkpoint
    time = f"{newest.time:%Y-%m-%dT%H:%M:%SZ}"
    if folder is not None:
        _write(folder, {"timestamp.tsr": newest.data, "checkpoint": note.encode()})
    if as_json:
        output.write_json(
            {
                "size": checkpoint.size,
                "root": encode_hash(checkpoint.root),
                "time": time,
                "checkpoint": note,
                "timestamp": base64.b64encode(newest.data).decode(),
            }
        )
    else:
        click.echo(f"{checkpoint.size} events were in the log at {time}, as an authority says.")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise InvalidError(f"{folder} cannot be written: {error.strerror}.") from error
