"""What is asked and told of disposition reviews: the same at every door."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from archive.asked import Asked
from archive.catalog.dispositions import ReviewState
from archive.events.disposition_events import MOST_RECORDS, Departure
from archive.events.hold_events import Reason
from archive.events.policy_events import PeriodText, PolicyName
from archive.model.interaction import Frozen
from archive.model.moment import Moment
from policies.records import Found
from policies.reviewing.disposition import Approval, Disposition, Item, ItemState

State = Literal["waiting", "decided"]
Records = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_RECORDS)]


class ApproveRequest(Asked):
    """An approval of the records listed, or of all that wait, at a stage."""

    stage: str
    comment: Reason
    records: Records | None = None


class ExtendRequest(Asked):
    """An extension of the records listed, or of all that wait, at a stage.

    Without a stage it is another time for the records listed, which are extended already.
    """

    stage: str | None = None
    comment: Reason
    records: Records | None = None
    until: Moment


class RelabelRequest(Asked):
    """A move to another policy, of the records listed, or of all that wait, at a stage."""

    stage: str
    comment: Reason
    records: Records | None = None
    policy: PolicyName


class DispositionSummary(Frozen):
    """A disposition in a list: of its records how many stand where."""

    id: int
    policy: str
    version: int
    state: State
    opened_at: datetime | None
    records: int
    waiting: int
    approved: int
    extended: int
    relabelled: int
    left: int
    destroyed: int
    unreadable: bool

    @classmethod
    def of(cls, disposition: Disposition, counts: Mapping[ReviewState, int]) -> Self:
        """Tell of a disposition shortly, by what SQL counts."""

        def count(state: ReviewState) -> int:
            return counts.get(state, 0)

        return cls(
            id=disposition.number,
            policy=disposition.policy,
            version=disposition.version,
            state="waiting" if count(ReviewState.WAITING) else "decided",
            opened_at=disposition.opened.at if disposition.opened else None,
            records=sum(counts.values()),
            waiting=count(ReviewState.WAITING),
            approved=count(ReviewState.APPROVED),
            extended=count(ReviewState.EXTENDED),
            relabelled=count(ReviewState.RELABELLED),
            left=count(ReviewState.LEFT),
            destroyed=count(ReviewState.CONDEMNED),
            unreadable=disposition.unreadable,
        )


class DispositionsAnswer(Frozen):
    """A page of dispositions, the newest first."""

    dispositions: tuple[DispositionSummary, ...]
    cursor: str | None


class OpenedAnswer(Frozen):
    """What bringing dispositions up to date did.

    `opened` are the numbers of new ones, with so many `records`. Time `approved` some records at a
    stage, and some `left`, because they need no review now.
    """

    opened: tuple[int, ...]
    records: int
    approved: int
    left: int


class StageAnswer(Frozen):
    """A stage, and how many records wait at it; without a role, every reviewer decides there."""

    stage: str
    role: str | None
    approve_after: PeriodText | None
    waiting: int


class ApprovalAnswer(Frozen):
    """That a record passed a stage: `automatic` by time, `own` by somebody who owns it."""

    stage: str
    by: str
    at: datetime
    comment: str | None
    automatic: bool
    own: bool

    @classmethod
    def of(cls, approval: Approval, names: Mapping[str, str]) -> Self:
        """Tell of an approval; `names` are those of people by id."""
        return cls(
            stage=approval.stage,
            by=names.get(approval.act.by, approval.act.by),
            at=approval.act.at,
            comment=approval.comment,
            automatic=approval.automatic,
            own=approval.own,
        )


class ItemAnswer(Frozen):
    """A record in a disposition: where it stands, and of what kind it is, without its content.

    It waits at `stage` since `since`; what ended its review is told by the rest: until when it is
    extended, to which policy it was re-labelled, why it left. `own` says that whoever asks owns it.
    Of one that has been erased, or cannot be opened, the kind is null.
    """

    id: UUID
    state: ItemState
    stage: str | None
    since: datetime
    approvals: tuple[ApprovalAnswer, ...]
    ended_by: str | None
    ended_at: datetime | None
    comment: str | None
    until: datetime | None
    policy: str | None
    departure: Departure | None
    channel: str | None
    occurred_at: datetime | None
    captured_at: datetime | None
    bytes: int | None
    own: bool

    @classmethod
    def of(
        cls,
        record_id: UUID,
        disposition: Disposition,
        names: Mapping[str, str],
        found: Found | None,
        *,
        own: bool,
    ) -> Self:
        """Tell of a record, which is None where it could not be opened."""
        item = disposition.items[record_id]
        stage = disposition.stage_of(item)
        record = found.record if found else None
        ended = item.ended
        return cls(
            id=record_id,
            state=item.state,
            stage=stage.stage if stage else None,
            since=item.began,
            approvals=tuple(ApprovalAnswer.of(each, names) for each in item.approvals),
            ended_by=names.get(ended.by, ended.by) if ended else None,
            ended_at=ended.at if ended else None,
            comment=item.comment,
            until=item.until,
            policy=item.policy,
            departure=item.departure,
            channel=record.content.channel.value if record else None,
            occurred_at=record.content.occurred_at if record else None,
            captured_at=record.captured_at if record else None,
            bytes=record.size if record else None,
            own=own,
        )


class DispositionAnswer(Frozen):
    """A disposition with a page of its records, in the order of capture.

    `in_force` says that its version of the policy still is; what waits in others is reviewed anew.
    """

    id: int
    policy: str
    version: int
    in_force: bool
    opened_by: str | None
    opened_at: datetime | None
    stages: tuple[StageAnswer, ...]
    counts: dict[ItemState, int]
    records: int
    unreadable: bool
    items: tuple[ItemAnswer, ...]
    cursor: str | None

    @classmethod
    def of(
        cls,
        disposition: Disposition,
        items: Sequence[ItemAnswer],
        cursor: str | None,
        names: Mapping[str, str],
        *,
        in_force: bool,
    ) -> Self:
        """Tell of a disposition; `names` are those of people by id."""
        counts = dict.fromkeys(ItemState, 0)
        for item in disposition.items.values():
            counts[item.state] += 1
        opened = disposition.opened
        return cls(
            id=disposition.number,
            policy=disposition.policy,
            version=disposition.version,
            in_force=in_force,
            opened_by=names.get(opened.by, opened.by) if opened else None,
            opened_at=opened.at if opened else None,
            stages=tuple(
                StageAnswer(
                    stage=each.stage,
                    role=each.role,
                    approve_after=each.approve_after,
                    waiting=len(disposition.waiting_at(each.stage)),
                )
                for each in disposition.stages
            ),
            counts=counts,
            records=len(disposition.items),
            unreadable=disposition.unreadable,
            items=tuple(items),
            cursor=cursor,
        )


class DecisionAnswer(Frozen):
    """What a decision did: of so many `records`, and how many it left out.

    `left_out` wait on, because whoever decided owns them, and somebody else must approve too.
    """

    disposition: int
    records: int
    left_out: int


def people(disposition: Disposition, items: Iterable[Item]) -> set[str]:
    """Return the ids of everybody who did something to some items, or opened the disposition."""
    acts = [disposition.opened]
    for item in items:
        acts += [item.ended, *(each.act for each in item.approvals)]
    return {act.by for act in acts if act is not None}
