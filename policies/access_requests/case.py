"""One case of a request for access as its events tell it (docs/access-requests.md). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from archive.errors import CorruptError
from archive.events import access_request_events as happened
from archive.events.access_request_events import Inclusion, Withheld
from archive.events.event import Event
from policies.requests.case import PersonCase, evolved
from policies.versions import Act


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided last of a record: why it is withheld, or which files are given with it."""

    decision: Inclusion
    ground: Withheld | None
    files: tuple[str, ...]
    reason: str
    act: Act


@dataclass(frozen=True, slots=True)
class AccessCase(PersonCase):
    """A case of a request for access.

    `others` are further people who have pseudonyms. `decided_in` is the version in which was last
    decided what a package holds: its records, its words, or whom it hides.
    """

    statement: str = ""
    others: tuple[str, ...] = ()
    decided: Mapping[UUID, Decided] = field(default_factory=dict)
    decided_in: int = 0
    packages: tuple[happened.AccessRequestPackaged, ...] = ()

    def decided_to(self, decision: Inclusion) -> list[UUID]:
        """Return the records of which that was decided last, in the order of finding."""
        return [
            each
            for each in self.found
            if (one := self.decided.get(each)) is not None and one.decision is decision
        ]

    def package(self, as_of: int) -> happened.AccessRequestPackaged | None:
        """Return the first package that was made as of a sequence number."""
        return next((each for each in self.packages if each.as_of == as_of), None)


def evolve(case: AccessCase | None, event: Event) -> AccessCase:
    """Return the case after the next event of its stream; CorruptError for one of another kind."""
    if case is None:
        if not isinstance(event, happened.AccessRequestOpened):
            raise CorruptError("The first event of a case cannot be read: verify names it.")
        return AccessCase(event)
    case = replace(case, newest=event.originator_version)
    common = evolved(case, event)
    if common is not None:
        return common
    match event:
        case happened.AccessRequestStated():
            return replace(case, statement=event.statement, decided_in=case.newest)
        case happened.AccessRequestOthersNamed():
            others = tuple(dict.fromkeys((*case.others, *event.others)))
            return replace(case, others=others, decided_in=case.newest)
        case happened.AccessRequestDecided():
            act = Act(event.by, event.recorded_at)
            new = {
                record: Decided(ruling.decision, ruling.ground, ruling.files, event.reason, act)
                for ruling in event.rulings
                for record in ruling.records
            }
            return replace(case, decided={**case.decided, **new}, decided_in=case.newest)
        case happened.AccessRequestPackaged():
            return replace(case, packages=(*case.packages, event))
    raise CorruptError(f"An event of case {case.id} cannot be read: verify names it.")
