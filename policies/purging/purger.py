"""Purges: finds what is due, destroys it batch by batch, and certifies it (docs/retention.md).

Whatever dies goes on from the events: what was condemned is destroyed first, what is still due
follows, and the certificate is made of all of it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Generic

from archive.catalog.destroyed import DestroyedCatalog
from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, InvalidError
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from archive.events.purge_events import PurgeCompleted, PurgedGroup, PurgePlanned
from policies.purging.answers import PurgeAnswer, looked_at, told
from policies.purging.kept import Kept
from policies.purging.purge import Purge
from policies.purging.purgeable import CandidateT, Purgeable, Stopped
from policies.purging.reading import Destruction, PurgeReader, Traces

BATCH: Final = 5_000
"""So many candidates are judged and condemned together; a hold may come between two batches."""
MOST_RECORDS: Final = 200_000
"""A certificate lists the leaf hashes of about as many; what is left is for the next purge."""

_FEW: Final = 200
"""So many are looked at together to find out whether any may go."""
_AHEAD: Final = 6
"""So many batches are expected beside the one that is destroyed; they are kept in memory."""


class Purger(Generic[CandidateT]):
    """Carries out purges of one kind, one at a time. Two processes that try at once do no harm.

    Every method raises CorruptError where it cannot be known what policies or purges say, and
    UnavailableError where a part does not answer: the same call later goes on.
    """

    def __init__(
        self,
        *,
        sandbox: bool,
        purgeable: Purgeable[CandidateT],
        destroyed: DestroyedCatalog,
        reader: PurgeReader,
        eraser: Eraser,
        pointers: PointerRecorder,
        committer: Committer,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._sandbox = sandbox
        self._purgeable = purgeable
        self._destroyed = destroyed
        self._reader = reader
        self._eraser = eraser
        self._pointers = pointers
        self._committer = committer
        self._clock = clock
        self._catch_up = catch_up

    def dry_run(self, at: datetime | None = None) -> PurgeAnswer:
        """Say what a purge as of a time, now if left, would do; nothing is altered.

        Raises InvalidError for a time that has passed.
        """
        at = self._checked(at)
        self._catch_up(self._pointers.last_seq())
        kept, groups, planned = Kept(), list[PurgedGroup](), 0
        for candidates in self._candidates(at, BATCH):
            found = self._purgeable.look(candidates, at)
            kept.take(found.kept)
            groups += found.groups
            planned += found.due
        return looked_at(self._purgeable.of, at, planned, kept, groups, dry=True)

    def run(
        self,
        by: str,
        address: str | None,
        at: datetime | None = None,
        stopped: Stopped = lambda: False,
    ) -> PurgeAnswer:
        """Finish the purge that is under way, or else purge what is due as of a time.

        Raises InvalidError for a time that has passed, or is to come in an archive that is no
        sandbox; ConflictError where another process carries out the same purge.
        """
        at = self._permitted(at)
        try:
            found = self.finish(stopped) or self._begun(by, address, at, self._foresee)
            return self._carry_out(found, stopped) if isinstance(found, Purge) else found
        finally:
            self._purgeable.rest()

    def request(self, by: str, address: str | None, at: datetime | None = None) -> PurgeAnswer:
        """Plan a purge of what is due as of a time, for the leader to carry out.

        Raises as `run` does, and ConflictError while another purge is under way.
        """
        at = self._permitted(at)
        self.require_none()
        found = self._begun(by, address, at)
        return told(found, 0, Kept()) if isinstance(found, Purge) else found

    def require_none(self) -> None:
        """Raise ConflictError while a purge is under way."""
        if self._unfinished():
            raise ConflictError("A purge is under way: it is finished first.")

    def finish(self, stopped: Stopped = lambda: False) -> PurgeAnswer | None:
        """Finish the purge that is under way; None if there is none."""
        unfinished = self._unfinished()
        try:
            return self._carry_out(unfinished[0], stopped) if unfinished else None
        finally:
            self._purgeable.rest()

    def _unfinished(self) -> list[Purge]:
        self._catch_up(self._pointers.last_seq())
        found = map(self._reader.purge, self._destroyed.unfinished_purges())
        return [purge for purge in found if purge.plan.of == self._purgeable.of]

    def _begun(
        self,
        by: str,
        address: str | None,
        at: datetime,
        before: Callable[[datetime], None] = lambda _: None,
    ) -> Purge | PurgeAnswer:
        """Plan a purge if anything may go, once `before` is done; else tell what stays."""
        kept = Kept()
        for candidates in self._candidates(at, _FEW):
            found = self._purgeable.look(candidates, at)
            if found.due:
                before(at)
                return self._plan(by, address, at)
            kept.take(found.kept)
        return looked_at(self._purgeable.of, at, 0, kept, (), dry=False)

    def _plan(self, by: str, address: str | None, at: datetime) -> Purge:
        planned = self._purgeable.plan(at)
        plan = PurgePlanned(
            originator_id=self._clock.uuid7(),
            originator_version=1,
            recorded_at=self._clock.now(),
            of=self._purgeable.of,
            by=by,
            address=address,
            at=at,
            candidates=planned.candidates,
            policies=planned.policies,
        )
        # Not atomic: sent twice after a cut connection, the event meets itself.
        self._committer.commit(Group([plain(plan)], atomic=False))
        return Purge(plan)

    def _carry_out(self, purge: Purge, stopped: Stopped) -> PurgeAnswer:
        problems = self._eraser.resume()
        kept = Kept()
        for candidates in self._expected(purge.plan.at, stopped):
            if stopped() or purge.condemned >= MOST_RECORDS:
                break
            found, problem = self._purgeable.destroy(purge, candidates)
            kept.take(found.kept)
            problems += [problem] if problem else []
            if found.due:
                purge = self._reader.purge(purge.id)
        if problems:
            # What was cut off a moment ago may go through by now.
            self._catch_up(self._pointers.last_seq())
            problems = self._eraser.resume()
        return self._concluded(purge, kept, problems, stopped=stopped())

    def _concluded(
        self, purge: Purge, kept: Kept, problems: list[str], *, stopped: bool
    ) -> PurgeAnswer:
        destructions = self._reader.destructions(purge.erasures)
        destroyed = self._reader.gone(destructions, purge.plan.of)
        if destroyed == purge.condemned and not stopped:
            traces = self._reader.traces(destructions)
            problems = self._purgeable.destroy_latecomers(purge, traces)
            purge = purge if problems else self._complete(purge, destructions, traces, kept)
        elif destroyed < purge.condemned and not problems:
            problems = ["What was condemned is not destroyed yet."]
        return told(purge, destroyed, kept, problems)

    def _complete(
        self, purge: Purge, destructions: Sequence[Destruction], traces: Traces, kept: Kept
    ) -> Purge:
        now = self._clock.now()
        issued = None
        if purge.batches:
            issued = self._purgeable.issue(
                self._clock.uuid7(), purge, destructions, traces, kept, now
            )
        completed = PurgeCompleted(
            originator_id=purge.id,
            originator_version=purge.newest + 1,
            recorded_at=now,
            destroyed=purge.condemned,
            held=kept.get("held", 0),
            kept={reason: count for reason, count in kept.items() if reason != "held"},
            locked_until=kept.locked_until,
            certificate=issued.originator_id if issued else None,
        )
        events = [plain(each) for each in (issued, completed) if each is not None]
        try:
            self._committer.commit(Group(events))
        except ConflictError:
            # Somebody else completed it, or this did and was not told.
            if self._reader.purge(purge.id).completed is None:
                raise
        return self._reader.purge(purge.id)

    def _foresee(self, at: datetime) -> None:
        """Have the first batches expected already, which takes until others could do something."""
        next(self._expected(at), None)

    def _expected(
        self, at: datetime, stopped: Stopped = lambda: False
    ) -> Iterator[Sequence[CandidateT]]:
        """Yield batches, each of them expected, and the next few too.

        A single one is not: it is judged sooner than others have started.
        """
        batches = iter(self._candidates(at, BATCH, stopped))
        waiting = deque(islice(batches, 2))
        for each in waiting if len(waiting) > 1 else ():
            self._purgeable.expect(each, at)
        for each in batches:
            self._purgeable.expect(each, at)
            waiting.append(each)
            if len(waiting) > _AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _candidates(
        self, at: datetime, size: int, stopped: Stopped = lambda: False
    ) -> Iterator[Sequence[CandidateT]]:
        return self._purgeable.candidates(at, stopped, size)

    def _permitted(self, at: datetime | None) -> datetime:
        at = self._checked(at)
        if at > self._clock.now() and not self._sandbox:
            raise InvalidError(
                "A purge as of a time to come can only be a dry run, except in a sandbox."
            )
        return at

    def _checked(self, at: datetime | None) -> datetime:
        now = self._clock.now()
        if at is None:
            return now
        if at < now:
            raise InvalidError("A purge is as of now or of a time to come, not of one that passed.")
        return at
