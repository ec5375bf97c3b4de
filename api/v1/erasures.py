"""`/v1/erasures`: requests of people to be erased, as cases."""

from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.policies import FOR_COMPLIANCE
from api.v1.purges import PageParameters
from api.v1.shapes import SECURITY, Parameters, answer, body_of, json_body
from policies.erasures.answers import (
    CaseAnswer,
    CaseDecision,
    CaseLifting,
    CaseRecordsAnswer,
    RecipientsAnswer,
)
from policies.erasures.desk import ErasureDesk
from policies.erasures.opening import erasure_desk
from policies.requests.answers import CaseClosing, CaseExtension, CaseRequest, CasesAnswer

blueprint = APIBlueprint(
    "erasures",
    __name__,
    url_prefix="/v1/erasures",
    abp_tags=[Tag(name="erasures", description="Requests of people to be erased.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (
    CaseRequest,
    CaseExtension,
    CaseDecision,
    CaseLifting,
    CaseClosing,
)


class CasePath(BaseModel):
    """Which case is meant."""

    id: UUID = Field(description="Its id.")


class RecordsParameters(Parameters):
    """A page of a case's records, in the order in which they were found."""

    limit: int = Field(default=50, ge=1, le=500, description="How many a page holds.")
    cursor: int = Field(default=0, ge=0, le=2**63 - 1, description="What the last page gave.")


@blueprint.get(
    "",
    responses={"200": CasesAnswer, **documented(400, 401, 403, 500, 503)},
)
def everything(query: PageParameters) -> Response:
    """List cases of erasure."""
    return answer(_desk().cases(context.actor(), query.limit, query.cursor))


@blueprint.post(
    "",
    responses={"201": CaseAnswer, **documented(400, 401, 403, 413, 415, 500, 503)},
    description="A case for a request that somebody made. Its records are looked for before this "
    "answers; every record is looked at, so it takes its time.",
    openapi_extensions=json_body(CaseRequest),
)
def open_case() -> Response:
    """Open a case of erasure."""
    opened = _desk().open(context.actor(), body_of(CaseRequest))
    response = answer(opened, 201)
    response.headers["Location"] = url_for("erasures.show", id=opened.id)
    return response


@blueprint.get(
    "/<uuid:id>",
    responses={"200": CaseAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: CasePath) -> Response:
    """Show one case, and how far it is."""
    return answer(_desk().case(context.actor(), path.id))


@blueprint.get(
    "/<uuid:id>/records",
    responses={"200": CaseRecordsAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="What is proposed for each record and on which grounds, as of now, and what was "
    "decided. It tells who, when and through what, and nothing that was said.",
)
def records(path: CasePath, query: RecordsParameters) -> Response:
    """List the records of a case."""
    return answer(
        _desk().records(context.actor(), FOR_COMPLIANCE, path.id, query.limit, query.cursor)
    )


@blueprint.get(
    "/<uuid:id>/recipients",
    responses={"200": RecipientsAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="Who opened records that are erased or redacted, or decided to be, by the audit "
    "trail.",
)
def recipients(path: CasePath) -> Response:
    """Say who is to be told."""
    return answer(_desk().recipients(context.actor(), path.id))


_CHANGED = {"200": CaseAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)}
_DONE = {"200": CaseAnswer, **documented(400, 401, 403, 404, 409, 500, 503)}


@blueprint.post(
    "/<uuid:id>/find",
    responses=_DONE,
    description="Looks at what came in or changed since the last time. 409 where it is closed.",
)
def find(path: CasePath) -> Response:
    """Look for further records of a case."""
    return answer(_desk().find(context.actor(), path.id))


@blueprint.post(
    "/<uuid:id>/extend",
    responses=_CHANGED,
    description="Two months more, once, before the day has passed. 409 else.",
    openapi_extensions=json_body(CaseExtension),
)
def extend(path: CasePath) -> Response:
    """Extend the time to answer."""
    return answer(_desk().extend(context.actor(), path.id, body_of(CaseExtension).reason))


@blueprint.post(
    "/<uuid:id>/decide",
    responses=_CHANGED,
    description="For records by id, for all of one proposal, or for all that nothing is decided "
    "of. `redact` keeps a record for the others who take part, without the person and without what "
    "was captured. 400 where something forbids to erase or redact one. 409 while it is carried "
    "out, or closed.",
    openapi_extensions=json_body(CaseDecision),
)
def decide(path: CasePath) -> Response:
    """Decide what becomes of records."""
    return answer(_desk().decide(context.actor(), path.id, body_of(CaseDecision)))


@blueprint.post(
    "/<uuid:id>/lift",
    responses=_CHANGED,
    description="They are open to all again, and stay; also once the case is closed. 400 for one "
    "that the case does not restrict.",
    openapi_extensions=json_body(CaseLifting),
)
def lift(path: CasePath) -> Response:
    """Lift the restriction of records."""
    return answer(_desk().lift(context.actor(), path.id, body_of(CaseLifting)))


@blueprint.post(
    "/<uuid:id>/execute",
    responses={"202": CaseAnswer, **documented(400, 401, 403, 404, 409, 500, 503)},
    description="By somebody who decided none of the records that go. The leading worker begins "
    "within a minute, and the case tells how far it is. 409 where nothing is to go.",
)
def execute(path: CasePath) -> Response:
    """Order that what is decided to be erased or redacted is."""
    return answer(_desk().order(context.actor(), path.id), 202)


@blueprint.post(
    "/<uuid:id>/close",
    responses=_CHANGED,
    description="409 while it is carried out, and for `answered` where of a record it is not "
    "decided what becomes of it, or that has not become of it.",
    openapi_extensions=json_body(CaseClosing),
)
def close(path: CasePath) -> Response:
    """Close a case."""
    return answer(_desk().close(context.actor(), path.id, body_of(CaseClosing)))


def _desk() -> ErasureDesk:
    return erasure_desk(context.archive())
