"""Redacting a batch of a case: each record begins anew without the person, all before it goes.

It is condemned as a batch that is erased is, by the same means: judged from its events in the step,
and refused if a hold, a policy or the record changed since. The new beginnings are committed
together with the condemning, or neither is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.access.views.pseudonyms import Pseudonyms
from archive.erasing.eraser import Eraser
from archive.events.event import Event
from archive.events.identity import Identity
from archive.events.interaction import Interaction
from archive.events.pointers import PointerRow
from archive.events.purge_events import PurgedGroup
from archive.events.records import Loaded, Records
from archive.events.types import InteractionRedacted, KeysCondemned
from archive.model.threads import thread_keys
from policies.erasures.case import Case
from policies.erasures.judging import judge
from policies.erasures.masking import Masking
from policies.holds.reach import Held
from policies.purging.batches import Batches, Looked, Tally
from policies.purging.condemning import condemn
from policies.purging.errand import Errand
from policies.purging.judging import Judgement, Verdict
from policies.records import Found
from policies.requests.finding import Finder, takes_part
from policies.rules import Rules

REDACTED_AT_ONCE: Final = 100
"""How many records are redacted by one commit, which holds all that is left of them."""
_SCOPE: Final = "redaction"


@dataclass(frozen=True, slots=True)
class _Begun:
    """A batch as it was judged, with the records of it that begin anew."""

    looked: Looked
    interactions: Sequence[Interaction]

    @property
    def rows(self) -> Sequence[PointerRow]:
        """The events that go."""
        return self.looked.rows

    @property
    def groups(self) -> Sequence[PurgedGroup]:
        """What the records count as."""
        return self.looked.groups


class Redacting:
    """Redacts what a case decided. Methods raise what `condemn` does."""

    def __init__(
        self,
        *,
        batches: Batches,
        finder: Finder,
        records: Records,
        identity: Identity,
        eraser: Eraser,
    ) -> None:
        self._batches = batches
        self._finder = finder
        self._records = records
        self._identity = identity
        self._eraser = eraser

    def redact(self, errand: Errand, case: Case, ids: Sequence[UUID]) -> tuple[Tally, str | None]:
        """Redact those of the records that may be; return as `Batches.destroy` does."""
        aliases = self._finder.aliases(case)

        def judged(found: Found, rules: Rules, held: Held, now: datetime) -> Judgement:
            if not takes_part(found, aliases):
                # An alias was taken away since it was decided: nobody would be taken out.
                return Judgement(Verdict.ABSENT)
            return judge(found, rules, held, now)

        def look() -> _Begun:
            looked = self._batches.look(ids, errand.at, judged)
            loaded = self._records.load_each(looked.tally.due)
            return _Begun(looked, [each.interaction for each in loaded if isinstance(each, Loaded)])

        def seal(begun: _Begun, condemned: KeysCondemned) -> list[Event]:
            masking = Masking(case.opened.name, aliases, Pseudonyms(self._identity, _SCOPE))
            anew = [self._anew(each, case, masking, condemned) for each in begun.interactions]
            return [*self._batches.seal(begun.looked, condemned), *anew]

        begun, problem = condemn(self._eraser, errand, look, seal, redacting=True)
        return begun.looked.tally, problem

    def _anew(
        self, one: Interaction, case: Case, masking: Masking, condemned: KeysCondemned
    ) -> InteractionRedacted:
        shown, record = one.shown, one.record(seq=0, first_seq=0)
        if isinstance(shown, InteractionRedacted):
            threads, duplicate = shown.threads, shown.duplicate
        else:
            keys = thread_keys(one.contents[0])
            threads = tuple(self._identity.thread_key(key).hex() for key in keys)
            duplicate = self._identity.duplicate(shown.content, shown.original.sha256).hex()
        masked = masking.masked(one.contents, record.custodian, record.labels)
        return InteractionRedacted(
            originator_id=one.id,
            originator_version=one.version + 1,
            recorded_at=condemned.recorded_at,
            content=masked.content,
            captured_at=one.captured_at,
            size=record.size,
            media_type=record.media_type,
            case=case.id,
            decided_by=case.decided[one.id].act.by,
            edited=record.edited,
            withdrawn=one.withdrawn,
            custodian=masked.custodian,
            labels=masked.labels,
            threads=threads,
            duplicate=duplicate,
        )
