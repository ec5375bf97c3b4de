"""`/v1/policies`: how long records are kept; and of one record, why it is still here."""

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.shapes import (
    INTERACTIONS,
    SECURITY,
    InteractionPath,
    MeantParameters,
    answer,
    body_of,
    json_body,
)
from archive.events.policy_events import Terms
from archive.model.roles import Purpose
from policies.answers import PoliciesAnswer, PolicyAnswer, RetentionAnswer, SimulationAnswer, people
from policies.desk import governance_of, retention_desk
from policies.governance import Governance
from policies.policy import Policy

FOR_COMPLIANCE = Purpose("compliance")
"""What questions about retention are recorded with; they show no content."""

blueprint = APIBlueprint(
    "policies",
    __name__,
    url_prefix="/v1/policies",
    abp_tags=[Tag(name="policies", description="How long records are kept, and who decides.")],
    abp_security=SECURITY,
)
retention = APIBlueprint(
    "retention",
    __name__,
    url_prefix="/v1/interactions",
    abp_tags=[INTERACTIONS],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (Terms,)


class PolicyPath(BaseModel):
    """Which policy is meant."""

    id: str = Field(description="The policy's name.")


@blueprint.get(
    "",
    responses={"200": PoliciesAnswer, **documented(400, 401, 403, 500, 503)},
    description="Policies by name, as of now, with all their versions.",
)
def everything(query: PageParameters) -> Response:
    """List policies."""
    book = _governance().book(context.actor())
    names = context.archive().administration.names(people(list(book.policies.values())))
    told = PoliciesAnswer.of(book, context.clock().now(), names)
    return answer_page(told, "policies", lambda policy: (policy.name,), query)


@blueprint.post(
    "",
    responses={"201": PolicyAnswer, **documented(400, 401, 403, 409, 413, 415, 423, 500, 503)},
    description="A new policy, or a change of the one of this name. What shortens waits for the "
    "approval of somebody else; 409 while another change is pending, 423 where the policy is "
    "locked and this shortens.",
    openapi_extensions=json_body(Terms),
)
def propose() -> Response:
    """Propose a policy, or a change of one."""
    policy = _governance().propose(context.actor(), body_of(Terms))
    response = _told(policy, 201)
    response.headers["Location"] = url_for("policies.show", id=policy.name)
    return response


@blueprint.post(
    "/simulate",
    responses={"200": SimulationAnswer, **documented(400, 401, 403, 413, 415, 500, 503)},
    description="What a policy, or a change of one, would do if it were approved now: how many "
    "records and bytes, by channel and year, and a sample. Nothing is altered. Every record is "
    "looked at, so it takes its time.",
    openapi_extensions=json_body(Terms),
)
def simulate() -> Response:
    """Say what a change would do."""
    desk = retention_desk(context.archive())
    return answer(desk.simulate(context.actor(), FOR_COMPLIANCE, body_of(Terms)))


@blueprint.get(
    "/<string:id>",
    responses={"200": PolicyAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: PolicyPath) -> Response:
    """Show one policy with all its versions."""
    return _told(_governance().policy(context.actor(), path.id))


_CHANGED = {"200": PolicyAnswer, **documented(400, 401, 403, 404, 409, 500, 503)}


@blueprint.post(
    "/<string:id>/approve",
    responses=_CHANGED,
    description="403 for whoever proposed it; 409 where no version, or another, waits.",
)
def approve(path: PolicyPath, query: MeantParameters) -> Response:
    """Approve the version of a policy that waits."""
    return _told(_governance().approve(context.actor(), path.id, query.version))


@blueprint.post(
    "/<string:id>/withdraw",
    responses=_CHANGED,
    description="Of a version that has not taken effect; 409 where no version, or another, is "
    "pending.",
)
def withdraw(path: PolicyPath, query: MeantParameters) -> Response:
    """Withdraw the version of a policy that is pending."""
    return _told(_governance().withdraw(context.actor(), path.id, query.version))


@blueprint.post(
    "/<string:id>/lock",
    responses=_CHANGED,
    description="For ever: the policy can only get longer or wider, and nobody can disable it. "
    "409 unless it is in force and nothing is pending.",
)
def lock(path: PolicyPath) -> Response:
    """Lock a policy."""
    return _told(_governance().lock(context.actor(), path.id))


@blueprint.post(
    "/<string:id>/disable",
    responses={**_CHANGED, **documented(423)},
    description="Proposes that the policy ends; it waits for approval where it demands a minimum.",
)
def disable(path: PolicyPath) -> Response:
    """Propose that a policy ends."""
    return _told(_governance().disable(context.actor(), path.id))


@retention.get(
    "/<uuid:id>/retention",
    responses={"200": RetentionAnswer, **documented(400, 401, 403, 404, 410, 500, 503)},
    description="When the record may go, every version of a policy behind that, and what must "
    "happen before. No content; for who governs.",
)
def why(path: InteractionPath) -> Response:
    """Say why an interaction is still here."""
    desk = retention_desk(context.archive())
    return answer(desk.why(context.actor(), FOR_COMPLIANCE, path.id))


def _governance() -> Governance:
    return governance_of(context.archive())


def _told(policy: Policy, status: int = 200) -> Response:
    names = context.archive().administration.names(people([policy]))
    return answer(PolicyAnswer.of(policy, context.clock().now(), names), status)
