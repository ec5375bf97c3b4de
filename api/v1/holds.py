"""`/v1/holds`: what is kept whatever policies say."""

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.policies import FOR_COMPLIANCE
from api.v1.shapes import SECURITY, answer, body_of, json_body
from policies.holds.answers import (
    HoldAnswer,
    HoldChange,
    HoldRelease,
    HoldRequest,
    HoldsAnswer,
    ReachAnswer,
    ScopeRequest,
    people,
)
from policies.holds.desk import HoldDesk, hold_desk
from policies.holds.hold import Hold

blueprint = APIBlueprint(
    "holds",
    __name__,
    url_prefix="/v1/holds",
    abp_tags=[Tag(name="holds", description="What is kept whatever policies say.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (ScopeRequest, HoldRequest, HoldChange, HoldRelease)


class HoldPath(BaseModel):
    """Which hold is meant."""

    id: str = Field(description="The hold's name.")


@blueprint.get(
    "",
    responses={"200": HoldsAnswer, **documented(400, 401, 403, 500, 503)},
    description="Holds, those in force first, as of now.",
)
def everything(query: PageParameters) -> Response:
    """List holds."""
    book = _desk().book(context.actor())
    names = context.archive().administration.names(people(book.holds.values()))
    told = HoldsAnswer.of(book, names)
    return answer_page(
        told, "holds", lambda hold: (int(hold.state == "released"), hold.name), query
    )


@blueprint.post(
    "",
    responses={"201": HoldAnswer, **documented(400, 401, 403, 409, 413, 415, 500, 503)},
    description="A hold by one of a query, custodians, and a list of records. It is in force when "
    "this answers, over what is archived and what will be; `condemned` is what it came too late "
    "for. 409 where there is, or was, a hold of this name.",
    openapi_extensions=json_body(HoldRequest),
)
def place() -> Response:
    """Place a hold."""
    hold = _desk().place(context.actor(), body_of(HoldRequest))
    response = _told(hold, 201)
    response.headers["Location"] = url_for("holds.show", id=hold.name)
    return response


@blueprint.post(
    "/reach",
    responses={"200": ReachAnswer, **documented(400, 401, 403, 413, 415, 500, 503)},
    description="How many records a scope reaches now, by the exact matcher. Nothing is held by "
    "that. Every record is looked at, so it takes its time.",
    openapi_extensions=json_body(ScopeRequest),
)
def reach() -> Response:
    """Count what a scope reaches."""
    wanted = body_of(ScopeRequest)
    as_of = context.archive().catalog.position()
    return answer(_desk().reach(context.actor(), FOR_COMPLIANCE, wanted, as_of))


@blueprint.get(
    "/<string:id>",
    responses={"200": HoldAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: HoldPath) -> Response:
    """Show one hold with every scope that it has had."""
    return _told(_desk().hold(context.actor(), path.id))


_CHANGED = {"200": HoldAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)}


@blueprint.post(
    "/<string:id>/change",
    responses=_CHANGED,
    description="Another scope takes the place of the one that the hold has; what that alone held "
    "begins its grace afresh. 409 where the hold is released.",
    openapi_extensions=json_body(HoldChange),
)
def change(path: HoldPath) -> Response:
    """Give a hold another scope."""
    wanted = body_of(HoldChange)
    return _told(_desk().change(context.actor(), path.id, wanted, wanted.reason))


@blueprint.post(
    "/<string:id>/release",
    responses=_CHANGED,
    description="For ever; what the hold alone held begins its grace afresh. 409 where it is "
    "released already.",
    openapi_extensions=json_body(HoldRelease),
)
def release(path: HoldPath) -> Response:
    """Release a hold."""
    return _told(_desk().release(context.actor(), path.id, body_of(HoldRelease).reason))


def _desk() -> HoldDesk:
    return hold_desk(context.archive())


def _told(hold: Hold, status: int = 200) -> Response:
    names = context.archive().administration.names(people([hold]))
    return answer(HoldAnswer.of(hold, names), status)
