"""`/v1/search`: find interactions by a query."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from api import context
from api.problems import documented
from api.v1.shapes import SECURITY, Parameters, PurposeHeader, answer
from archive.access.search_answers import Filter, SearchAnswer, SearchRequest, Sort

blueprint = APIBlueprint(
    "search",
    __name__,
    url_prefix="/v1/search",
    abp_tags=[Tag(name="search", description="Finding what is archived.")],
    abp_security=SECURITY,
)


class SearchParameters(Parameters):
    """A search in a URL."""

    q: str = Field(default="", description="The query; empty finds everything.")
    limit: int = Field(default=20, ge=1, le=1000, description="How many results a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")
    sort: Sort = Field(default="-date", description="Newest first unless it says otherwise.")
    as_of: int | None = Field(
        default=None, ge=0, description="The sequence number to answer as of; the newest if left."
    )
    facets: bool = Field(default=False, description="Count by channel, source, month and more.")
    filter: list[str] = Field(
        default=[],
        description="Narrow to a value of a facet, as in `channel:email`; may come many times.",
    )
    count: bool = Field(default=False, description="Only count; the page of results is empty.")
    hash: bool = Field(
        default=False, description="Hash the results however many they are, not only up to 20,000."
    )


@blueprint.get(
    "",
    responses={"200": SearchAnswer, **documented(400, 401, 403, 500, 503)},
    description="The total is exact, and true as of the sequence number in `as_of`.",
)
def search(query: SearchParameters, header: PurposeHeader) -> Response:
    """Search the archive."""
    purpose = context.purpose(header.muniment_purpose)
    asked = SearchRequest(
        query=query.q,
        filters=tuple(map(Filter.parse, query.filter)),
        **query.model_dump(exclude={"q", "filter"}),
    )
    return answer(context.archive().access.search(context.actor(), purpose, asked))
