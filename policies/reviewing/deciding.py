"""What is decided in dispositions, stage by stage, and by whom (docs/disposition.md).

Every decision writes the next version of the disposition's stream, so that whoever was second, a
purge included, reads again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError, NotFoundError
from archive.events import disposition_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.disposition_events import DispositionEvent
from archive.events.group import Committer
from archive.events.policy_events import Stage, Terms
from archive.model.roles import Actor, Permission, Role
from archive.people.directory import People
from policies.book import PolicyBook
from policies.policy import Book
from policies.records import Found, GovernedRecords
from policies.reviewing.answers import ApproveRequest, DecisionAnswer, ExtendRequest, RelabelRequest
from policies.reviewing.disposition import Disposition, ItemState
from policies.reviewing.owning import names_of, owns
from policies.reviewing.reader import DispositionReader

_PAGE: Final = 500
_FURTHEST_YEARS: Final = 100

Request = ApproveRequest | ExtendRequest | RelabelRequest


class Deciding:
    """Decisions of those who review.

    Raises, in every method, ForbiddenError (audited) where the actor may not, NotFoundError where
    there is no such disposition, CorruptError where it cannot be known what was decided or what
    policies demand, and UnavailableError where a part does not answer.
    """

    def __init__(
        self,
        *,
        book: PolicyBook,
        reader: DispositionReader,
        records: GovernedRecords,
        people: People,
        committer: Committer,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._book = book
        self._reader = reader
        self._records = records
        self._people = people
        self._committer = committer
        self._audit = audit
        self._clock = clock

    def approve(self, actor: Actor, number: int, request: ApproveRequest) -> DecisionAnswer:
        """Approve records at a stage; at the last one, they may be destroyed.

        Records that the actor owns are left out where they would be let go by owners alone.

        Raises InvalidError where there is no such stage, ConflictError where a record does not wait
        at it, and ForbiddenError where all of the records are left out.
        """
        self._require_reviewer(actor, "disposition.approve")
        return self._decided(
            actor, "disposition.approve", number, request.stage, request.records, request
        )

    def extend(self, actor: Actor, number: int, request: ExtendRequest) -> DecisionAnswer:
        """Keep records until a time, when they are due and reviewed anew.

        Raises as `approve`, InvalidError for a time that has passed or is far off, and
        ForbiddenError where somebody shortens what they extended themselves.
        """
        self._require_reviewer(actor, "disposition.extend")
        now = self._clock.now()
        if request.until <= now:
            raise InvalidError("Records are extended to a time to come.")
        if request.until.year > now.year + _FURTHEST_YEARS:
            raise InvalidError(f"Records are extended by {_FURTHEST_YEARS} years at most.")
        if request.stage is None and request.records is None:
            raise InvalidError("Name the stage, or list records that are extended already.")
        return self._decided(
            actor, "disposition.extend", number, request.stage, request.records, request
        )

    def relabel(self, actor: Actor, number: int, request: RelabelRequest) -> DecisionAnswer:
        """Put records under another policy, and take them off the maximum of this one.

        Raises as `approve`, and ConflictError unless the other policy is in force and either
        demands no deletion or asks for a review itself.
        """
        self._require_reviewer(actor, "disposition.relabel")
        return self._decided(
            actor, "disposition.relabel", number, request.stage, request.records, request
        )

    def _decided(
        self,
        actor: Actor,
        action: str,
        number: int,
        stage: str | None,
        records: Sequence[UUID] | None,
        request: Request,
    ) -> DecisionAnswer:
        left_out = total = 0

        def decide() -> list[DispositionEvent]:
            nonlocal left_out, total
            disposition = self._readable(number)
            book = self._book.readable()
            terms = self._in_force(disposition, book)
            if terms is None:
                raise ConflictError(
                    f"Version {disposition.version} of the policy {disposition.policy} is not in "
                    "force any more: what is due is reviewed anew."
                )
            chosen = self._chosen(actor, action, disposition, stage, records)
            event: DispositionEvent
            match request:
                case ApproveRequest():
                    own = self._own(actor, chosen)
                    passing = [
                        each
                        for each in chosen
                        if disposition.may_approve(each, actor.id, own=each in own)
                    ]
                    left_out = len(chosen) - len(passing)
                    if not passing:
                        self._refuse(
                            actor,
                            action,
                            "Nobody approves alone what they own: somebody else must.",
                        )
                    event = self._event(
                        happened.DispositionApproved,
                        actor,
                        disposition,
                        passing,
                        request.comment,
                        stage=request.stage,
                        last=request.stage == disposition.stages[-1].stage,
                        own=tuple(each for each in passing if each in own),
                    )
                case ExtendRequest():
                    self._check_extension(actor, action, disposition, chosen, request.until)
                    event = self._event(
                        happened.DispositionExtended,
                        actor,
                        disposition,
                        chosen,
                        request.comment,
                        until=request.until,
                    )
                case RelabelRequest():
                    self._check_label(disposition, book, request.policy)
                    event = self._event(
                        happened.DispositionRelabelled,
                        actor,
                        disposition,
                        chosen,
                        request.comment,
                        policy=request.policy,
                    )
            total = len(event.records)
            return [event]

        commit_decided(self._committer, decide)
        return DecisionAnswer(disposition=number, records=total, left_out=left_out)

    def _chosen(
        self,
        actor: Actor,
        action: str,
        disposition: Disposition,
        name: str | None,
        records: Sequence[UUID] | None,
    ) -> list[UUID]:
        """Return the records that a decision is about; the actor must be one for the stage."""
        chosen = list(dict.fromkeys(records or ()))
        if unknown := [each for each in chosen if each not in disposition.items]:
            raise NotFoundError(
                f"Record {unknown[0]} does not stand in disposition {disposition.number}."
            )
        if name is None:
            extended = [
                each for each in chosen if disposition.items[each].state is ItemState.EXTENDED
            ]
            if len(extended) < len(chosen):
                raise ConflictError("Not all of these records are extended.")
            return chosen
        stage = next((each for each in disposition.stages if each.stage == name), None)
        if stage is None:
            named = ", ".join(each.stage for each in disposition.stages)
            raise InvalidError(f"There is no such stage here; the stages are: {named}.")
        if not _sits_at(actor, stage):
            self._refuse(actor, action, f"At this stage somebody of the role {stage.role} decides.")
        waiting = disposition.waiting_at(stage.stage)
        if records is None:
            chosen = waiting
        if not chosen or not set(waiting).issuperset(chosen):
            raise ConflictError(
                f"Not all of these records wait at the stage {name}: look at the disposition anew."
                if chosen
                else f"No record waits at the stage {name}."
            )
        return chosen

    def _check_extension(
        self,
        actor: Actor,
        action: str,
        disposition: Disposition,
        chosen: Sequence[UUID],
        until: datetime,
    ) -> None:
        for each in chosen:
            item = disposition.items[each]
            if item.until is None or item.ended is None:
                continue
            if self._records.erased([each]):
                raise ConflictError(f"Record {each} has been erased.")
            if until < item.until and item.ended.by == actor.id:
                self._refuse(
                    actor, action, "Somebody else shortens an extension than whoever gave it."
                )

    def destinations(self, actor: Actor, number: int) -> list[str]:
        """Return the policies that records of a disposition can be put under, for reviewers."""
        if Permission.REVIEW not in actor.permissions or actor.restricted:
            return []
        book, policy = self._book.read(), self._reader.read(number).policy
        in_force = book.in_force(self._clock.now())
        return [name for name, each in in_force.items() if name != policy and _takes(each.terms)]

    def _check_label(self, disposition: Disposition, book: Book, name: str) -> None:
        found = book.in_force(self._clock.now()).get(name)
        if found is None or name == disposition.policy:
            raise ConflictError(f"There is no other policy {name} in force.")
        if not _takes(found.terms):
            raise ConflictError(
                f"The policy {name} demands deletion without a review: what is under review does "
                "not go there."
            )

    def _own(self, actor: Actor, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return the records that the actor owns, or of which that cannot be known."""
        known = names_of(actor, self._people.directory().people.values())
        if not known:
            return frozenset()
        found = self._opened(ids)
        return frozenset(each for each in ids if each not in found or owns(known, found[each]))

    def _opened(self, ids: Sequence[UUID]) -> dict[UUID, Found]:
        return {
            each.record.id: each
            for start in range(0, len(ids), _PAGE)
            for each in self._records.load_each(ids[start : start + _PAGE])
            if not isinstance(each, CorruptError)
        }

    def _event(
        self,
        kind: type[DispositionEvent],
        actor: Actor,
        disposition: Disposition,
        records: Sequence[UUID],
        comment: str,
        **told: Any,
    ) -> DispositionEvent:
        told["comment"] = comment
        return kind(
            originator_id=disposition.stream,
            originator_version=disposition.newest + 1,
            recorded_at=self._clock.now(),
            disposition=disposition.number,
            by=actor.id,
            address=actor.address,
            records=tuple(records),
            **told,
        )

    def _readable(self, number: int) -> Disposition:
        disposition = self._reader.read(number)
        if disposition.unreadable:
            raise CorruptError(
                f"An event of disposition {number} cannot be read: verify names it. Nothing is "
                "decided in it, and none of its records goes, until it can."
            )
        return disposition

    def _in_force(self, disposition: Disposition, book: Book) -> Terms | None:
        """Return the terms by which a disposition is, None where they are not in force."""
        found = book.in_force(self._clock.now()).get(disposition.policy)
        return found.terms if found and found.number == disposition.version else None

    def _require_reviewer(self, actor: Actor, action: str) -> None:
        self._audit.require(actor, Permission.REVIEW, action)
        self._require_whole(actor, action)

    def _require_whole(self, actor: Actor, action: str) -> None:
        if actor.restricted:
            self._refuse(actor, action, "Whoever sees a part of the records alone does not review.")

    def _refuse(self, actor: Actor, action: str, why: str) -> None:
        self._audit.record(actor, FOR_OPERATIONS, action, allowed=False)
        raise ForbiddenError(why)


def _takes(terms: Terms | None) -> bool:
    """Say whether what is under review may be put under a policy: it gets round no review."""
    return terms is not None and (terms.maximum is None or bool(terms.review))


def _sits_at(actor: Actor, stage: Stage) -> bool:
    """Say whether an actor decides at a stage; `local` does at every one."""
    return stage.role is None or Role.LOCAL in actor.roles or Role(stage.role) in actor.roles
