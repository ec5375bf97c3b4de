"""What is proposed for the records of a request for access, and what a decision makes of it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.access.files import ORIGINAL
from archive.access.search_answers import SearchResult
from archive.access.views.viewer import Viewer
from archive.catalog.catalog import Catalog
from archive.errors import InvalidError
from archive.events.access_request_events import AccessRuling, Inclusion, Withheld
from archive.events.case_events import MOST_RECORDS
from archive.model.record import Record
from archive.query.tree import EVERYTHING
from policies.access_requests.answers import AccessDecision, AccessFile, Proposed
from policies.access_requests.case import AccessCase
from policies.records import Found, GovernedRecords
from policies.requests.finding import Finder, takes_part


@dataclass(frozen=True, slots=True)
class Looked:
    """A record of a case as it stands now.

    `barred` is why nobody can include it. `result` tells who, when and through what; None where it
    is erased or cannot be opened.
    """

    id: UUID
    proposed: Proposed
    barred: Withheld | None = None
    result: SearchResult | None = None
    files: tuple[AccessFile, ...] = ()

    @property
    def erased(self) -> bool:
        """Whether it is gone."""
        return self.barred is Withheld.ERASED


class Proposing:
    """Looks at records of cases. Methods raise UnavailableError where a part does not answer."""

    def __init__(
        self,
        finder: Finder,
        catalog: Catalog,
        records: GovernedRecords,
        viewer: Callable[[], Viewer],
    ) -> None:
        self._finder = finder
        self._catalog = catalog
        self._records = records
        self._viewer = viewer

    def look(self, case: AccessCase, ids: Sequence[UUID]) -> list[Looked]:
        """Return records of a case as they stand now, in the order given."""
        aliases, viewer = self._finder.aliases(case), self._viewer()
        gone, restricted = self._records.erased(ids), self._catalog.restricted()
        opened = {
            each.record.id: each for each in self._records.load_each(ids) if isinstance(each, Found)
        }
        looked: list[Looked] = []
        for each in ids:
            found = opened.get(each)
            barred = _barred(each, gone, restricted, found)
            proposed: Proposed = "withhold" if barred else "none"
            if found is not None and barred is None and takes_part(found, aliases):
                proposed = "include"
            if found is None:
                looked.append(Looked(each, proposed, barred))
                continue
            result, files = viewer.result(found.record, EVERYTHING), tuple(files_of(found.record))
            looked.append(Looked(each, proposed, barred, result, files))
        return looked


def _barred(
    record: UUID, gone: Collection[UUID], restricted: Collection[UUID], found: Found | None
) -> Withheld | None:
    if record in gone:
        return Withheld.ERASED
    if record in restricted:
        return Withheld.RESTRICTED
    return Withheld.UNREADABLE if found is None else None


def files_of(record: Record) -> Iterator[AccessFile]:
    """Yield the files that came with a record: the original, and attachments that are parts.

    A redaction withholds all of them.
    """
    if record.redacted is not None:
        return
    yield AccessFile(name=ORIGINAL, media_type=record.media_type, size=record.size)
    for each in record.content.attachments:
        # The part is empty where the original is the attachment itself.
        if each.part:
            yield AccessFile(name=each.part, media_type=each.media_type, size=each.size)


def rulings(request: AccessDecision, records: Iterable[Looked]) -> tuple[AccessRuling, ...]:
    """Return what a request decides of records, those of one decision and ground together.

    Raises InvalidError where it decides nothing, or of one of them what cannot be decided.
    """
    looked = list(records)
    if request.files and (len(looked) != 1 or request.decision is not Inclusion.INCLUDE):
        raise InvalidError("Files are given with one record, which is included.")
    found: dict[tuple[Inclusion, Withheld | None], list[UUID]] = defaultdict(list)
    for each in looked:
        if each.erased:
            raise InvalidError(f"The record {each.id} is erased.")
        ruled = _ruled(request, each)
        if ruled is not None:
            found[ruled].append(each.id)
    if not found:
        raise InvalidError("There is no record of which that is to be decided.")
    files = tuple(dict.fromkeys(request.files))
    return tuple(
        AccessRuling(
            decision=decision,
            ground=ground,
            records=tuple(ids[start : start + MOST_RECORDS]),
            files=files,
        )
        for (decision, ground), ids in found.items()
        for start in range(0, len(ids), MOST_RECORDS)
    )


def _ruled(request: AccessDecision, looked: Looked) -> tuple[Inclusion, Withheld | None] | None:
    wanted = request.decision
    if wanted is None:
        if looked.proposed == "none":
            if request.records:
                raise InvalidError(
                    f"Nothing is proposed for the record {looked.id}: say what is decided."
                )
            return None
        wanted = Inclusion(looked.proposed)
    if wanted is Inclusion.INCLUDE:
        if looked.barred is not None:
            raise InvalidError(f"The record {looked.id} cannot be given: it is {looked.barred}.")
        there = {each.name for each in looked.files}
        for name in request.files:
            if name not in there:
                raise InvalidError(f"The record {looked.id} has no file {name}.")
        return wanted, None
    if looked.barred is not None:
        return wanted, looked.barred
    if request.ground is None:
        raise InvalidError(
            f"Nothing keeps the record {looked.id} from being given: it is withheld for the rights "
            "of others, for an exemption, or because it is unrelated."
        )
    if request.ground is Withheld.EXEMPTION and not request.reason.strip():
        raise InvalidError("Say as the reason which exemption it is.")
    return wanted, request.ground
