"""Problem documents (RFC 9457): the one table from kinds of error to HTTP.

Every answer of 400 and above carries one, as `application/problem+json` or, for a browser, as a
page made from the same fields. Types are stable URIs; programs branch on them, people read the
rest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from archive.asked import why
from archive.errors import (
    ConfigurationError,
    ConflictError,
    CorruptError,
    ForbiddenError,
    GoneError,
    InvalidError,
    LockedError,
    MunimentError,
    NotFoundError,
    SettingError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)
from archive.model.roles import PURPOSES

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One stable kind of problem: its name in the URI, its status and its title."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The `type` of the document."""
        return f"urn:muniment:problem:{self.name}"


INVALID_REQUEST = ProblemType("invalid-request", 400, "The request is not right")
INVALID_QUERY = ProblemType("invalid-query", 400, "The query cannot be understood")
PURPOSE_REQUIRED = ProblemType("purpose-required", 400, "Say why the content is read")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "Sign in first")
FORBIDDEN = ProblemType("forbidden", 403, "This is not allowed")
NOT_FOUND = ProblemType("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "This cannot be done here")
CONFLICT = ProblemType("conflict", 409, "Somebody else was first")
KEY_REUSED = ProblemType("idempotency-key-reused", 409, "The key was used for something else")
GONE = ProblemType("gone", 410, "The record has been erased")
TOO_LARGE = ProblemType("too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "The body has another form")
REJECTED = ProblemType("rejected-interaction", 422, "The interaction cannot be archived")
TOO_MANY_ATTEMPTS = ProblemType("too-many-attempts", 429, "Too many attempts have failed")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 429, "This is asked too often")
LOCKED = ProblemType("locked", 423, "A lock or a hold forbids the change")
CORRUPT = ProblemType("corrupt", 500, "Stored bytes do not check")
INTERNAL = ProblemType("internal", 500, "Something went wrong here")
UNAVAILABLE = ProblemType("unavailable", 503, "A part of the service does not answer")
NOT_READY = ProblemType("not-ready", 503, "The service is not ready")

TYPES = (
    INVALID_REQUEST,
    INVALID_QUERY,
    PURPOSE_REQUIRED,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    CONFLICT,
    KEY_REUSED,
    GONE,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    REJECTED,
    LOCKED,
    TOO_MANY_ATTEMPTS,
    TOO_MANY_REQUESTS,
    CORRUPT,
    INTERNAL,
    UNAVAILABLE,
    NOT_READY,
)

BY_ERROR: Mapping[type[MunimentError], ProblemType] = {
    InvalidError: INVALID_REQUEST,
    UnauthenticatedError: UNAUTHENTICATED,
    ForbiddenError: FORBIDDEN,
    NotFoundError: NOT_FOUND,
    GoneError: GONE,
    ConflictError: CONFLICT,
    LockedError: LOCKED,
    ThrottledError: TOO_MANY_ATTEMPTS,
    CorruptError: CORRUPT,
    UnavailableError: UNAVAILABLE,
    ConfigurationError: UNAVAILABLE,
    SettingError: UNAVAILABLE,
}

BY_STATUS: Mapping[int, ProblemType] = {
    kind.status: kind
    for kind in (
        INVALID_REQUEST,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
    )
}


class Fault(BaseModel):
    """One parameter or header that is not right; what was sent is not repeated."""

    name: str
    reason: str


class Problem(BaseModel):
    """A problem document (RFC 9457): `column` counts from 1 within the query."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    request_id: str = ""
    column: int | None = Field(default=None, ge=1)
    purposes: tuple[str, ...] | None = None
    errors: tuple[Fault, ...] | None = None
    problems: tuple[str, ...] | None = None

    def body(self) -> str:
        """Give the document as JSON, without the members that do not apply."""
        return self.model_dump_json(exclude_none=True)


class ProblemError(MunimentError):
    """A refusal that only a door knows, with its type and further members of the document.

    `retry_after` is in seconds, None where it would not help to come again.
    """

    def __init__(
        self, kind: ProblemType, detail: str, *, retry_after: float | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.retry_after = retry_after
        self.members = members


def of_kind(kind: ProblemType, detail: str, **members: Any) -> Problem:
    """Make the document of a kind."""
    return Problem(type=kind.uri, title=kind.title, status=kind.status, detail=detail, **members)


def of_error(error: MunimentError) -> Problem:
    """Make the document for an error that was raised on purpose."""
    if isinstance(error, ProblemError):
        return of_kind(error.kind, str(error), **error.members)
    if isinstance(error, InvalidError) and error.column is not None:
        return of_kind(INVALID_QUERY, str(error), column=max(1, error.column))
    kind = next((BY_ERROR[base] for base in type(error).__mro__ if base in BY_ERROR), INTERNAL)
    return of_kind(kind, str(error))


def of_http(error: HTTPException) -> Problem:
    """Make the document for what the web framework refused by itself.

    A status without a type of ours keeps its plain meaning, which RFC 9457 writes about:blank.
    """
    status = error.code or 500
    detail = error.description or ""
    kind = BY_STATUS.get(status)
    if kind is not None:
        return of_kind(kind, detail)
    title = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    return Problem(type="about:blank", title=title, status=status, detail=detail)


def of_validation(error: ValidationError) -> Problem:
    """Make the document for parameters that do not have their form."""
    faults = tuple(
        Fault(name=".".join(str(part) for part in item["loc"]), reason=why(item))
        for item in error.errors(include_url=False, include_input=False)
    )
    detail = "; ".join(f"{fault.name}: {fault.reason}" for fault in faults)
    return of_kind(INVALID_REQUEST, f"Not in its form: {detail}.", errors=faults)


def purpose_required(detail: str) -> ProblemError:
    """Make the refusal of a read that does not say why; the document lists the purposes."""
    return ProblemError(PURPOSE_REQUIRED, detail, purposes=PURPOSES)


def headers_for(problem: Problem, error: Exception | None = None) -> dict[str, str]:
    """Give the headers that a status asks for: who may sign in how, and when to come again."""
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="muniment"'}
    seconds = None
    if isinstance(error, ThrottledError | UnavailableError | ProblemError):
        seconds = error.retry_after
    if seconds is None and problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = RETRY_SECONDS
    return {} if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}


def documented(*statuses: int) -> dict[int | str, type[BaseModel] | dict[Any, Any] | None]:
    """Give the OpenAPI responses for these statuses, all of them the one envelope.

    That it is asked too often, which any request may be answered, is added.
    """
    told = {*statuses, 429}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {
            "description": " / ".join(kind.title for kind in TYPES if kind.status == status)
            or HTTPStatus(status).phrase,
            "content": content,
        }
        for status in sorted(told)
    }
