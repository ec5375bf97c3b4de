"""`/v1/dispositions`: what is due, and is reviewed before it goes."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.policies import FOR_COMPLIANCE
from api.v1.shapes import SECURITY, Parameters, answer, body_of, json_body
from policies.reviewing.answers import (
    ApproveRequest,
    DecisionAnswer,
    DispositionAnswer,
    DispositionsAnswer,
    ExtendRequest,
    OpenedAnswer,
    RelabelRequest,
)
from policies.reviewing.desk import DispositionDesk, disposition_desk
from policies.reviewing.disposition import ItemState

blueprint = APIBlueprint(
    "dispositions",
    __name__,
    url_prefix="/v1/dispositions",
    abp_tags=[Tag(name="dispositions", description="What is due, and reviewed before it goes.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (ApproveRequest, ExtendRequest, RelabelRequest)
_LARGEST = 2**31 - 1


class DispositionPath(BaseModel):
    """Which disposition is meant."""

    id: int = Field(description="Its number.", ge=0, le=_LARGEST)


class ListParameters(Parameters):
    """A page of the list, the newest first."""

    waiting: bool = Field(default=False, description="Those alone in which something waits.")
    limit: int = Field(default=50, ge=1, le=1000, description="How many a page holds.")
    cursor: int | None = Field(
        default=None, ge=1, le=_LARGEST, description="What the last page gave."
    )


class ItemParameters(Parameters):
    """A page of the records of a disposition, in the order of capture."""

    state: ItemState | None = Field(default=None, description="Records in this state alone.")
    limit: int = Field(default=50, ge=1, le=1000, description="How many a page holds.")
    cursor: int = Field(default=0, ge=0, le=_LARGEST, description="What the last page gave.")


@blueprint.get(
    "",
    responses={"200": DispositionsAnswer, **documented(400, 401, 403, 500, 503)},
)
def everything(query: ListParameters) -> Response:
    """List dispositions."""
    found = _desk().everything(context.actor(), query.limit, query.cursor, waiting=query.waiting)
    return answer(found)


@blueprint.post(
    "",
    responses={"200": OpenedAnswer, **documented(400, 401, 403, 409, 500, 503)},
    description="What has become due under a policy with a review goes into new dispositions, what "
    "time approves is approved, and what needs no review now leaves. The leading worker does so "
    "every hour. Every record that is due is looked at, so it takes its time.",
)
def open_new() -> Response:
    """Open dispositions for what has become due."""
    return answer(_desk().open(context.actor()))


@blueprint.get(
    "/<int:id>",
    responses={"200": DispositionAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="Its stages, how many records stand where, and a page of them: dates, class and "
    "size, without content. A record is read at `/v1/interactions/{id}`, for a purpose.",
)
def show(path: DispositionPath, query: ItemParameters) -> Response:
    """Show one disposition with a page of its records."""
    found = _desk().show(
        context.actor(), FOR_COMPLIANCE, path.id, query.limit, query.cursor, query.state
    )
    return answer(found)


_DECIDED = {"200": DecisionAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)}


@blueprint.post(
    "/<int:id>/approve",
    responses=_DECIDED,
    description="Of the records listed, or of all that wait at the stage. Those that the caller "
    "owns are left out where owners alone would let them go. 409 where a record does not wait at "
    "the stage, or the version of the policy is not in force any more.",
    openapi_extensions=json_body(ApproveRequest),
)
def approve(path: DispositionPath) -> Response:
    """Approve records at a stage."""
    return answer(_desk().approve(context.actor(), path.id, body_of(ApproveRequest)))


@blueprint.post(
    "/<int:id>/extend",
    responses=_DECIDED,
    description="They stay until then, are due anew, and are reviewed anew. Without a stage, "
    "another time for records listed that are extended already; a sooner one is for somebody else "
    "than whoever extended them.",
    openapi_extensions=json_body(ExtendRequest),
)
def extend(path: DispositionPath) -> Response:
    """Extend records to a time."""
    return answer(_desk().extend(context.actor(), path.id, body_of(ExtendRequest)))


@blueprint.post(
    "/<int:id>/relabel",
    responses=_DECIDED,
    description="They stand under the other policy from now on, and the maximum of this one is off "
    "them while the other is in force. 409 unless it is, and demands no deletion or asks for a "
    "review itself.",
    openapi_extensions=json_body(RelabelRequest),
)
def relabel(path: DispositionPath) -> Response:
    """Put records under another policy."""
    return answer(_desk().relabel(context.actor(), path.id, body_of(RelabelRequest)))


def _desk() -> DispositionDesk:
    return disposition_desk(context.archive())
