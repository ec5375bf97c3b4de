"""`/v1/tokens`: tokens for programs."""

from typing import Literal
from uuid import UUID

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, answer_page
from api.v1.shapes import SECURITY, answer, body_of, json_body
from archive.model.interaction import Frozen
from archive.model.moment import Moment
from archive.model.roles import Permission
from archive.users.administration import LONGEST_LABEL
from archive.users.answers import NewTokenAnswer, TokenAnswer, TokensAnswer, tokens_of

PurposeKind = Literal[
    "matter", "compliance", "data-subject-request", "operations", "training", "compensation"
]

blueprint = APIBlueprint(
    "tokens",
    __name__,
    url_prefix="/v1/tokens",
    abp_tags=[Tag(name="tokens", description="Tokens for programs.")],
    abp_security=SECURITY,
)


class NewToken(Frozen):
    """A token to be made: of whoever asks, or of another user for who administers.

    No permissions or purposes mean all that the user's roles give; no time, that it never expires.
    """

    user: UUID | None = None
    label: str = Field(default="", max_length=LONGEST_LABEL)
    permissions: tuple[Permission, ...] = ()
    purposes: tuple[PurposeKind, ...] = ()
    expires_at: Moment | None = None


BODIES: tuple[type[BaseModel], ...] = (NewToken,)


class TokenParameters(PageParameters):
    """Whose tokens are meant, and which page of them."""

    user: UUID | None = Field(default=None, description="A user's id; your own if left.")


class TokenPath(BaseModel):
    """Which token is meant."""

    id: str = Field(description="The token's id, which is not its text.")


@blueprint.get(
    "",
    responses={"200": TokensAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="Without their texts, which nobody knows any more.",
)
def list_tokens(query: TokenParameters) -> Response:
    """List a user's tokens, the newest first."""
    actor = context.actor()
    user = context.archive().administration.show(actor, str(query.user or actor.id))
    told = TokensAnswer(tokens=tuple(tokens_of(user, context.clock().now())))
    # Tokens of one time stand as they were given out; none ever leaves the list.
    number = {token.id: number for number, token in enumerate(reversed(told.tokens))}
    return answer_page(told, "tokens", lambda token: (-number[token.id],), query)


@blueprint.post(
    "",
    responses={"201": NewTokenAnswer, **documented(400, 401, 403, 404, 413, 415, 503)},
    description="The text in `token` is told this once.",
    openapi_extensions=json_body(NewToken),
)
def create() -> Response:
    """Give out a token."""
    new, actor = body_of(NewToken), context.actor()
    administration = context.archive().administration
    holder = str(new.user or actor.id)
    text, token = administration.issue_token(
        actor,
        holder,
        label=new.label,
        permissions=new.permissions,
        purposes=new.purposes,
        expires_at=new.expires_at,
    )
    told = TokenAnswer.of(administration.show(actor, holder), token, context.clock().now())
    return answer(NewTokenAnswer(token=text, **told.model_dump()), 201)


@blueprint.delete(
    "/<string:id>",
    responses={"200": TokenAnswer, **documented(400, 401, 403, 404, 503)},
    description="Your own, or anybody's for who administers; it opens nothing from then on.",
)
def revoke(path: TokenPath) -> Response:
    """Revoke a token."""
    holder, token = context.archive().administration.revoke_token(context.actor(), path.id)
    return answer(TokenAnswer.of(holder, token, context.clock().now()))
