"""Doors for whoever runs the service: alive, ready, and how much of everything."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import context
from api import metrics as metrics_text
from api.problems import NOT_READY, ProblemError, documented
from api.v1.shapes import SECURITY, answer
from archive.health import Health
from archive.model.roles import Permission

blueprint = APIBlueprint(
    "service",
    __name__,
    abp_tags=[Tag(name="service", description="For whoever runs it.")],
    abp_responses=documented(400),
)


@blueprint.get(
    "/healthz",
    responses={"200": {"description": "Alive.", "content": {"text/plain": {}}}},
    description="Answers without a token as long as the process does.",
)
def healthz() -> Response:
    """Say that the process is alive."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get(
    "/readyz",
    security=SECURITY,
    responses={"200": Health, **documented(401, 503)},
    description="503 with the reasons in `problems` while the index or the committer is behind.",
)
def readyz() -> Response:
    """Say whether the service can do its work."""
    health = context.archive().health()
    if not health.ready:
        raise ProblemError(
            NOT_READY,
            " ".join(health.problems) or "The service is starting.",
            problems=health.problems,
        )
    return answer(health)


@blueprint.get(
    "/metrics",
    security=SECURITY,
    responses={
        "200": {
            "description": "Prometheus text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **documented(401, 403, 503),
    },
    description="For roles that operate the service; counts only, no content.",
)
def metrics() -> Response:
    """Give the counters of this service."""
    archive = context.archive()
    archive.audit.require(context.actor(), Permission.OPERATE, "metrics")
    text = metrics_text.exposition(archive.health())
    return Response(text, content_type=metrics_text.MEDIA_TYPE)
