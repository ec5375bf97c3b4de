"""What `muniment keys` does: the archive's KEK, keyring and epochs, seen and changed as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archive.bucket.names import keyring_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.erasing.keyring_writer import Change, Reason
from archive.erasing.new_kek import Ask, NewKek, new_kek
from archive.erasing.shredder import Progress, Shredded
from archive.errors import MunimentError, UnavailableError
from archive.keks import predecessor_of, successor_of
from archive.keyrings import keyring_numbers, open_numbered
from archive.opening import Archive
from archive.sealing.kek import FileKek, Kek
from archive.sealing.keyring import Keyring, slot_kinds
from archive.sealing.recovery import RecoveryCode

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1

Announce = Callable[[str, bool], None]
"""Is given a recovery code to be shown once, and whether it stays or is for the meantime."""


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How the archive's keys stand.

    `key_objects` counts them by epoch; 0 stands for those that cannot be read. `touched` are the
    epochs in force that a shred would replace, because keys were destroyed under them or later
    ones. `older` are keyrings in the bucket that are not in force.
    """

    keyring: Keyring
    slots: tuple[str, ...]
    kek: str
    key_objects: Mapping[int, int]
    touched: tuple[int, ...]
    unfinished: int
    older: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class KeysChanged:
    """The keyring that is in force after a change, and what there is to be done about it.

    Its recovery code has been announced and stands here for the one answer that a program gets.
    """

    keyring: Keyring
    kek: str
    recovery_code: str
    notes: tuple[str, ...]
    shredded: Shredded | None = None


