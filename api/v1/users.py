"""`/v1/users`: who may come in, and as what."""

from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from api import context
from api.problems import documented
from api.v1.paging import PageParameters, Place, answer_page
from api.v1.shapes import SECURITY, answer, body_of, json_body
from archive.errors import InvalidError
from archive.model.interaction import Frozen
from archive.model.roles import Role
from archive.users.answers import UserAnswer, UsersAnswer
from archive.users.directory import LONGEST_NAME
from archive.users.user import User

blueprint = APIBlueprint(
    "users",
    __name__,
    url_prefix="/v1/users",
    abp_tags=[Tag(name="users", description="Who may come in, and as what.")],
    abp_security=SECURITY,
)


class NewUser(Frozen):
    """A user to be registered; without custodians, departments or matters they see all records."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    roles: tuple[Role, ...] = Field(min_length=1)
    custodians: tuple[str, ...] | None = Field(default=None, min_length=1)
    departments: tuple[str, ...] | None = Field(default=None, min_length=1)
    matters: tuple[str, ...] | None = Field(default=None, min_length=1)


class UserChange(Frozen):
    """One change of a user: other roles, another restriction, or whether enabled.

    Custodians, departments and matters may be changed together; what is not sent stays. All null
    show all records.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    roles: tuple[Role, ...] = Field(default=(), min_length=1)
    custodians: tuple[str, ...] | None = Field(default=None, min_length=1)
    departments: tuple[str, ...] | None = Field(default=None, min_length=1)
    matters: tuple[str, ...] | None = Field(default=None, min_length=1)
    enabled: bool = True


class NewPassword(Frozen):
    """A password to be set; who sets their own gives the current one too."""

    password: str = Field(repr=False)
    current: str | None = Field(default=None, repr=False)


BODIES: tuple[type[BaseModel], ...] = (NewUser, UserChange, NewPassword)


class UserPath(BaseModel):
    """Which user is meant."""

    id: UUID = Field(description="The user's id.")


@blueprint.get(
    "",
    responses={"200": UsersAnswer, **documented(400, 401, 403, 500, 503)},
    description="Users by name; one who was registered a moment ago may be missing.",
)
def everybody(query: PageParameters) -> Response:
    """List users."""
    now = context.clock().now()
    found = context.archive().administration.everybody(context.actor())
    told = UsersAnswer(users=tuple(UserAnswer.of(user, now) for user in found))
    return answer_page(told, "users", _place, query)


def _place(user: UserAnswer) -> Place:
    # Two whom a provider vouches for may have one name.
    return (user.name.casefold(), user.registered_at.timestamp(), str(user.id))


@blueprint.post(
    "",
    responses={"201": UserAnswer, **documented(400, 401, 403, 409, 413, 415, 503)},
    description="409 where the name is taken: it is never given twice.",
    openapi_extensions=json_body(NewUser),
)
def register() -> Response:
    """Register a user."""
    new = body_of(NewUser)
    user = context.archive().administration.register(
        context.actor(), new.name, new.roles, new.custodians, new.departments, new.matters
    )
    response = _told(user, 201)
    response.headers["Location"] = url_for("users.show", id=user.id)
    return response


@blueprint.get(
    "/<uuid:id>",
    responses={"200": UserAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="For who administers, and for the user.",
)
def show(path: UserPath) -> Response:
    """Show one user."""
    return _told(context.archive().administration.show(context.actor(), str(path.id)))


@blueprint.patch(
    "/<uuid:id>",
    responses={"200": UserAnswer, **documented(400, 401, 403, 404, 409, 413, 415, 503)},
    description="One change a request. 409 for the last administrator.",
    openapi_extensions=json_body(UserChange),
)
def change(path: UserPath) -> Response:
    """Change one user."""
    wanted, actor, id = body_of(UserChange), context.actor(), str(path.id)
    administration = context.archive().administration
    sent = wanted.model_fields_set
    if sent == {"roles"}:
        return _told(administration.change_roles(actor, id, wanted.roles))
    if sent == {"enabled"}:
        changed = administration.enable if wanted.enabled else administration.disable
        return _told(changed(actor, id))
    if not sent or not sent <= {"custodians", "departments", "matters"}:
        raise InvalidError("Send roles, or custodians, departments and matters, or enabled.")
    stands = UserAnswer.of(administration.show(actor, id), context.clock().now())
    only = stands.model_copy(update=wanted.model_dump(exclude_unset=True))
    return _told(
        administration.restrict(actor, id, only.custodians, only.departments, only.matters)
    )


@blueprint.put(
    "/<uuid:id>/password",
    responses={"200": UserAnswer, **documented(400, 401, 403, 404, 413, 415, 429, 503)},
    description="Ends all sessions of the user.",
    openapi_extensions=json_body(NewPassword),
)
def set_password(path: UserPath) -> Response:
    """Set a user's password."""
    wanted = body_of(NewPassword)
    user = context.archive().administration.set_password(
        context.actor(), str(path.id), wanted.password, current=wanted.current
    )
    return _told(user)


@blueprint.delete(
    "/<uuid:id>/codes",
    responses={"200": UserAnswer, **documented(400, 401, 403, 404, 503)},
    description="One-time codes are started by the user, in the console.",
)
def stop_codes(path: UserPath) -> Response:
    """Ask a user for no one-time codes any more."""
    return _told(context.archive().administration.stop_codes(context.actor(), str(path.id)))


@blueprint.delete(
    "/<uuid:id>/sessions", responses={"200": UserAnswer, **documented(400, 401, 403, 404, 503)}
)
def end_sessions(path: UserPath) -> Response:
    """Sign a user out everywhere."""
    return _told(context.archive().administration.end_sessions(context.actor(), str(path.id)))


def _told(user: User, status: int = 200) -> Response:
    return answer(UserAnswer.of(user, context.clock().now()), status)
