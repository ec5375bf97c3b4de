"""The KEK that a keyring is to be written for: asked for or made, durable before it is used.

A key file is replaced in its place. The new key is written beside it (`.new`), and takes its place
once the keyring that needs it is in force; the old one is kept beside it (`.old`). Between the two
the archive opens with either name, since `.new` is looked for wherever a key file does not open it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.clock import Clock
from archive.errors import ConfigurationError
from archive.keks import named_kek, predecessor_of, successor_of
from archive.sealing.kek import PASSPHRASE_VARIABLE, EnvironmentKek, FileKek, Kek, PassphraseKek

NEW_PASSPHRASE_VARIABLE = "MUNIMENT_NEW_PASSPHRASE"

Ask = Callable[[str], str]
"""Asks a person for a secret, without showing it."""


@dataclass(frozen=True, slots=True)
class NewKek:
    """A KEK for the next keyring. `replaces` is the key file whose place it is to take."""

    kek: Kek
    text: str
    replaces: FileKek | None = None

    def take_place(self) -> None:
        """Put a new key file in the place of the old one. Idempotent, and whole at any point.

        ConfigurationError if the files cannot be renamed: the archive opens all the same.
        """
        if self.replaces is None or not successor_of(self.replaces).path.exists():
            return
        path = self.replaces.path
        try:
            if path.exists():
                path.replace(predecessor_of(self.replaces).path)
            successor_of(self.replaces).path.replace(path)
            _sync(path.parent)
        except OSError as error:
            raise ConfigurationError(
                f"The new key is in {successor_of(self.replaces).path} and opens the archive, but "
                f"cannot be renamed to {path}: {error.strerror}. Rename it."
            ) from None

    def destroy_old(self) -> Path | None:
        """Remove the key file whose place was taken; return its path, None if there is none."""
        if self.replaces is None or not predecessor_of(self.replaces).path.exists():
            return None
        path = predecessor_of(self.replaces).path
        try:
            path.unlink()
            _sync(path.parent)
        except OSError as error:
            raise ConfigurationError(
                f"The old key file {path} cannot be removed: {error.strerror}. Remove it."
            ) from None
        return path


def new_kek(
    current: str,
    wanted: str | None,
    environ: Mapping[str, str],
    ask: Ask | None,
    clock: Clock,
) -> NewKek:
    """Return the KEK that a keyring is to be written for, in the forms of MUNIMENT_KEK.

    Without `wanted` it is one of the kind that the settings name, in the same place.

    Raises:
        ConfigurationError: it cannot be made, or does not say what it is to be.
    """
    text = wanted or current
    kek = named_kek(text, environ)
    if isinstance(kek, FileKek):
        if text == current:
            return _beside(kek, text, clock)
        # A key that the operator has put there is taken as it is.
        made = kek if kek.path.exists() else FileKek.create(kek.path, clock)
        return NewKek(made, text)
    if isinstance(kek, PassphraseKek):
        asked = PassphraseKek(
            lambda: _new_passphrase(environ, ask), variable=NEW_PASSPHRASE_VARIABLE
        )
        return NewKek(asked, text)
    if isinstance(kek, EnvironmentKek) and wanted is None:
        raise ConfigurationError(
            "A new key cannot be put into a variable from here: name the one that holds it with "
            "--to env:NAME."
        )
    return NewKek(kek, text)


def _beside(kek: FileKek, text: str, clock: Clock) -> NewKek:
    successor = successor_of(kek)
    # What an interrupted change left is used again: a keyring may have been written for it.
    new = successor if successor.path.exists() else FileKek.create(successor.path, clock)
    return NewKek(new, text, kek)


def _new_passphrase(environ: Mapping[str, str], ask: Ask | None) -> str:
    given = environ.get(NEW_PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    if ask is None:
        raise ConfigurationError(f"The new passphrase is missing; set {NEW_PASSPHRASE_VARIABLE}.")
    return ask(f"New passphrase of the archive (to be set as {PASSPHRASE_VARIABLE} from now on)")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
