"""`/v1/people`: who is behind which addresses and names."""

from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters
from api.v1.shapes import SECURITY, PurposeHeader, answer, body_of, json_body
from archive.model.interaction import Frozen
from archive.model.person import KnownPerson
from archive.model.roles import Purpose
from archive.people.answers import PeopleAnswer

blueprint = APIBlueprint(
    "people",
    __name__,
    url_prefix="/v1/people",
    abp_tags=[Tag(name="people", description="Who is behind which addresses and names.")],
    abp_security=SECURITY,
)


class PersonPath(BaseModel):
    """Which person is meant."""

    id: UUID = Field(description="The person's id.")


class PeopleParameters(PageParameters):
    """A page of people in a URL."""

    find: str = Field(default="", description="A text that the name or an alias holds.")


class NewPerson(Frozen):
    """A person who is recorded, or split off from another."""

    name: str = Field(description="What they are called; queries find them by it.")
    aliases: tuple[str, ...] = Field(
        default=(), description="Addresses, or names of who takes part without an address."
    )


class MoreAliases(Frozen):
    """Further aliases of a person."""

    aliases: tuple[str, ...]


class OtherPerson(Frozen):
    """Somebody who is the same person."""

    other: UUID = Field(description="Whose aliases pass over; they are no more.")


BODIES: tuple[type[BaseModel], ...] = (NewPerson, MoreAliases, OtherPerson)
_CHANGED = documented(400, 401, 403, 404, 409, 413, 415, 500, 503)


@blueprint.get(
    "",
    responses={"200": PeopleAnswer, **documented(400, 401, 403, 500, 503)},
    description="In the order in which they were recorded.",
)
def everybody(query: PeopleParameters, header: PurposeHeader) -> Response:
    """List people."""
    desk = context.archive().people_desk
    return answer(
        desk.page(
            context.actor(),
            _purpose(header),
            find=query.find,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


@blueprint.post(
    "",
    responses={"201": KnownPerson, **documented(400, 401, 403, 409, 413, 415, 500, 503)},
    description="409 where somebody else has one of the aliases.",
    openapi_extensions=json_body(NewPerson),
)
def record(header: PurposeHeader) -> Response:
    """Record a person."""
    new = body_of(NewPerson)
    desk = context.archive().people_desk
    return _made(desk.record(context.actor(), _purpose(header), new.name, new.aliases))


@blueprint.get(
    "/<uuid:id>", responses={"200": KnownPerson, **documented(400, 401, 403, 404, 500, 503)}
)
def show(path: PersonPath, header: PurposeHeader) -> Response:
    """Show one person."""
    desk = context.archive().people_desk
    return answer(desk.show(context.actor(), _purpose(header), path.id))


@blueprint.post(
    "/<uuid:id>/aliases",
    responses={"200": KnownPerson, **_CHANGED},
    description="409 where somebody else has one of them; those that are theirs change nothing.",
    openapi_extensions=json_body(MoreAliases),
)
def alias(path: PersonPath, header: PurposeHeader) -> Response:
    """Give a person further aliases."""
    more = body_of(MoreAliases)
    desk = context.archive().people_desk
    return answer(desk.alias(context.actor(), _purpose(header), path.id, more.aliases))


@blueprint.post(
    "/<uuid:id>/merge",
    responses={"200": KnownPerson, **_CHANGED},
    description="The other is no more; all of their aliases pass over.",
    openapi_extensions=json_body(OtherPerson),
)
def merge(path: PersonPath, header: PurposeHeader) -> Response:
    """Say that two are one person."""
    other = body_of(OtherPerson).other
    desk = context.archive().people_desk
    return answer(desk.merge(context.actor(), _purpose(header), path.id, other))


@blueprint.post(
    "/<uuid:id>/split",
    responses={"201": KnownPerson, **_CHANGED},
    description="The aliases, which must be theirs, pass to somebody new, who is answered.",
    openapi_extensions=json_body(NewPerson),
)
def split(path: PersonPath, header: PurposeHeader) -> Response:
    """Say that some aliases of a person are somebody else's."""
    new = body_of(NewPerson)
    desk = context.archive().people_desk
    return _made(desk.split(context.actor(), _purpose(header), path.id, new.name, new.aliases))


def _purpose(header: PurposeHeader) -> Purpose:
    return context.purpose(header.muniment_purpose)


def _made(person: KnownPerson) -> Response:
    response = answer(person, 201)
    response.headers["Location"] = url_for("people.show", id=person.id)
    return response
