"""The lock that placing a hold and condemning records share (docs/holds.md, "The lock").

It is the next version of the holds' stream. Whoever changes a hold writes it, and whoever condemns
records writes it in the same commit as `keys.condemned` (`HoldCheck.seal`). So of two only one
succeeds, and the other reads the holds again. Nobody waits, nobody can hold it and stand still, and
a process that dies leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.hold_events import HoldsChecked
from archive.events.types import KeysCondemned
from policies.holds.reach import Held


@dataclass(frozen=True, slots=True)
class HoldCheck:
    """What holds each record that was asked about, as of version `as_of` of the holds' stream.

    `events` are the sequence numbers of the records' events that were looked at. The holds are read
    first and the records opened then, so that nothing comes in between unseen.
    """

    stream: UUID
    as_of: int
    held: Mapping[UUID, Held]
    events: frozenset[int]

    @property
    def free(self) -> tuple[UUID, ...]:
        """The records that nothing holds, in the order asked for; only these may be destroyed."""
        return tuple(record_id for record_id, held in self.held.items() if held.free)

    def seal(self, condemned: KeysCondemned) -> Sequence[Event]:
        """Return what must be committed with `condemned`, or neither.

        If a hold was placed, changed or released since, that commit is refused with ConflictError:
        check again.

        Raises ConflictError where something is condemned that was not found free: an event of a
        record came in since, say.
        """
        free, going = set(self.free), (*condemned.records, *condemned.redacted)
        if not free.issuperset(going) or not self.events.issuperset(condemned.events):
            raise ConflictError("Not all that is to be destroyed was found free of holds.")
        return [
            HoldsChecked(
                originator_id=self.stream,
                originator_version=self.as_of + 1,
                recorded_at=condemned.recorded_at,
                by=condemned.actor,
                erasure=condemned.originator_id,
                records=len(going),
                held=len(self.held) - len(free),
            )
        ]
