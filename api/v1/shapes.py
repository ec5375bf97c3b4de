"""What the views of version 1 share: headers, path parameters, and how answers are written."""

from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import UUID

from flask import Response, has_request_context, request
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from api.problems import INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE, ProblemError, of_validation
from archive.model.interaction import Frozen

INTERACTIONS = Tag(name="interactions", description="What is archived, one by one or many.")
_NOT_UTF_8 = PydanticCustomError("utf8", "It is not percent-encoded UTF-8; write ü as %C3%BC")
_TWICE = PydanticCustomError("twice", "It is there more than once; give it once")
SECURITY: list[dict[str, list[str]]] = [{"token": []}]


class Described(BaseModel):
    """What flask-openapi3 reads from a request; with each one it asks for the schema.

    That takes longer than reading it, so it is made once.
    """

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Return the schema, as of any model; without arguments it must not be changed."""
        if arguments or options:
            return super().model_json_schema(*arguments, **options)
        return _schema_of(cls)


@cache
def _schema_of(model: type[Described]) -> dict[str, Any]:
    return super(Described, model).model_json_schema()


class Parameters(Described, Frozen):
    """The parameters in a URL's query, of which only lists may come several times."""

    @model_validator(mode="before")
    @classmethod
    def _once(cls, given: Any) -> Any:
        if has_request_context():
            told = cls.model_json_schema()["properties"]
            twice = [
                InitErrorDetails(type=_TWICE, loc=(name,), input=None)
                for name, values in request.args.lists()
                if len(values) > 1 and name in told and told[name].get("type") != "array"
            ]
            if twice:
                raise ValidationError.from_exception_data(cls.__name__, twice)
        return given


class PurposeHeader(Described):
    """Why content is read; the console's session may say it instead."""

    muniment_purpose: str | None = Field(
        default=None,
        alias="Muniment-Purpose",
        description="Why the content is read: matter, compliance, data-subject-request, "
        "operations, training or compensation; a detail may follow a colon, where what is not "
        "ASCII, and %, is percent-encoded as UTF-8.",
    )

    @field_validator("muniment_purpose")
    @classmethod
    def _decoded(cls, stated: str | None) -> str | None:
        # Headers are ASCII (RFC 9110): the web server passes on nothing else.
        try:
            return None if stated is None else unquote(stated, errors="strict")
        except UnicodeDecodeError:
            raise _NOT_UTF_8 from None


class IdempotencyHeader(Described):
    """A key of the client's own for one request."""

    idempotency_key: str | None = Field(
        default=None,
        alias="Idempotency-Key",
        # Null, which stands for no header at all, has no pattern.
        json_schema_extra={"pattern": "^[!-~]{1,255}$"},
        description="The same key with another body is refused; capture itself never doubles.",
    )


class InteractionPath(BaseModel):
    """Which interaction is meant."""

    id: UUID = Field(description="The id that capture and search give.")


class AsOfParameters(Parameters):
    """Which version of a record is meant."""

    as_of: int | None = Field(
        default=None, ge=0, description="As it stood as of this sequence number; now if left."
    )


class AttachmentParameters(AsOfParameters):
    """Which attachment of a version of a record is meant."""

    part: str = Field(max_length=200, description="The `part` that the record tells of it.")


class SimilarParameters(Parameters):
    """How many records are wanted."""

    limit: int = Field(default=20, ge=1, le=100, description="How many records at most.")


class VersionParameters(Parameters):
    """Which version of a record is to be proved."""

    version: int | None = Field(
        default=None, ge=1, description="Its number; the newest that was captured if left."
    )


class MeantParameters(Parameters):
    """Which version of what is decided by two people is meant."""

    version: int | None = Field(
        default=None, ge=1, description="Its number, to be sure that it is the one that was seen."
    )


def answer(model: BaseModel, status: int = 200) -> Response:
    """Write a model as the JSON of its public names."""
    return Response(model.model_dump_json(by_alias=True), status, mimetype="application/json")


Body = TypeVar("Body", bound=BaseModel)


def body_of(model: type[Body]) -> Body:
    """Read the request's JSON; ProblemError says which of it is not right, and repeats none."""
    require_media_type(("application/json",))
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        problem = of_validation(error)
        raise ProblemError(INVALID_REQUEST, problem.detail, errors=problem.errors) from None


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Give the OpenAPI part for a body that a view reads by `body_of`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def require_media_type(accepted: tuple[str, ...]) -> None:
    """Raise ProblemError unless the body says it is one of these, or says nothing.

    One that is packed has another form: unpacked it may be far larger than what may be sent.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise ProblemError(
            UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without a Content-Encoding."
        )
    stated = request.mimetype
    if stated and stated not in accepted:
        raise ProblemError(
            UNSUPPORTED_MEDIA_TYPE,
            f"Send the body with a Content-Type of {' or '.join(accepted)}.",
        )
