"""`/v1/conversations`: a whole conversation, in order of time."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from api import context
from api.problems import documented
from api.v1.shapes import SECURITY, InteractionPath, Parameters, PurposeHeader, answer
from archive.access.answers import ConversationAnswer

blueprint = APIBlueprint(
    "conversations",
    __name__,
    url_prefix="/v1/conversations",
    abp_tags=[Tag(name="conversations", description="What was said back and forth.")],
    abp_security=SECURITY,
)


class PageParameters(Parameters):
    """A page of a conversation in a URL."""

    limit: int = Field(default=50, ge=1, le=200, description="How many records a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")


@blueprint.get(
    "/<uuid:id>",
    responses={"200": ConversationAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="Its records in order of time, undated ones last, across channels and custodians; "
    "erased and damaged ones keep their place. The id of any of its records will do.",
)
def show(path: InteractionPath, query: PageParameters, header: PurposeHeader) -> Response:
    """Read one conversation."""
    purpose = context.purpose(header.muniment_purpose)
    page = context.archive().access.conversation(
        context.actor(), purpose, path.id, limit=query.limit, cursor=query.cursor
    )
    return answer(page)
