"""`/v1/access-requests`: requests of people for their data, as cases."""

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.erasures import CasePath, RecordsParameters
from api.v1.interactions import download
from api.v1.policies import FOR_COMPLIANCE
from api.v1.purges import PageParameters
from api.v1.shapes import SECURITY, Parameters, PurposeHeader, answer, body_of, json_body
from policies.access_requests.answers import (
    AccessDecision,
    AccessOthers,
    AccessRecordsAnswer,
    AccessRequestAnswer,
    AccessStatement,
)
from policies.access_requests.desk import AccessRequestDesk
from policies.access_requests.opening import access_request_desk
from policies.requests.answers import CaseClosing, CaseExtension, CaseRequest, CasesAnswer

blueprint = APIBlueprint(
    "access_requests",
    __name__,
    url_prefix="/v1/access-requests",
    abp_tags=[Tag(name="access requests", description="Requests of people for their data.")],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (AccessDecision, AccessOthers, AccessStatement)


class PackageParameters(Parameters):
    """Which package is meant."""

    as_of: int | None = Field(
        default=None,
        ge=0,
        le=2**63 - 1,
        description="One that was made as of this number, again; a new one if left.",
    )


@blueprint.get(
    "",
    responses={"200": CasesAnswer, **documented(400, 401, 403, 500, 503)},
)
def everything(query: PageParameters) -> Response:
    """List requests for access."""
    return answer(_desk().cases(context.actor(), query.limit, query.cursor))


@blueprint.post(
    "",
    responses={"201": AccessRequestAnswer, **documented(400, 401, 403, 413, 415, 500, 503)},
    description="A case for a request that somebody made. Its records are looked for before this "
    "answers; every record is looked at, so it takes its time.",
    openapi_extensions=json_body(CaseRequest),
)
def open_case() -> Response:
    """Open a request for access."""
    opened = _desk().open(context.actor(), body_of(CaseRequest))
    response = answer(opened, 201)
    response.headers["Location"] = url_for("access_requests.show", id=opened.id)
    return response


@blueprint.get(
    "/<uuid:id>",
    responses={"200": AccessRequestAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: CasePath) -> Response:
    """Show one case, how far it is, and its packages."""
    return answer(_desk().case(context.actor(), path.id))


@blueprint.get(
    "/<uuid:id>/records",
    responses={"200": AccessRecordsAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="What is proposed for each record, as of now, what was decided, and its files. It "
    "tells who, when and through what, and nothing that was said.",
)
def records(path: CasePath, query: RecordsParameters) -> Response:
    """List the records of a case."""
    return answer(
        _desk().records(context.actor(), FOR_COMPLIANCE, path.id, query.limit, query.cursor)
    )


_CHANGED = {"200": AccessRequestAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 500, 503)}


@blueprint.post(
    "/<uuid:id>/find",
    responses={"200": AccessRequestAnswer, **documented(400, 401, 403, 404, 409, 500, 503)},
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
    "/<uuid:id>/state",
    responses=_CHANGED,
    description="What the package tells of the organisation, in place of what was stated before.",
    openapi_extensions=json_body(AccessStatement),
)
def state(path: CasePath) -> Response:
    """Say what the organisation tells of itself."""
    return answer(_desk().state(context.actor(), path.id, body_of(AccessStatement).statement))


@blueprint.post(
    "/<uuid:id>/name-others",
    responses=_CHANGED,
    description="Names or addresses of people who take part in no record; they have pseudonyms "
    "too.",
    openapi_extensions=json_body(AccessOthers),
)
def name_others(path: CasePath) -> Response:
    """Say who else has a pseudonym."""
    return answer(_desk().name_others(context.actor(), path.id, body_of(AccessOthers).others))


@blueprint.post(
    "/<uuid:id>/decide",
    responses=_CHANGED,
    description="For records by id, for all of one proposal, or for all that nothing is decided "
    "of. 400 where something keeps one from being given.",
    openapi_extensions=json_body(AccessDecision),
)
def decide(path: CasePath) -> Response:
    """Decide whether records are given."""
    return answer(_desk().decide(context.actor(), path.id, body_of(AccessDecision)))


@blueprint.get(
    "/<uuid:id>/package",
    responses={
        "200": {
            "description": "The package, as a ZIP file; Repr-Digest (RFC 9530) gives its SHA-256.",
            "content": {"application/zip": {}},
        },
        **documented(400, 401, 403, 404, 409, 500, 503),
    },
    description="For the purpose data-subject-request, by somebody else than whoever decided what "
    "is in it. It is made anew, and the read is audited with its records. 409 where of a record it "
    "is not decided whether it is given.",
)
def package(path: CasePath, query: PackageParameters, header: PurposeHeader) -> Response:
    """Fetch the package of a case."""
    purpose = context.purpose(header.muniment_purpose)
    made = _desk().package(context.actor(), purpose, path.id, as_of=query.as_of)
    return download(made.file)


@blueprint.post(
    "/<uuid:id>/close",
    responses=_CHANGED,
    description="409 for `answered` where of a record it is not decided whether it is given, or no "
    "package was made of what is decided now.",
    openapi_extensions=json_body(CaseClosing),
)
def close(path: CasePath) -> Response:
    """Close a case."""
    return answer(_desk().close(context.actor(), path.id, body_of(CaseClosing)))


def _desk() -> AccessRequestDesk:
    return access_request_desk(context.archive())
