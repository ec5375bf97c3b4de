"""`/v1/audit`: the audit trail, for those who check what was done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.shapes import SECURITY, Parameters, PurposeHeader, answer
from archive.events.audit import FOR_OPERATIONS
from archive.model.moment import Moment
from archive.model.roles import Purpose
from archive.trail import written
from archive.trail.answers import AccessReview, TrailPage, WhoSaw
from archive.trail.asked import Order, TrailFilter, TrailRequest
from archive.trail.desk import PERIOD

CSV, NDJSON = "text/csv", "application/x-ndjson"
WHOLE_SINCE = "Muniment-Whole-Since"
_TEXT = {"schema": {"type": "string"}}
_AS_CSV = {CSV: _TEXT}

blueprint = APIBlueprint(
    "audit",
    __name__,
    url_prefix="/v1/audit",
    abp_tags=[Tag(name="audit", description="Who did what, when, why and from where.")],
    abp_security=SECURITY,
)


class ExportParameters(TrailFilter):
    """What is to be exported, and how."""

    order: Order = Field(default="oldest", description="The order, which is that of the log.")
    form: Literal["ndjson", "csv"] = Field(default="ndjson", description="How it is written.")


class _ReportParameters(Parameters):
    since: Moment | None = Field(default=None, description="From this time on.")
    until: Moment | None = Field(default=None, description="Before this time.")
    form: Literal["json", "csv"] = Field(default="json", description="How it is written.")


class WhoSawParameters(_ReportParameters):
    """What the report of who saw what is about."""

    about: str = Field(
        min_length=1,
        max_length=1000,
        description="A record's id, a person's address, or a custodian; what it is may stand "
        "before a colon, as in `person:ann@example.com`.",
    )


class ReviewParameters(_ReportParameters):
    """What the review of access looks back on."""

    dormant_days: int = Field(
        default=PERIOD.days, ge=1, le=36_500, description="After how many days without an act."
    )


@blueprint.get(
    "",
    responses={"200": TrailPage, **documented(400, 401, 403, 404, 500, 503)},
    description="All filters that are given apply. The total is exact, and true with its pages as "
    "of the sequence number in `as_of`. Reading it is itself an act. 404 for a user whom there is "
    "not.",
)
def page(query: TrailRequest, header: PurposeHeader) -> Response:
    """Read the audit trail."""
    trail = context.archive().trail
    return answer(trail.page(context.actor(), _purpose(header), query))


@blueprint.get(
    "/export",
    responses={
        "200": {
            "description": "An entry a line, as a stream; the number of them is in "
            f"`Muniment-Total`, and from when on none is missing in `{WHOLE_SINCE}`.",
            "content": {NDJSON: _TEXT, **_AS_CSV},
        },
        **documented(400, 401, 403, 404, 500, 503),
    },
)
def export(query: ExportParameters, header: PurposeHeader) -> Response:
    """Export the audit trail."""
    asked = TrailFilter.model_validate(query.model_dump(include=set(TrailFilter.model_fields)))
    trail = context.archive().trail
    exported = trail.export(context.actor(), _purpose(header), asked, query.order)
    if query.form == "csv":
        response = _csv(written.csv_of_entries(exported.entries), "audit")
    else:
        response = Response(_begun(written.ndjson(exported.entries)), mimetype=NDJSON)
        _attach(response, "audit.ndjson")
    response.headers["Muniment-Total"] = str(exported.total)
    return _whole(response, exported.whole_since)


@blueprint.get(
    "/reports/who-saw",
    responses={
        "200": {
            "description": "A line for each user, record and purpose.",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/WhoSaw"}},
                **_AS_CSV,
            },
        },
        **documented(400, 401, 403, 500, 503),
    },
    description="Of a record, a custodian or a person: which users saw which records, when first "
    "and last, for which purpose and how often.",
)
def who_saw(query: WhoSawParameters, header: PurposeHeader) -> Response:
    """Report who saw what about whom."""
    report = context.archive().trail.who_saw(
        context.actor(), _purpose(header), query.about, since=query.since, until=query.until
    )
    if query.form == "csv":
        response = _csv(written.csv_of_sightings(report), "who-saw")
        return _whole(response, report.whole_since)
    return answer(report)


@blueprint.get(
    "/reports/access-review",
    responses={
        "200": {
            "description": "Every user, by name.",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/AccessReview"}},
                **_AS_CSV,
            },
        },
        **documented(400, 401, 403, 500, 503),
    },
    description="Roles, restrictions, tokens, last use, what was read in the period, and what is "
    "worth a look.",
)
def access_review(query: ReviewParameters, header: PurposeHeader) -> Response:
    """Report what every user may do and did."""
    report = context.archive().trail.access_review(
        context.actor(),
        _purpose(header),
        since=query.since,
        until=query.until,
        dormant=timedelta(days=query.dormant_days),
    )
    if query.form == "csv":
        response = _csv(written.csv_of_review(report), "access-review")
        return _whole(response, report.whole_since)
    return answer(report)


REPORTS: tuple[type[BaseModel], ...] = (WhoSaw, AccessReview)


def _purpose(header: PurposeHeader) -> Purpose:
    """Give why the trail is read; it holds no content, so that nothing needs to be stated."""
    if header.muniment_purpose is None and context.session() is None:
        return FOR_OPERATIONS
    return context.purpose(header.muniment_purpose)


def _csv(lines: Iterator[str], name: str) -> Response:
    response = Response(_begun(lines), content_type=f"{CSV}; charset=utf-8; header=present")
    return _attach(response, f"{name}.csv")


def _whole(response: Response, since: datetime | None) -> Response:
    """Say from when on no entry is missing, where the lines themselves cannot."""
    if since is not None:
        response.headers[WHOLE_SINCE] = since.isoformat()
    return response


def _attach(response: Response, filename: str) -> Response:
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def _begun(lines: Iterator[str]) -> Iterator[str]:
    """Read the first line before the answer begins, so that what fails at once is a problem."""
    return chain((next(lines, ""),), lines)
