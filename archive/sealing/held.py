"""The keyring that a process holds, and how it comes by a newer one while it runs.

Rotating and shredding write a keyring under the next number. A process that runs on meets that in
two ways: its commit is refused because a newer keyring is in force, or a key object is under an
epoch that it does not know. In both it reads the newest keyring and goes on.
"""

from collections.abc import Callable
from threading import Lock
from uuid import UUID

from archive.errors import ConfigurationError, NotFoundError, UnavailableError
from archive.sealing.keyring import Keyring


class HeldKeyring:
    """The newest keyring that this process knows; safe for several threads.

    `read` reads the newest one there is; without it the keyring never changes. Ids and digests
    come from the identity key, which never rotates, so whoever needs no more may keep a `Keyring`.
    """

    def __init__(self, keyring: Keyring, read: Callable[[], Keyring] | None = None) -> None:
        self._current = keyring
        self._read = read
        self._lock = Lock()

    @property
    def current(self) -> Keyring:
        """The keyring itself, for several questions that must agree."""
        return self._current

    @property
    def archive_id(self) -> UUID:
        """The archive that the keyring is of."""
        return self._current.archive_id

    @property
    def current_epoch(self) -> int:
        """The epoch for what is sealed now."""
        return self._current.current_epoch

    def epoch_key(self, epoch: int) -> bytes:
        """Return an epoch's key, of a newer keyring if this one has no such epoch.

        Raises:
            NotFoundError: the newest keyring has none either.
            UnavailableError: as in `renew`.
        """
        known = self._current
        try:
            return known.epoch_key(epoch)
        except NotFoundError:
            return self.renew(known.number).epoch_key(epoch)

    def derive(self, label: str) -> bytes:
        """Return the identity key's key for one use, as `Keyring.derive`; it never rotates."""
        return self._current.derive(label)

    def renew(self, number: int) -> Keyring:
        """Return a keyring newer than `number`, reading it if need be, or what is the newest.

        Raises:
            UnavailableError: it cannot be read now, or not with the KEK that this process has.
        """
        with self._lock:
            if self._current.number > number or self._read is None:
                return self._current
            try:
                found = self._read()
            except (ConfigurationError, NotFoundError) as error:
                raise UnavailableError(
                    "The archive has a newer keyring, which the key that this process was given "
                    f"does not open: set MUNIMENT_KEK to the new one and restart. {error}"
                ) from error
            # A listing may be late; a process never goes back to a keyring before its own.
            if found.number > self._current.number:
                self._current = found
            return self._current

    def reach(self, number: int) -> Keyring:
        """Return keyring `number`, a newer one, or what is the newest; errors as in `renew`."""
        return self.renew(number - 1)

    def adopt(self, keyring: Keyring) -> None:
        """Hold a keyring that this process has just written, unless a newer one is held."""
        with self._lock:
            if keyring.number > self._current.number:
                self._current = keyring

    def __repr__(self) -> str:
        return f"<HeldKeyring {self._current.number} of archive {self._current.archive_id}>"
