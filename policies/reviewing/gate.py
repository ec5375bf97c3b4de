"""What is committed with a condemning, so that no decision of a review comes in between.

It is the next version of each disposition's stream that a condemned record stands in. Whoever
decides writes it too, so that of two only one succeeds, and the other reads again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from archive.events.disposition_events import DispositionCondemned
from archive.events.event import Event
from archive.events.types import KeysCondemned
from policies.reviewing.disposition import Disposition
from policies.reviewing.reviewed import Reviewed


@dataclass(slots=True)
class ReviewCheck:
    """The dispositions that records were judged by, and in which each of them stands.

    Of one that was read more than once the oldest state counts, so that whatever came in between
    refuses the commit.
    """

    dispositions: dict[int, Disposition] = field(default_factory=dict)
    standing: dict[UUID, tuple[int, ...]] = field(default_factory=dict)

    def add(self, reviewed: Reviewed) -> None:
        """Note what a record was judged by."""
        if reviewed.record is None:
            return
        found = [each.disposition for each in reviewed.entries]
        self.standing[reviewed.record] = tuple(each.number for each in found)
        for each in found:
            known = self.dispositions.get(each.number)
            if known is None or each.newest < known.newest:
                self.dispositions[each.number] = each

    def seal(self, condemned: KeysCondemned) -> Sequence[Event]:
        """Return what must be committed with `condemned`, or neither.

        If something was decided since, that commit is refused with ConflictError: judge again.
        """
        told: dict[int, list[UUID]] = {}
        for record_id in condemned.records:
            for number in self.standing.get(record_id, ()):
                told.setdefault(number, []).append(record_id)
        return [
            DispositionCondemned(
                originator_id=self.dispositions[number].stream,
                originator_version=self.dispositions[number].newest + 1,
                recorded_at=condemned.recorded_at,
                disposition=number,
                by=condemned.actor,
                records=tuple(records),
                erasure=condemned.originator_id,
            )
            for number, records in sorted(told.items())
        ]
