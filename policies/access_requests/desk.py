"""Where requests for access are decided, and their packages given (docs/access-requests.md)."""

from hashlib import sha256
from typing import Final
from uuid import UUID

from archive.access.answers import Original, OriginalInfo
from archive.access.desk import Access
from archive.digested import digested
from archive.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from archive.events import access_request_events as happened
from archive.events.access_request_events import Inclusion
from archive.events.case_events import CaseEvent
from archive.events.deciding import commit_decided
from archive.log.reader import LogReader
from archive.model.roles import Actor, Permission, Purpose
from archive.trail.desk import Trail
from policies.access_requests.answers import (
    AccessDecidedAnswer,
    AccessDecision,
    AccessRecord,
    AccessRecordsAnswer,
    AccessRequestAnswer,
    Package,
    PackageAnswer,
)
from policies.access_requests.case import AccessCase
from policies.access_requests.contents import Contents, Made, PackageContents
from policies.access_requests.packaging import Packaging
from policies.access_requests.proposing import Looked, Proposing, rulings
from policies.requests.desk import SEES_RECORDS, DeskParts, RequestDesk, unless_closed

PURPOSE: Final = "data-subject-request"
"""The kind of purpose for which a package is fetched."""
_PAGE: Final = 500
_CHANGED: Final = "What the package is made of changed while it was fetched: try again."


