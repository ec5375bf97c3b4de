"""`/v1/matters`: what belongs to one case, and who works on it."""

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.shapes import SECURITY, answer, body_of, json_body
from archive.matters.answers import (
    ContentsRequest,
    MatterAnswer,
    MatterDescription,
    MatterReason,
    MatterRequest,
    MattersAnswer,
)
from archive.matters.matter import Matter
from policies.holds.naming import matter_told

blueprint = APIBlueprint(
    "matters",
    __name__,
    url_prefix="/v1/matters",
    abp_tags=[Tag(name="matters", description="What belongs to one case, and who works on it.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (
    MatterRequest,
    MatterDescription,
    ContentsRequest,
    MatterReason,
)


class MatterPath(BaseModel):
    """Which matter is meant."""

    id: str = Field(description="The matter's code.")


@blueprint.get(
    "",
    responses={"200": MattersAnswer, **documented(400, 401, 403, 500, 503)},
    description="Matters, the open ones first, as of now; to whoever is restricted theirs.",
)
def everything(query: PageParameters) -> Response:
    """List matters."""
    told = MattersAnswer.of(*context.archive().matter_desk.seen(context.actor()))
    return answer_page(
        told, "matters", lambda matter: (int(matter.state == "closed"), matter.code), query
    )


@blueprint.post(
    "",
    responses={"201": MatterAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)},
    description="409 where there is a matter of this code; 404 where a member is no user.",
    openapi_extensions=json_body(MatterRequest),
)
def create() -> Response:
    """Create a matter, which is open."""
    matter = context.archive().matter_desk.create(context.actor(), body_of(MatterRequest))
    response = _told(matter, 201)
    response.headers["Location"] = url_for("matters.show", id=matter.code)
    return response


@blueprint.get(
    "/<string:id>",
    responses={"200": MatterAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: MatterPath) -> Response:
    """Show one matter with all that it has."""
    return _told(context.archive().matter_desk.matter(context.actor(), path.id))


_CHANGED = {"200": MatterAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)}


@blueprint.post(
    "/<string:id>/describe",
    responses=_CHANGED,
    openapi_extensions=json_body(MatterDescription),
)
def describe(path: MatterPath) -> Response:
    """Give a matter another name and description."""
    wanted = body_of(MatterDescription)
    return _told(context.archive().matter_desk.describe(context.actor(), path.id, wanted))


@blueprint.post(
    "/<string:id>/add",
    responses=_CHANGED,
    description="What the matter has already changes nothing.",
    openapi_extensions=json_body(ContentsRequest),
)
def add(path: MatterPath) -> Response:
    """Let custodians, scope queries, records and members belong to a matter."""
    wanted = body_of(ContentsRequest)
    return _told(context.archive().matter_desk.add(context.actor(), path.id, wanted))


@blueprint.post(
    "/<string:id>/remove",
    responses=_CHANGED,
    description="A member who is taken out sees nothing by the matter from the moment that this "
    "answers. 400 for what the matter does not have.",
    openapi_extensions=json_body(ContentsRequest),
)
def remove(path: MatterPath) -> Response:
    """Take custodians, scope queries, records and members out of a matter."""
    wanted = body_of(ContentsRequest)
    return _told(context.archive().matter_desk.remove(context.actor(), path.id, wanted))


@blueprint.post(
    "/<string:id>/close",
    responses=_CHANGED,
    description="Whoever is restricted to it sees nothing by it from now on. 409 where it is "
    "closed already.",
    openapi_extensions=json_body(MatterReason),
)
def close(path: MatterPath) -> Response:
    """Close a matter."""
    reason = body_of(MatterReason).reason
    return _told(context.archive().matter_desk.close(context.actor(), path.id, reason))


@blueprint.post(
    "/<string:id>/reopen",
    responses=_CHANGED,
    description="With all that it had. 409 where it is open.",
    openapi_extensions=json_body(MatterReason),
)
def reopen(path: MatterPath) -> Response:
    """Open a closed matter again."""
    reason = body_of(MatterReason).reason
    return _told(context.archive().matter_desk.reopen(context.actor(), path.id, reason))


def _told(matter: Matter, status: int = 200) -> Response:
    return answer(matter_told(context.archive(), context.actor(), matter), status)
