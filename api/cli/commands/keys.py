"""`muniment keys`: the key-encryption key, and the keyring that it opens."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from api.cli import options, output, progress
from archive.clock import SystemClock
from archive.errors import MunimentError
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from archive.key_changes import KeyChanges, KeysChanged, KeyStatus
    from archive.sealing.kek import Kek

RECOVERY_VARIABLE = "MUNIMENT_RECOVERY_CODE"

_to = click.option(
    "--to",
    metavar="KEK",
    help="The new key: file:PATH, passphrase:, env:NAME or kms:ARN; of the old kind if left out.",
)


@click.group("keys")
def command() -> None:
    """See and change the keys that all others rest on."""


@command.command("status")
@options.common
def status(purpose: Purpose, as_json: bool) -> None:
    """Say how the keys stand, and what a shred would do."""
    with _changes(as_json) as changes, progress.numbered(SystemClock()) as show:
        found = changes.status(show)
    facts = _status(found)
    if as_json:
        output.write_json(facts)
        return
    output.write_facts(
        (
            ("keyring", f"{found.keyring.number}, of {output.utc_time(found.keyring.created)}"),
            ("opens with", f"{', '.join(found.slots)}; now with {found.kek}"),
            ("erasures", f"{found.unfinished} not finished" if found.unfinished else ""),
            ("older keyrings", f"{found.older} still there" if found.older else ""),
        )
    )
    output.write_table(
        ("epoch", "key objects", ""),
        [
            (
                str(each["epoch"]),
                f"{each['key_objects']:,}",
                "current" if each["current"] else "to be shredded" if each["touched"] else "",
            )
            for each in facts["epochs"]
        ],
    )
    if facts["unreadable"]:
        click.echo(f"{facts['unreadable']:,} key objects cannot be read.")
    shred = facts["shred"]
    click.echo(
        f"A shred would write {shred['key_objects']:,} key objects anew and drop "
        f"{len(shred['epochs'])} epochs."
        if shred["epochs"]
        else "There is nothing to shred: no key was destroyed under any of these epochs."
    )
    for note in found.notes:
        click.echo(note)


@command.command("rotate")
@_to
@options.common
def rotate(to: str | None, purpose: Purpose, as_json: bool) -> None:
    """Change the key-encryption key and the recovery code; only the keyring is written anew."""
    with _changes(as_json) as changes:
        _show(changes.rotate(to), as_json=as_json)


@command.command("recover")
@_to
@options.common
def recover(to: str | None, purpose: Purpose, as_json: bool) -> None:
    """Give the archive a new key-encryption key, with the recovery code.

    The code is taken from MUNIMENT_RECOVERY_CODE, or asked for without being shown, or read from
    standard input where no terminal is there.
    """
    from archive.sealing.recovery import RecoveryCode

    code = os.environ.get(RECOVERY_VARIABLE) or _secret("Recovery code")
    with _changes(as_json, RecoveryCode.parse(code)) as changes:
        _show(changes.recover(to), as_json=as_json)


@command.command("shred")
@click.option("--all", "everything", is_flag=True, help="Shred epochs that were not touched too.")
@options.common
def shred(everything: bool, purpose: Purpose, as_json: bool) -> None:
    """Make what was erased unreadable in older copies of the bucket too.

    Can be interrupted, and is then done again with the same words.
    """
    with _changes(as_json) as changes, progress.numbered(SystemClock()) as show:
        done = changes.shred(everything=everything, progress=show)
        supplemented = _supplement(changes) if done is not None else 0
    if supplemented and not as_json:
        click.echo(f"Certificates that now say that it is shredded: {supplemented:,}.")
    if done is not None:
        _show(done, as_json=as_json)
    elif as_json:
        output.write_json({"dropped": [], "rewritten": 0, "locked": 0})
    else:
        click.echo("There is nothing to shred: no key was destroyed under any epoch in force.")


def _supplement(changes: "KeyChanges") -> int:
    """Say on certificates that their epochs are gone; what fails the worker does within a day."""
    from policies.purging.opening import supplementing_of

    try:
        return len(supplementing_of(changes.archive).issue())
    except MunimentError as error:
        click.echo(f"Certificates are supplemented later, by the worker: {error}", err=True)
        return 0


@contextmanager
def _changes(as_json: bool, kek: "Kek | None" = None) -> "Iterator[KeyChanges]":
    from archive.keks import named_kek
    from archive.key_changes import KeyChanges
    from archive.opening import open_archive

    def announce(code: str, final: bool) -> None:
        if final and as_json:
            return
        meaning = (
            "From now on the recovery code is this; no other opens the archive. It is shown once:"
            if final
            else "Until this is finished, the recovery code is:"
        )
        click.echo(f"{meaning}\n  {code}", err=as_json)

    settings = options.settings()
    kek = kek or named_kek(settings.kek, os.environ, _secret)
    with open_archive(settings, kek=kek) as archive:
        yield KeyChanges(
            archive, kek, os.environ, actor=LOCAL_ACTOR.id, announce=announce, ask=_new_secret
        )


def _secret(question: str) -> str:
    """Ask for a secret without showing it; without a terminal, read a line."""
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")


def _new_secret(question: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")


def _status(found: "KeyStatus") -> dict[str, Any]:
    epochs = sorted(found.keyring.epochs)
    return {
        "archive": str(found.keyring.archive_id),
        "keyring": found.keyring.number,
        "created": found.keyring.created.isoformat(),
        "slots": list(found.slots),
        "kek": found.kek,
        "epochs": [
            {
                "epoch": epoch,
                "key_objects": found.key_objects.get(epoch, 0),
                "current": epoch == found.keyring.current_epoch,
                "touched": epoch in found.touched,
            }
            for epoch in epochs
        ],
        "unreadable": found.key_objects.get(0, 0),
        "unfinished": found.unfinished,
        "older_keyrings": found.older,
        "shred": {
            "epochs": list(found.touched),
            "key_objects": sum(found.key_objects.get(epoch, 0) for epoch in found.touched),
        },
        "notes": list(found.notes),
    }


def _show(changed: "KeysChanged", *, as_json: bool) -> None:
    shredded = changed.shredded
    if as_json:
        document = {
            "keyring": changed.keyring.number,
            "kek": changed.kek,
            "recovery_code": changed.recovery_code,
            "notes": list(changed.notes),
        }
        if shredded is not None:
            document |= {
                "dropped": list(shredded.dropped),
                "rewritten": shredded.rewritten,
                "locked": shredded.locked,
            }
        output.write_json(document)
        return
    click.echo(f"Keyring {changed.keyring.number} is in force; it opens with {changed.kek}.")
    if shredded is not None:
        click.echo(
            f"{shredded.rewritten:,} key objects were written anew; {len(shredded.dropped)} epochs "
            "are gone."
        )
    for note in changed.notes:
        click.echo(note)
