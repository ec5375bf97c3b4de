"""`/v1/audit/retention`: how long the audit trail is kept, and who decides."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from api import context
from api.problems import documented
from api.v1.shapes import SECURITY, MeantParameters, answer, body_of, json_body
from policies.trail.answers import NewTrailRetention, TrailRetentionAnswer
from policies.trail.desk import told, trail_governance
from policies.trail.governance import TrailGovernance
from policies.trail.keeping import TrailBook

blueprint = APIBlueprint(
    "audit_retention",
    __name__,
    url_prefix="/v1/audit/retention",
    abp_tags=[Tag(name="audit", description="Who did what, when, why and from where.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (NewTrailRetention,)


@blueprint.get(
    "",
    responses={"200": TrailRetentionAnswer, **documented(400, 401, 403, 500, 503)},
)
def show() -> Response:
    """Say how long the audit trail is kept."""
    return _told(_governance().book(context.actor()))


@blueprint.post(
    "",
    responses={
        "201": TrailRetentionAnswer,
        **documented(400, 401, 403, 409, 413, 415, 500, 503),
    },
    description="What shortens waits for the approval of somebody else, and takes effect 7 days "
    "after it; all else takes effect at once. 409 while another change is pending.",
    openapi_extensions=json_body(NewTrailRetention),
)
def propose() -> Response:
    """Propose how long the audit trail is kept."""
    return _told(_governance().propose(context.actor(), body_of(NewTrailRetention).keep), 201)


_CHANGED = {"200": TrailRetentionAnswer, **documented(400, 401, 403, 409, 500, 503)}


@blueprint.post(
    "/approve",
    responses=_CHANGED,
    description="403 for whoever proposed it; 409 where no version, or another, waits.",
)
def approve(query: MeantParameters) -> Response:
    """Approve the version that waits."""
    return _told(_governance().approve(context.actor(), query.version))


@blueprint.post(
    "/withdraw",
    responses=_CHANGED,
    description="Of a version that has not taken effect; 409 where no version, or another, is "
    "pending.",
)
def withdraw(query: MeantParameters) -> Response:
    """Withdraw the version that is pending."""
    return _told(_governance().withdraw(context.actor(), query.version))


def _governance() -> TrailGovernance:
    return trail_governance(context.archive())


def _told(book: TrailBook, status: int = 200) -> Response:
    return answer(told(context.archive(), book), status)