class KeyChanges:
    """Changes to an open archive's keys, on behalf of `actor`; `kek` is what opened it."""

    def __init__(
        self,
        archive: Archive,
        kek: Kek,
        environ: Mapping[str, str],
        *,
        actor: str,
        announce: Announce,
        ask: Ask | None = None,
    ) -> None:
        self._archive = archive
        self._bucket: Bucket = archive.bucket
        self._kek = kek
        self._environ = environ
        self._actor = actor
        self._announce = announce
        self._ask = ask
        self._clock: Clock = archive.clock

    def status(self, progress: Progress) -> KeyStatus:
        """Return how the keys stand; reads every key object once."""
        keyring = self._archive.keyring
        _, opened_by = open_numbered(self._bucket, keyring.number, self._kek)
        touched = self._touched()
        older = [number for number in keyring_numbers(self._bucket) if number != keyring.number]
        return KeyStatus(
            keyring=keyring,
            slots=slot_kinds(self._bucket.get(keyring_name(keyring.number))),
            kek=str(opened_by),
            key_objects=self._archive.shredder.count(progress),
            touched=tuple(sorted(touched)),
            unfinished=len(self._archive.catalog.unfinished_erasures()),
            older=len(older),
            notes=tuple(self._place_notes(opened_by)),
        )

    def rotate(self, to: str | None = None) -> KeysChanged:
        """Write a keyring for a new KEK and a new recovery code, and begin an epoch.

        Raises as `KeyringWriter.write`; a new key file stays, and is used by the next attempt.
        """
        return self._write("rotated", to)

    def recover(self, to: str | None = None) -> KeysChanged:
        """Do so in an archive that was opened with the recovery code."""
        try:
            return self._write("recovered", to)
        except UnavailableError as error:
            if self._archive.committing:
                raise
            # It may not have met the newest keyring before the key was lost.
            raise UnavailableError(
                f"The service that runs here, and commits for this command, says: {error} Stop the "
                "service, recover again, and start it then."
            ) from error

    @property
    def archive(self) -> "Archive":
        """The archive whose keys it changes."""
        return self._archive

    def shred(self, *, everything: bool, progress: Progress) -> KeysChanged | None:
        """Shred the epochs that were touched, or all; None where there is nothing to shred.

        Raises:
            UnavailableError: an erasure is not finished, or a part does not answer.
            CorruptError: a key object cannot be read, and would be lost; it is named.
        """
        problems = self._archive.eraser.resume()
        if problems:
            raise UnavailableError(problems[0])
        keyring = self._archive.keyring
        stale = frozenset(keyring.epochs) if everything else self._touched()
        if not stale:
            return None
        self._finish_interrupted()
        new = self._new_kek(None)
        meanwhile, recovery = (RecoveryCode.generate(self._clock) for _ in range(2))
        if keyring.current_epoch in stale:
            self._announce(meanwhile.text, False)
        shredded = self._archive.shredder.shred(
            stale,
            actor=self._actor,
            before=[self._kek, meanwhile],
            after=[new.kek, recovery],
            progress=progress,
        )
        self._announce(recovery.text, True)
        notes = list(self._taken(new))
        removed = new.destroy_old()
        if removed is not None:
            notes.append(f"The old key file {removed} was removed.")
        notes.append(
            "Destroy every other copy of the old key and of the old recovery codes: with one of "
            "them, a copy of the bucket from before still opens."
        )
        if shredded.locked:
            notes.append(
                f"{shredded.locked} key objects are locked in the bucket and stay there; no "
                "keyring opens them any more."
            )
        return KeysChanged(
            shredded.keyring, str(new.replaces or new.kek), recovery.text, tuple(notes), shredded
        )

    def _write(self, reason: Reason, to: str | None) -> KeysChanged:
        self._finish_interrupted()
        new = self._new_kek(to)
        recovery = RecoveryCode.generate(self._clock)
        keyring = self._archive.keyring_writer.write(
            Change(reason, self._actor), [new.kek, recovery]
        )
        self._announce(recovery.text, True)
        # After a recovery there may be none, or one that is not of this archive.
        had_file = new.replaces is not None and new.replaces.path.exists()
        notes = list(self._taken(new))
        try:
            self._archive.keyring_writer.destroy_older()
        except MunimentError as error:
            notes.append(f"Older keyrings are still there; the worker removes them: {error}")
        if reason == "recovered":
            notes.append(
                "Copies of the bucket from before open with the old key or the old recovery code: "
                "keep one of them as long as they are needed."
            )
        if had_file and new.replaces is not None:
            kept = predecessor_of(new.replaces).path
            notes.append(
                f"The old key is kept in {kept}: it opens copies of the bucket from before. Remove "
                "it when none of them is needed any more."
                if reason == "rotated"
                else f"The key file that was there is kept in {kept}."
            )
        return KeysChanged(keyring, str(new.replaces or new.kek), recovery.text, tuple(notes))

    def _new_kek(self, to: str | None) -> NewKek:
        settings = self._archive.settings
        return new_kek(settings.kek, to, self._environ, self._ask, self._clock)

    def _taken(self, new: NewKek) -> list[str]:
        """Let the new KEK take its place; say what has to be done where that is not all."""
        new.take_place()
        if new.text == self._archive.settings.kek:
            if isinstance(new.kek, FileKek):
                return []
            return [
                "Start all running processes again with the new key. Until then they archive, "
                "search and read nothing."
            ]
        return [
            f"Set MUNIMENT_KEK={new.text} and start all running processes again. Until then they "
            "archive, search and read nothing."
        ]

    def _finish_interrupted(self) -> None:
        """Let a key file take its place whose keyring came into force before it could."""
        if not isinstance(self._kek, FileKek) or not successor_of(self._kek).path.exists():
            return
        number = self._archive.keyring.number
        _, opened_by = open_numbered(self._bucket, number, self._kek)
        if isinstance(opened_by, FileKek) and opened_by.path == successor_of(self._kek).path:
            NewKek(opened_by, "", self._kek).take_place()

    def _touched(self) -> frozenset[int]:
        """Return the epochs that a shred would replace, as of now."""
        last, began = self._archive.pointers.last_seq(), self._clock.monotonic()
        while self._archive.catalog.position() < last:
            self._archive.follow()
            if self._clock.monotonic() - began > _PATIENCE_SECONDS:
                raise UnavailableError("The catalog is behind; see what the worker says.")
            self._clock.sleep(_POLL_SECONDS)
        return self._archive.shredder.stale(self._archive.catalog.newest_touched_epoch())

    def _place_notes(self, kek: Kek) -> list[str]:
        settings = self._archive.settings
        notes: list[str] = []
        if isinstance(kek, FileKek):
            if settings.bucket.startswith("file:") and kek.path.is_relative_to(settings.home):
                notes.append(
                    f"{kek.path} lies beside the ciphertext: whoever copies the home folder has "
                    "both."
                )
            for left in (successor_of(kek).path, predecessor_of(kek).path):
                if left.exists():
                    notes.append(f"{left} is there too, and does not open the archive as it is.")
        return notes
