"""What is proposed for the records of a case as of now, and what a decision makes of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from archive.access.search_answers import SearchResult
from archive.access.views.viewer import Viewer
from archive.catalog.destroyed import DestroyedCatalog
from archive.clock import Clock
from archive.errors import InvalidError
from archive.events.case_events import MOST_RECORDS
from archive.events.erasure_events import Cause, Decision, Ground, Ruling
from archive.query.tree import EVERYTHING
from policies.erasures.answers import CaseDecision, Proposed
from policies.erasures.case import Case
from policies.erasures.judging import REQUESTED, Proposal, against, proposed
from policies.holds.book import HoldReader
from policies.holds.reach import Holds
from policies.records import Found, GovernedRecords
from policies.requests.finding import Finder, takes_part
from policies.rules import RuleReader

_NOTHING: Final = Proposal(None, ())


@dataclass(frozen=True, slots=True)
class Looked:
    """A record of a case as it stands now.

    `result` tells who, when and through what; None where it is erased or cannot be opened. The
    person `takes_part` under one of their aliases.
    """

    id: UUID
    proposal: Proposal
    erased: bool = False
    certificate: UUID | None = None
    result: SearchResult | None = None
    takes_part: bool = False

    @property
    def proposal_name(self) -> Proposed:
        """What is proposed, in a word."""
        if self.proposal.decision is None:
            return "none"
        return "erase" if self.proposal.decision is Decision.ERASE else "refuse"


class Proposing:
    """Looks at records of cases. Methods raise UnavailableError where a part does not answer."""

    def __init__(
        self,
        *,
        finder: Finder,
        rules: RuleReader,
        holds: HoldReader,
        records: GovernedRecords,
        destroyed: DestroyedCatalog,
        viewer: Callable[[], Viewer],
        clock: Clock,
    ) -> None:
        self._finder = finder
        self._rules = rules
        self._holds = holds
        self._records = records
        self._destroyed = destroyed
        self._viewer = viewer
        self._clock = clock

    def look(self, case: Case, ids: Sequence[UUID]) -> list[Looked]:
        """Return records of a case as they stand now, in the order given."""
        aliases, now = self._finder.aliases(case), self._clock.now()
        book, holds = self._rules.read(), Holds(self._holds.read())
        rules, viewer = book.in_force(now), self._viewer()
        gone = self._records.erased(ids)
        certificates = self._destroyed.certificates_of({*gone, *case.redacted.intersection(ids)})
        opened = {
            each.record.id: each for each in self._records.load_each(ids) if isinstance(each, Found)
        }
        looked: list[Looked] = []
        for record_id in ids:
            if record_id in gone:
                certificate = certificates.get(record_id)
                looked.append(Looked(record_id, _NOTHING, erased=True, certificate=certificate))
                continue
            found = opened.get(record_id)
            held = holds.held(record_id, found)
            barriers = against(found, rules, held, now, unreadable=book.unreadable)
            theirs = found is not None and takes_part(found, aliases)
            result = viewer.result(found.record, EVERYTHING) if found is not None else None
            certificate = certificates.get(record_id)
            proposal = proposed(barriers, takes_part=theirs)
            looked.append(
                Looked(
                    record_id, proposal, certificate=certificate, result=result, takes_part=theirs
                )
            )
        return looked


def rulings(case: Case, request: CaseDecision, records: Iterable[Looked]) -> tuple[Ruling, ...]:
    """Return what a request decides of records, those of one decision and ground together.

    Raises InvalidError where it decides nothing, or of one of them what cannot be decided.
    """
    found: dict[tuple[Decision, tuple[Cause, ...]], list[UUID]] = defaultdict(list)
    for each in records:
        if each.erased:
            raise InvalidError(f"The record {each.id} is erased already.")
        ruled = _ruled(request, each)
        if ruled is not None:
            found[ruled].append(each.id)
    if not found:
        raise InvalidError("There is no record of which that is to be decided.")
    return tuple(
        Ruling(decision=decision, causes=causes, records=tuple(ids[start : start + MOST_RECORDS]))
        for (decision, causes), ids in found.items()
        for start in range(0, len(ids), MOST_RECORDS)
    )


def _ruled(request: CaseDecision, looked: Looked) -> tuple[Decision, tuple[Cause, ...]] | None:
    proposal = looked.proposal
    wanted = request.decision or proposal.decision
    if wanted is None:
        if request.records:
            raise InvalidError(
                f"Nothing is proposed for the record {looked.id}: say what is decided."
            )
        return None
    if wanted in (Decision.ERASE, Decision.REDACT):
        if proposal.barred:
            done = "erased" if wanted is Decision.ERASE else "redacted"
            raise InvalidError(
                f"The record {looked.id} cannot be {done}: {in_words(proposal.causes[0])}."
            )
        if wanted is Decision.REDACT and not looked.takes_part:
            raise InvalidError(
                f"The record {looked.id} cannot be redacted: the person takes no part in it under "
                "an alias of the case. Add the alias, or decide otherwise."
            )
        return wanted, (REQUESTED,)
    if proposal.barred:
        return wanted, proposal.causes
    if wanted is Decision.RESTRICT:
        return wanted, (REQUESTED,)
    if request.ground is None:
        raise InvalidError(
            f"Nothing forbids to erase the record {looked.id}: a refusal is for an exemption, or "
            "because it is unrelated."
        )
    if request.ground is Ground.EXEMPTION and not request.reason.strip():
        raise InvalidError("Say as the reason which exemption it is.")
    return wanted, (Cause(ground=request.ground),)


def in_words(cause: Cause) -> str:
    """Tell a ground in a phrase."""
    match cause.ground:
        case Ground.HOLD if cause.certain:
            return f"the hold {cause.name} reaches it"
        case Ground.HOLD:
            return f"the hold {cause.name} could not search it, and so counts as reaching it"
        case Ground.MINIMUM if cause.until is not None:
            day = cause.until.strftime("%Y-%m-%d")
            return f"it is kept until {day} by {cause.name} (version {cause.version})"
        case Ground.MINIMUM:
            return f"it is kept by {cause.name} (version {cause.version}), without an end yet"
        case Ground.UNREADABLE:
            return "it, a policy or a hold cannot be read"
        case Ground.EXEMPTION:
            return "an exemption"
        case Ground.UNRELATED:
            return "it is not about this person"
    return "the request"
