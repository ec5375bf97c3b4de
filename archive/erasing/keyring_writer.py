"""Writing a keyring under the next number, so that of several who do it at once one succeeds.

Claim a number; derive from the keyring in force; put it; read it back with each KEK that it is for;
note it in the trail; put it in force; destroy the older ones. A crash before it is in force leaves
the old keyring in force, and one more object that nobody uses and that the next change destroys. A
crash after it leaves the new one in force, and older ones that the next change, or the leader,
destroys.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from archive.bucket.names import KEYRINGS, keyring_name, parse_keyring_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, InvalidError, MunimentError
from archive.events.commit_records import put_again
from archive.events.custody import KeyCustody
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.types import KeyringWritten
from archive.keyrings import keyring_numbers
from archive.sealing.held import HeldKeyring
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring, open_keyring, seal_keyring
from archive.sealing.primitives import KEY_SIZE

Reason = Literal["rotated", "shredded", "recovered"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a new keyring is to differ in, and why.

    `new_epoch` begins an epoch for what is sealed from now on; `dropped` are epochs to leave out.
    """

    reason: Reason
    actor: str
    new_epoch: bool = True
    dropped: frozenset[int] = frozenset()

    def apply(self, base: Keyring, number: int, clock: Clock) -> Keyring:
        """Return the keyring that comes of another."""
        epochs = {epoch: key for epoch, key in base.epochs.items() if epoch not in self.dropped}
        current = base.current_epoch
        if self.new_epoch:
            current = max(base.epochs) + 1
            epochs[current] = clock.random_bytes(KEY_SIZE)
        return replace(
            base, number=number, created=clock.now(), epochs=epochs, current_epoch=current
        )


class KeyringWriter:
    """Writes keyrings. Several may try at once, on one host or on many."""

    def __init__(
        self,
        custody: KeyCustody,
        bucket: Bucket,
        keyring: HeldKeyring,
        committer: Committer,
        clock: Clock,
    ) -> None:
        self._custody = custody
        self._bucket = bucket
        self._keyring = keyring
        self._committer = committer
        self._clock = clock

    def write(self, change: Change, keks: Sequence[Kek]) -> Keyring:
        """Write a keyring for these KEKs, durable and in force when it returns.

        Raises:
            ConflictError: another change came in between; this one did not take place.
            ConfigurationError: a KEK cannot be used; nothing was changed.
            CorruptError: what was written does not come back; nothing was changed.
            UnavailableError: bucket or database do not answer; which keyring is in force,
                `muniment keys status` tells.
        """
        highest = max(keyring_numbers(self._bucket), default=0)
        claim = self._custody.claim_keyring(highest)
        base = self._keyring.reach(claim.in_force)
        if base.number != claim.in_force:
            raise ConflictError("Another change of the keyring came in between; try again.")
        new = change.apply(base, claim.claimed, self._clock)
        data = seal_keyring(new, keks, self._clock)
        name = keyring_name(new.number)
        try:
            put_again(self._bucket.put, name, data, self._clock)
            self._read_back(name, new, keks)
            self._note(new, base, change)
            if not self._custody.put_in_force(new.number):
                raise ConflictError("Another change of the keyring came in between; try again.")
        except MunimentError:
            self._withdraw(new.number)
            raise
        self._keyring.adopt(new)
        return new

    def destroy_older(self) -> int:
        """Destroy all keyrings before the one in force; return how many versions there were.

        Raises:
            CorruptError: the one in force is not to be seen; nothing is destroyed.
            UnavailableError, LockedError: some may be left; doing it again goes on.
        """
        in_force = self._custody.keyring_state().in_force
        if in_force not in keyring_numbers(self._bucket):
            raise CorruptError(f"{keyring_name(in_force)} is in force, and is missing.")
        older = [
            (name, version)
            for name, version in self._versions()
            if parse_keyring_name(name) < in_force
        ]
        for name, version in older:
            self._bucket.delete(name, version=version)
        if older and any(parse_keyring_name(name) < in_force for name, _ in self._versions()):
            raise CorruptError("Older keyrings were destroyed and are still there.")
        return len(older)

    def is_alone(self) -> bool:
        """Say whether this process knows the keyring in force, and the bucket holds no other.

        Raises UnavailableError if bucket or database do not answer.
        """
        in_force = self._custody.keyring_state().in_force
        found = {parse_keyring_name(name) for name, _ in self._versions()}
        return found == {in_force} == {self._keyring.current.number}

    def _versions(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for each in self._bucket.versions(KEYRINGS):
            with suppress(InvalidError):
                parse_keyring_name(each.name)
                found.append((each.name, each.version))
        return found

    def _read_back(self, name: str, new: Keyring, keks: Sequence[Kek]) -> None:
        back = self._bucket.get(name)
        if any(open_keyring(back, kek) != new for kek in keks):
            raise CorruptError(f"{name} does not come back as it was written.")

    def _note(self, new: Keyring, base: Keyring, change: Change) -> None:
        written = KeyringWritten(
            originator_id=self._clock.uuid7(),
            originator_version=1,
            recorded_at=self._clock.now(),
            actor=change.actor,
            number=new.number,
            reason=change.reason,
            epochs=tuple(sorted(new.epochs)),
            dropped=tuple(sorted(base.epochs.keys() - new.epochs.keys())),
        )
        self._committer.commit(Group([plain(written)], atomic=False))

    def _withdraw(self, number: int) -> None:
        """Destroy a keyring that did not come into force, unless that cannot be told.

        The next claim keeps it from coming into force, should that still be under way.
        """
        with suppress(MunimentError):
            if self._custody.claim_keyring(number).in_force != number:
                for name, version in self._versions():
                    if parse_keyring_name(name) == number:
                        self._bucket.delete(name, version=version)
