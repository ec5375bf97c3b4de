"""`/v1/searches`: saved searches, and what can be said of searches beside what they find."""

from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.shapes import SECURITY, Parameters, PurposeHeader, answer, body_of, json_body
from archive.access.saved import NewSearch, SavedSearch, SavedSearchesAnswer
from archive.access.search_answers import SearchAnswer, SearchRequest, Sort
from archive.access.search_reports import HitReport, HitRequest, UnsearchableAnswer

blueprint = APIBlueprint(
    "searches",
    __name__,
    url_prefix="/v1/searches",
    abp_tags=[
        Tag(
            name="searches",
            description="Saved searches, reports on them, and what they cannot find.",
        )
    ],
    abp_security=SECURITY,
)


class HitParameters(Parameters):
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


class UnsearchableParameters(Parameters):
    """A page of what could not be searched, in a URL."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many records a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")
    as_of: int | None = Field(
        default=None, ge=0, description="The sequence number to answer as of; the newest if left."
    )


class SearchPath(BaseModel):
    """Which saved search is meant."""

    id: UUID = Field(description="Its id.")


class ResultParameters(Parameters):
    """A page of what a saved search finds, in a URL."""

    limit: int = Field(default=20, ge=1, le=1000, description="How many results a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")
    sort: Sort = Field(default="-date", description="Newest first unless it says otherwise.")
    facets: bool = Field(default=False, description="Count by channel, source, month and more.")
    count: bool = Field(default=False, description="Only count; the page of results is empty.")
    hash: bool = Field(
        default=False, description="Hash the results however many they are, not only up to 20,000."
    )


BODIES: tuple[type[BaseModel], ...] = (NewSearch,)
_CHANGED = documented(400, 401, 403, 404, 409, 413, 415, 500, 503)


@blueprint.get(
    "",
    responses={"200": SavedSearchesAnswer, **documented(400, 401, 403, 500, 503)},
    description="One's own, and those that are shared, where the purpose shows everything.",
)
def saved(query: PageParameters, header: PurposeHeader) -> Response:
    """List saved searches."""
    purpose = context.purpose(header.muniment_purpose)
    told = context.archive().saved_searches.all(context.actor(), purpose)
    # An id begins with its time.
    return answer_page(told, "searches", lambda search: (search.id.int,), query)


@blueprint.post(
    "",
    responses={"201": SavedSearch, **documented(400, 401, 403, 409, 413, 415, 500, 503)},
    description="The query is kept in its canonical form, with dates in UTC.",
    openapi_extensions=json_body(NewSearch),
)
def save(header: PurposeHeader) -> Response:
    """Save a search."""
    new = body_of(NewSearch)
    purpose = context.purpose(header.muniment_purpose)
    made = context.archive().saved_searches.save(context.actor(), purpose, new)
    response = answer(made, 201)
    response.headers["Location"] = url_for("searches.show", id=made.id)
    return response


@blueprint.get(
    "/<uuid:id>", responses={"200": SavedSearch, **documented(400, 401, 403, 404, 500, 503)}
)
def show(path: SearchPath, header: PurposeHeader) -> Response:
    """Show one saved search."""
    purpose = context.purpose(header.muniment_purpose)
    return answer(context.archive().saved_searches.show(context.actor(), purpose, path.id))


@blueprint.put(
    "/<uuid:id>",
    responses={"200": SavedSearch, **_CHANGED},
    description="For whoever saved it.",
    openapi_extensions=json_body(NewSearch),
)
def change(path: SearchPath, header: PurposeHeader) -> Response:
    """Save a search anew."""
    new = body_of(NewSearch)
    purpose = context.purpose(header.muniment_purpose)
    searches = context.archive().saved_searches
    return answer(searches.change(context.actor(), purpose, path.id, new))


@blueprint.delete(
    "/<uuid:id>",
    responses={"200": SavedSearch, **documented(400, 401, 403, 404, 409, 500, 503)},
    description="For whoever saved it; answers what it was.",
)
def remove(path: SearchPath, header: PurposeHeader) -> Response:
    """Remove a saved search."""
    purpose = context.purpose(header.muniment_purpose)
    return answer(context.archive().saved_searches.remove(context.actor(), purpose, path.id))


@blueprint.get(
    "/<uuid:id>/results",
    responses={"200": SearchAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="As of now: what a search for its query answers.",
)
def results(path: SearchPath, query: ResultParameters, header: PurposeHeader) -> Response:
    """Run a saved search."""
    purpose = context.purpose(header.muniment_purpose)
    asked = SearchRequest(**query.model_dump())
    searches = context.archive().saved_searches
    return answer(searches.run(context.actor(), purpose, path.id, asked))


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
