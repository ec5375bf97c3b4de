"""`/v1/searches`: what can be said about searches, beside what they find."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from api import context
from api.problems import documented
from api.v1.shapes import SECURITY, PurposeHeader, answer
from archive.access.search_reports import HitReport, HitRequest, UnsearchableAnswer
from archive.model.interaction import Frozen

blueprint = APIBlueprint(
    "searches",
    __name__,
    url_prefix="/v1/searches",
    abp_tags=[Tag(name="searches", description="What searches do not find, and reports on them.")],
    abp_security=SECURITY,
)


class HitParameters(Frozen):
    """A hit report in a URL."""

    term: list[str] = Field(
        default=[],
        description="A term, which is a query of its own; may come up to 500 times. Without any, "
        "they are the words, phrases, proximities and people that `q` looks for.",
    )
    q: str = Field(default="", description="Count among what this finds; empty is everything.")
    as_of: int | None = Field(
        default=None, ge=0, description="The sequence number to answer as of; the newest if left."
    )


class UnsearchableParameters(Frozen):
    """A page of what could not be searched, in a URL."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many records a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")
    as_of: int | None = Field(
        default=None, ge=0, description="The sequence number to answer as of; the newest if left."
    )


@blueprint.get(
    "/hits",
    responses={"200": HitReport, **documented(400, 401, 403, 500, 503)},
    description="For each term: how many records it finds, how many documents these are with "
    "their attachments, and how many of the records no other term finds. Exact.",
)
def hits(query: HitParameters, header: PurposeHeader) -> Response:
    """Report what each of several terms finds."""
    purpose = context.purpose(header.muniment_purpose)
    asked = HitRequest(terms=tuple(query.term), query=query.q, as_of=query.as_of)
    return answer(context.archive().hit_reports.report(context.actor(), purpose, asked))


@blueprint.get(
    "/unsearchable",
    responses={"200": UnsearchableAnswer, **documented(400, 401, 403, 500, 503)},
    description="The records that no search finds by all of their words, each with the reason: "
    "not all of it could be read, or it is damaged, or erased.",
)
def unsearchable(query: UnsearchableParameters, header: PurposeHeader) -> Response:
    """List what could not be searched."""
    purpose = context.purpose(header.muniment_purpose)
    page = context.archive().unsearchable.page(
        context.actor(), purpose, limit=query.limit, cursor=query.cursor, as_of=query.as_of
    )
    return answer(page)