class AccessRequestDesk(RequestDesk[AccessCase, AccessRequestAnswer]):
    """Works on requests for access; what it raises as `RequestDesk` says."""

    acts = "access-request"
    extended = happened.AccessRequestExtended
    closed = happened.AccessRequestClosed

    def __init__(
        self,
        parts: DeskParts[AccessCase],
        *,
        proposing: Proposing,
        contents: PackageContents,
        packaging: Packaging,
        access: Access,
        trail: Trail,
        log: LogReader,
    ) -> None:
        super().__init__(parts)
        self._proposing = proposing
        self._contents = contents
        self._packaging = packaging
        self._access = access
        self._trail = trail
        self._log = log

    def records(
        self, actor: Actor, purpose: Purpose, case_id: UUID, limit: int, start: int = 0
    ) -> AccessRecordsAnswer:
        """Return a page of a case's records, from a place of them on, as they stand now."""
        self._require_one(actor, SEES_RECORDS, "records", purpose)
        case = self._reader.case(case_id)
        ids = list(case.found)[start : start + limit]
        looked = self._proposing.look(case, ids)
        names = self._names({each.act.by for each in case.decided.values()})
        self._audit.record(
            actor, purpose, "access-request.records", total=len(case.found), records=ids
        )
        return AccessRecordsAnswer(
            total=len(case.found),
            records=tuple(_record(case, each, names) for each in looked),
            cursor=str(start + limit) if start + limit < len(case.found) else None,
        )

    def state(self, actor: Actor, case_id: UUID, statement: str) -> AccessRequestAnswer:
        """Say what the package is to tell of the organisation, in place of what was said before."""
        self._require(actor, "state")

        def decide(case: AccessCase) -> list[CaseEvent]:
            unless_closed(case)
            told = {"statement": statement}
            return [self._event(happened.AccessRequestStated, actor, case, **told)]

        return self._changed(case_id, decide)

    def name_others(
        self, actor: Actor, case_id: UUID, others: tuple[str, ...]
    ) -> AccessRequestAnswer:
        """Say who else is to have a pseudonym in the package, besides those known already."""
        self._require(actor, "name-others")

        def decide(case: AccessCase) -> list[CaseEvent]:
            unless_closed(case)
            told = {"others": tuple(dict.fromkeys(others))}
            return [self._event(happened.AccessRequestOthersNamed, actor, case, **told)]

        return self._changed(case_id, decide)

    def decide(self, actor: Actor, case_id: UUID, request: AccessDecision) -> AccessRequestAnswer:
        """Decide whether records are given.

        Raises InvalidError where nothing fits the request, a record is none of the case or is
        erased, or something forbids to give it.
        """
        self._require(actor, "decide")

        def decide(case: AccessCase) -> list[CaseEvent]:
            unless_closed(case)
            told = {
                "rulings": rulings(request, self._asked(case, request)),
                "reason": request.reason,
            }
            return [self._event(happened.AccessRequestDecided, actor, case, **told)]

        return self._changed(case_id, decide)

    def package(
        self, actor: Actor, purpose: Purpose, case_id: UUID, *, as_of: int | None = None
    ) -> Package:
        """Return the package of a case as of now, or one that was made before once more.

        Raises:
            ForbiddenError: the actor may not read for this purpose, or decided any of it.
            ConflictError: of some records it is not decided whether they are given.
            NotFoundError: there is no such case, or no package was made as of that number.
            CorruptError: something that goes in cannot be opened.
            UnavailableError: the audit trail has not come so far, or a part does not answer.
        """
        self._let_in(actor, purpose)
        newest = self._reader.case(case_id)
        case, made = self._version(newest, as_of)
        self._check_decided(case)
        self._check_apart(actor, purpose, case)
        contents = self._contents.of(case, made)
        self._audit.record(
            actor,
            purpose,
            "access-request.package",
            as_of=made.as_of,
            total=len(contents.records),
            records=contents.records,
        )
        told = self._take_down(actor, contents)
        info = OriginalInfo(media_type="application/zip", size=told.size, sha256=told.sha256)
        chunks = digested(self._packaging.write(contents), told.size, told.sha256, _CHANGED)
        return Package(told, Original(info, f"access-request-{case_id}-{made.as_of}.zip", chunks))

    def check_open(self, case: AccessCase) -> None:
        unless_closed(case)

    def check_answered(self, case: AccessCase) -> None:
        self._check_decided(case)
        if not any(each.version >= case.decided_in for each in case.packages):
            raise ConflictError("No package was made yet of what is decided now.")

    def told(self, case: AccessCase) -> AccessRequestAnswer:
        closed = case.closed
        acts = {case.opened.by, *(each.by for each in case.packages)}
        names = self._names(acts | ({closed.by} if closed else set()))
        erased = self._records.erased(list(case.found))
        return AccessRequestAnswer.of(case, erased, names, self._clock.now())

    def _let_in(self, actor: Actor, purpose: Purpose) -> None:
        action = "access-request.package"
        self._access.allow(actor, purpose, Permission.READ, action, whole=True)
        try:
            if purpose.kind != PURPOSE:
                raise ForbiddenError(f"A package is fetched for the purpose {PURPOSE}.")
            if actor.restricted:
                raise ForbiddenError("Whoever sees a part of the records alone sees no case.")
        except ForbiddenError:
            self._audit.record(actor, purpose, action, allowed=False)
            raise

    def _version(self, newest: AccessCase, as_of: int | None) -> tuple[AccessCase, Made]:
        """Return the case as its package is made of it, and what is said of the making."""
        if as_of is not None:
            before = newest.package(as_of)
            if before is None:
                raise NotFoundError(f"No package was made as of {as_of}.")
            made = Made(as_of, before.made_at, before.checkpoint)
            return self._reader.case(newest.id, as_of), made
        unless_closed(newest)
        last = self._pointers.last_seq()
        self._catch_up(last)
        reached = min(last, self._trail.position())
        case = self._reader.case(newest.id, reached)
        if case.newest < newest.newest:
            raise UnavailableError("The audit trail has not come to what was decided; try again.")
        return case, Made(reached, self._clock.now(), self._checkpoint())

    def _check_decided(self, case: AccessCase) -> None:
        gone = self._records.erased(list(case.found))
        undecided = case.found.keys() - case.decided.keys() - gone
        if undecided:
            raise ConflictError(
                f"Of {len(undecided):,} records it is not decided whether they are given."
            )

    def _check_apart(self, actor: Actor, purpose: Purpose, case: AccessCase) -> None:
        included = case.decided_to(Inclusion.INCLUDE)
        if any(case.decided[each].act.by == actor.id for each in included):
            self._audit.record(actor, purpose, "access-request.package", allowed=False)
            raise ForbiddenError(
                "Somebody else fetches the package than whoever decided what is in it."
            )

    def _take_down(self, actor: Actor, contents: Contents) -> PackageAnswer:
        """Make the package once, and commit its hash unless the case knows it."""
        digest, size = sha256(), 0
        for chunk in self._packaging.write(contents):
            digest.update(chunk)
            size += len(chunk)
        made = contents.made
        told = PackageAnswer(
            as_of=made.as_of,
            sha256=digest.hexdigest(),
            size=size,
            records=len(contents.records),
            files=_files(contents),
            by=actor.name,
            at=made.at,
        )

        def decide() -> list[CaseEvent]:
            case = self._reader.case(contents.case.id)
            if any((x.as_of, x.sha256) == (told.as_of, told.sha256) for x in case.packages):
                return []
            event = self._event(
                happened.AccessRequestPackaged,
                actor,
                case,
                version=contents.case.newest,
                as_of=told.as_of,
                made_at=made.at,
                sha256=told.sha256,
                bytes=told.size,
                records=told.records,
                files=told.files,
                checkpoint=made.checkpoint,
            )
            return [event]

        commit_decided(self._committer, decide)
        return told

    def _checkpoint(self) -> str:
        try:
            return self._log.newest().note
        except NotFoundError:
            return ""

    def _asked(self, case: AccessCase, request: AccessDecision) -> list[Looked]:
        """Return the records that a request means, as they stand now."""
        if request.records:
            strange = [each for each in request.records if each not in case.found]
            if strange:
                raise InvalidError(f"The record {strange[0]} is none of the case.")
            ids = list(dict.fromkeys(request.records))
        else:
            ids = [each for each in case.found if each not in case.decided]
        looked: list[Looked] = []
        for start in range(0, len(ids), _PAGE):
            looked += self._proposing.look(case, ids[start : start + _PAGE])
        if request.records:
            return looked
        return [
            each for each in looked if not each.erased and request.proposed in (None, each.proposed)
        ]


def _files(contents: Contents) -> int:
    decided = contents.case.decided
    return sum(len(decided[each].files) for each in contents.records)


def _record(case: AccessCase, looked: Looked, names: dict[str, str]) -> AccessRecord:
    decided = case.decided.get(looked.id)
    return AccessRecord(
        id=looked.id,
        found=case.found[looked.id],
        erased=looked.erased,
        record=looked.result,
        files=looked.files,
        proposed=None if looked.erased else looked.proposed,
        ground=looked.barred,
        decided=AccessDecidedAnswer.of(decided, names) if decided else None,
    )
