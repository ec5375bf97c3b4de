"""Records that are due under a policy with a review, and those who review them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.opening import Archive
from policies.desk import retention_desk
from policies.reviewing.answers import (
    ApproveRequest,
    DecisionAnswer,
    DispositionAnswer,
    ExtendRequest,
    OpenedAnswer,
    RelabelRequest,
)
from policies.reviewing.desk import DispositionDesk, disposition_desk
from policies.reviewing.disposition import ItemState
from tests.archive.house import OPERATIONS
from tests.policies.purging_house import in_force

OFFICER = Actor(id=str(UUID(int=11)), name="olga", role=Role.COMPLIANCE_OFFICER)
LAWYER = Actor(id=str(UUID(int=12)), name="lea", role=Role.LEGAL)
ANN = Actor(id=str(UUID(int=13)), name="Ann@Example.com", role=Role.COMPLIANCE_OFFICER)
"""Who wrote the records of `line`."""
ONE: Sequence[dict[str, Any]] = ({"stage": "records manager"},)
TWO: Sequence[dict[str, Any]] = (
    {"stage": "records manager", "role": "compliance-officer"},
    {"stage": "counsel", "role": "legal", "approve_after": "30d"},
)


def reviewed(archive: Archive, stages: Sequence[dict[str, Any]] = TWO, **terms: Any) -> None:
    """Bring a policy with a review into force at once."""
    in_force(archive, review=stages, **{"maximum": "5y", **terms})


def reviews(archive: Archive) -> DispositionDesk:
    archive.follow()
    return disposition_desk(archive)


def opened(archive: Archive) -> OpenedAnswer:
    answer = reviews(archive).open(LOCAL_ACTOR)
    archive.follow()
    return answer


def approve(
    archive: Archive,
    actor: Actor,
    stage: str,
    records: Sequence[UUID] | None = None,
    number: int = 1,
) -> DecisionAnswer:
    request = ApproveRequest(
        stage=stage, comment="looked at", records=None if records is None else tuple(records)
    )
    return reviews(archive).approve(actor, number, request)


def extend(archive: Archive, actor: Actor, number: int = 1, **wanted: Any) -> DecisionAnswer:
    request = ExtendRequest.model_validate({"comment": "needed still", **wanted})
    return reviews(archive).extend(actor, number, request)


def relabel(archive: Archive, actor: Actor, number: int = 1, **wanted: Any) -> DecisionAnswer:
    request = RelabelRequest.model_validate({"comment": "of another kind", **wanted})
    return reviews(archive).relabel(actor, number, request)


def shown(archive: Archive, number: int = 1, actor: Actor = OFFICER) -> DispositionAnswer:
    return reviews(archive).show(actor, OPERATIONS, number, 1000)


def standing(archive: Archive, number: int = 1) -> list[ItemState]:
    return [each.state for each in shown(archive, number).items]


def steps(archive: Archive, record_id: UUID) -> str:
    archive.follow()
    return "\n".join(retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, record_id).steps)
