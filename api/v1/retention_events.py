"""`/v1/retention-events`: what happened that clocks of policies start at."""

from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.policies import FOR_COMPLIANCE
from api.v1.shapes import SECURITY, MeantParameters, answer, body_of, json_body
from policies.retention_events.answers import (
    NewRetentionEvent,
    RetentionEventAnswer,
    RetentionEventCancellation,
    RetentionEventCorrection,
    RetentionEventsAnswer,
    RetentionEventSimulation,
    people,
)
from policies.retention_events.desk import RetentionEventDesk, retention_event_desk
from policies.retention_events.event import RetentionEvent

blueprint = APIBlueprint(
    "retention-events",
    __name__,
    url_prefix="/v1/retention-events",
    abp_tags=[
        Tag(name="retention events", description="What happened that clocks of policies start at.")
    ],
    abp_security=SECURITY,
)

BODIES: tuple[type[BaseModel], ...] = (
    NewRetentionEvent,
    RetentionEventCorrection,
    RetentionEventCancellation,
)


class RetentionEventPath(BaseModel):
    """Which retention event is meant."""

    id: UUID = Field(description="Its id.")


@blueprint.get(
    "",
    responses={"200": RetentionEventsAnswer, **documented(400, 401, 403, 500, 503)},
    description="Retention events with all their versions, as of now, the newest first.",
)
def everything(query: PageParameters) -> Response:
    """List retention events."""
    book = _desk().book(context.actor())
    names = context.archive().administration.names(people(book.events.values()))
    told = RetentionEventsAnswer.of(book, context.clock().now(), names)
    # An id begins with its time.
    return answer_page(told, "retention_events", lambda event: (-event.id.int,), query)


@blueprint.post(
    "",
    responses={"201": RetentionEventAnswer, **documented(400, 401, 403, 409, 413, 415, 500, 503)},
    description="That something happened, or will, for the records of a query. Where it may start "
    "a clock, it waits for the approval of somebody else.",
    openapi_extensions=json_body(NewRetentionEvent),
)
def record() -> Response:
    """Record a retention event."""
    event = _desk().record(context.actor(), body_of(NewRetentionEvent))
    response = _told(event, 201)
    response.headers["Location"] = url_for("retention-events.show", id=event.id)
    return response


@blueprint.post(
    "/simulate",
    responses={
        "200": RetentionEventSimulation,
        **documented(400, 401, 403, 413, 415, 500, 503),
    },
    description="What an event would do if it were recorded and approved now: how many records "
    "and bytes, by channel and year, and a sample. Nothing is altered. Every record is looked at, "
    "so it takes its time.",
    openapi_extensions=json_body(NewRetentionEvent),
)
def simulate() -> Response:
    """Say what a retention event would do."""
    wanted = body_of(NewRetentionEvent)
    return answer(_desk().simulate(context.actor(), FOR_COMPLIANCE, wanted))


@blueprint.get(
    "/<uuid:id>",
    responses={"200": RetentionEventAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: RetentionEventPath) -> Response:
    """Show one retention event with all its versions."""
    return _told(_desk().event(context.actor(), path.id))


_WRITTEN = {
    "200": RetentionEventAnswer,
    **documented(400, 401, 403, 404, 409, 413, 415, 500, 503),
}
_SETTLED = {"200": RetentionEventAnswer, **documented(400, 401, 403, 404, 409, 500, 503)}


@blueprint.post(
    "/<uuid:id>/correct",
    responses=_WRITTEN,
    description="When it happened, or for which records; what is left out stays. A later date "
    "counts at once; what shortens waits. 409 while another change of it is pending, and where it "
    "is not in force.",
    openapi_extensions=json_body(RetentionEventCorrection),
)
def correct(path: RetentionEventPath) -> Response:
    """Correct a retention event."""
    wanted = body_of(RetentionEventCorrection)
    return _told(_desk().correct(context.actor(), path.id, wanted))


@blueprint.post(
    "/<uuid:id>/cancel",
    responses=_WRITTEN,
    description="For ever: it did not happen. 409 as for correct.",
    openapi_extensions=json_body(RetentionEventCancellation),
)
def cancel(path: RetentionEventPath) -> Response:
    """Cancel a retention event."""
    wanted = body_of(RetentionEventCancellation)
    return _told(_desk().cancel(context.actor(), path.id, wanted.reason))


@blueprint.post(
    "/<uuid:id>/approve",
    responses=_SETTLED,
    description="403 for whoever proposed it; 409 where no version, or another, waits.",
)
def approve(path: RetentionEventPath, query: MeantParameters) -> Response:
    """Approve the version of a retention event that waits."""
    return _told(_desk().approve(context.actor(), path.id, query.version))


@blueprint.post(
    "/<uuid:id>/withdraw",
    responses=_SETTLED,
    description="Of a version that has not taken effect; 409 where no version, or another, is "
    "pending.",
)
def withdraw(path: RetentionEventPath, query: MeantParameters) -> Response:
    """Withdraw the version of a retention event that is pending."""
    return _told(_desk().withdraw(context.actor(), path.id, query.version))


def _desk() -> RetentionEventDesk:
    return retention_event_desk(context.archive())


def _told(event: RetentionEvent, status: int = 200) -> Response:
    names = context.archive().administration.names(people([event]))
    return answer(RetentionEventAnswer.of(event, context.clock().now(), names), status)
