"""What goes into a package, and what does not and why (docs/access-requests.md, "The package")."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.access.views.subject import Elsewhere, ForSubject, OwnPseudonyms
from archive.catalog.catalog import Catalog
from archive.errors import CorruptError, GoneError
from archive.events.access_request_events import Inclusion, Withheld
from archive.events.identity import Identity
from archive.events.records import Loaded, Records
from archive.trail.answers import ReadFor
from archive.trail.desk import Trail
from policies.access_requests.case import AccessCase
from policies.evaluation import Evaluation, evaluate
from policies.records import Found, GovernedRecords
from policies.rules import RuleReader, Rules

_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Made:
    """As of which sequence number a package is made, when, and the log's checkpoint then."""

    as_of: int
    at: datetime
    checkpoint: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that is not given, and why; the reason is told to the person."""

    record: UUID
    ground: Withheld
    reason: str


@dataclass(frozen=True, slots=True)
class Given:
    """A record that is given; `storage` is None where it is not known what policies say of it."""

    number: int
    loaded: Loaded
    storage: Evaluation | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of one package: the ids of its records in order of time, and what is told."""

    case: AccessCase
    made: Made
    records: tuple[UUID, ...]
    left_out: tuple[LeftOut, ...]
    read_for: tuple[ReadFor, ...]
    viewer: ForSubject


class PackageContents:
    """Decides what goes into packages, and opens it.

    Methods raise CorruptError where a record cannot be opened any more, GoneError where it was
    erased meanwhile, and UnavailableError.
    """

    def __init__(
        self,
        *,
        records: Records,
        governed: GovernedRecords,
        catalog: Catalog,
        rules: RuleReader,
        identity: Identity,
        trail: Trail,
    ) -> None:
        self._records = records
        self._governed = governed
        self._catalog = catalog
        self._rules = rules
        self._identity = identity
        self._trail = trail

    def of(self, case: AccessCase, made: Made) -> Contents:
        """Return the contents of a package of a case as it stood then."""
        scope = f"access-request:{case.id}"
        pseudonyms = OwnPseudonyms(
            self._identity, scope, case.opened.name, case.aliases, case.others
        )
        elsewhere = Elsewhere(pseudonyms)
        barred = self._barred(case)
        dated: list[tuple[datetime, int, UUID]] = []
        wanted = [each for each in case.decided_to(Inclusion.INCLUDE) if each not in barred]
        for record_id, loaded in self._opened(wanted, made.as_of):
            if isinstance(loaded, Loaded):
                record = loaded.record()
                elsewhere.add(record)
                when = record.content.occurred_at or record.captured_at
                dated.append((when, record.first_seq, record_id))
            else:
                gone = isinstance(loaded, GoneError)
                barred[record_id] = Withheld.ERASED if gone else Withheld.UNREADABLE
        return Contents(
            case=case,
            made=made,
            records=tuple(record_id for *_, record_id in sorted(dated)),
            left_out=tuple(_left_out(case, barred)),
            read_for=self._trail.read_for(case.found, made.as_of),
            viewer=ForSubject(pseudonyms, elsewhere.phrases()),
        )

    def given(self, contents: Contents) -> Iterator[Given]:
        """Open the records of a package, in their order."""
        rules, number = self._rules.read().in_force(contents.made.at), 0
        for start in range(0, len(contents.records), _PAGE):
            page = contents.records[start : start + _PAGE]
            found = {
                each.record.id: each
                for each in self._governed.load_each(page)
                if isinstance(each, Found)
            }
            for record_id, loaded in self._opened(page, contents.made.as_of):
                if not isinstance(loaded, Loaded):
                    raise loaded
                number += 1
                yield Given(number, loaded, _storage(found.get(record_id), rules, contents.made.at))

    def _opened(
        self, ids: Sequence[UUID], as_of: int
    ) -> Iterator[tuple[UUID, Loaded | GoneError | CorruptError]]:
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            yield from zip(page, self._records.load_each(page, as_of=as_of), strict=True)

    def _barred(self, case: AccessCase) -> dict[UUID, Withheld]:
        """Return what nobody can give any more, as of now."""
        barred = dict.fromkeys(self._catalog.restricted(), Withheld.RESTRICTED)
        barred |= dict.fromkeys(self._governed.erased(list(case.found)), Withheld.ERASED)
        return {each: why for each, why in barred.items() if each in case.found}


def _left_out(case: AccessCase, barred: Mapping[UUID, Withheld]) -> Iterator[LeftOut]:
    for record_id in case.found:
        decided = case.decided.get(record_id)
        if record_id in barred:
            yield LeftOut(record_id, barred[record_id], "")
        elif decided is not None and decided.ground is not None:
            yield LeftOut(record_id, decided.ground, decided.reason)


def _storage(found: Found | None, rules: Rules, at: datetime) -> Evaluation | None:
    if found is None:
        return None
    record = found.record
    return evaluate(record.content.occurred_at, record.captured_at, rules.governing(found), now=at)
