"""The web application: `create_app` puts the doors together over one archive.

Blueprints only translate between HTTP and the archive. What holds for all of them stands here:
who may come in, how much may be sent, which headers leave, and how errors are told.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from flask import Response, g, redirect, render_template, request, url_for
from flask_openapi3.models.info import Info
from flask_openapi3.models.schema import Schema
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, RequestHeaderFieldsTooLarge
from werkzeug.wrappers import Response as BaseResponse

from api import admission, context, headers, log, problems, published
from api.bodies import Body
from api.console import resending, site
from api.console import views as console
from api.context import Door
from api.problems import Problem
from api.rates import Limits
from api.reference import blueprint as reference
from api.service import blueprint as service
from api.sessions import COOKIE
from api.v1 import (
    access_requests,
    audit,
    audit_retention,
    bulk,
    conversations,
    dispositions,
    erasures,
    holds,
    interactions,
    matters,
    people,
    purges,
    retention_events,
    search,
    searches,
    tokens,
    users,
)
from api.v1 import log as log_proofs
from api.v1 import policies as retention
from archive.clock import Clock, SystemClock
from archive.errors import MunimentError, UnauthenticatedError
from archive.model.interaction import IncomingInteraction
from archive.settings import RATE_LIMIT

if TYPE_CHECKING:
    from api.openid.provider import Provider
    from archive.opening import Archive
    from archive.provider_settings import ProviderSettings

VERSION = "1"
CAPTURE_LIMIT = 64 * 1024 * 1024
BODY_LIMIT = 256 * 1024
HEADERS_LIMIT = 64 * 1024


def create_app(
    archive_provider: "Callable[[], Archive]",
    *,
    clock: Clock | None = None,
    proxies: int = 0,
    rate_limit: int = int(RATE_LIMIT),
    openid: "ProviderSettings | None" = None,
) -> OpenAPI:
    """Make the WSGI application, to which requests come through so many proxies of our own.

    `openid` is the provider that people may sign in by; `rate_limit` is how many requests a minute
    a user may make, 0 for any number.
    `archive_provider` gives this process's open archive; it may raise UnavailableError or
    ConfigurationError, which are answered with 503, so that `/healthz` answers all the same.
    """
    app = OpenAPI(
        "api",
        info=Info(
            title="Muniment",
            version=VERSION,
            description="A compliance archive: capture, search, read, and the evidence for it.",
        ),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=Problem,
        validation_error_callback=_refuse_parameters,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    clock = clock or SystemClock()
    limits = Limits.of(clock, rate_limit)
    provider = _provider_of(openid, clock) if openid else None
    app.extensions[context.EXTENSION] = Door(archive_provider, clock, limits, proxies, provider)
    app.components_schemas.update(_named_schemas())
    for blueprint in (
        interactions.blueprint,
        bulk.blueprint,
        conversations.blueprint,
        search.blueprint,
        searches.blueprint,
        people.blueprint,
        log_proofs.blueprint,
        published.blueprint,
        users.blueprint,
        tokens.blueprint,
        audit.blueprint,
        audit_retention.blueprint,
        retention.blueprint,
        retention.retention,
        retention_events.blueprint,
        holds.blueprint,
        dispositions.blueprint,
        matters.blueprint,
        purges.blueprint,
        purges.certificates,
        erasures.blueprint,
        access_requests.blueprint,
        service,
    ):
        app.register_api(blueprint)
    app.register_blueprint(reference)
    app.register_blueprint(console.blueprint)
    app.before_request(_begin)
    app.before_request(admission.admit)
    app.after_request(_finish)
    app.register_error_handler(MunimentError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)
    return app


def _provider_of(settings: "ProviderSettings", clock: Clock) -> "Provider":
    # What speaks to providers is loaded where there is one.
    from api.openid.provider import Provider

    return Provider(settings, clock)


def _named_schemas() -> dict[str, Schema]:
    """Give the schemas that views name by themselves, as of bodies that they read as bytes."""
    named: dict[str, Any] = {}
    bodies: tuple[type[BaseModel], ...] = (
        IncomingInteraction,
        *users.BODIES,
        *tokens.BODIES,
        *people.BODIES,
        *searches.BODIES,
        *audit.REPORTS,
        *audit_retention.BODIES,
        *retention.BODIES,
        *retention_events.BODIES,
        *holds.BODIES,
        *dispositions.BODIES,
        *matters.BODIES,
        *purges.BODIES,
        *erasures.BODIES,
        *access_requests.BODIES,
    )
    for model in bodies:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        named |= {**schema.pop("$defs", {}), model.__name__: schema}
    return {name: Schema(**value) for name, value in named.items()}


def _begin() -> None:
    g.started = context.clock().monotonic()
    # The web server bounds them too, but by what it happens to have read at once.
    if sum(len(name) + len(value) for name, value in request.headers) > HEADERS_LIMIT:
        raise RequestHeaderFieldsTooLarge("The headers are too large.")
    _check_text(request.query_string)
    # The framework's own limit cuts a body of unknown length there, and says nothing.
    request.environ["wsgi.input"] = Body(
        request.environ["wsgi.input"], request.content_length, _body_limit()
    )


def _body_limit() -> int | None:
    if request.blueprint == bulk.blueprint.name:
        return None
    return CAPTURE_LIMIT if request.blueprint == interactions.blueprint.name else BODY_LIMIT


def _check_text(query: bytes) -> None:
    """Refuse what is not UTF-8: put in its place, a character would make another question."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise problems.ProblemError(
            problems.INVALID_REQUEST, "The address is not in UTF-8; write é as %C3%A9."
        ) from None


def _finish(response: Response) -> Response:
    headers.add(response)
    _renew_session(response)
    found = g.get("actor")
    log.write(
        context.clock(),
        logging.INFO,
        "request",
        request_id=context.request_id(),
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        milliseconds=round((context.clock().monotonic() - g.started) * 1000, 1),
        actor=found.id if found else None,
    )
    if response.is_streamed and request.endpoint != "static":
        response.response = log.Streamed(
            cast(Iterable[bytes], response.response), context.clock(), context.request_id()
        )
    return response


def _renew_session(response: Response) -> None:
    """Note that the session is in use, unless the answer has said something of it already."""
    session = context.session()
    if session is None or COOKIE in "".join(response.headers.getlist("Set-Cookie")):
        return
    renewed = context.sealer().renewed(session)
    if renewed is not None or context.session_has_changed():
        site.with_session(response, renewed or session)


def _wants_page() -> bool:
    """Say whether a person's browser asks; the JSON API has one envelope for everybody."""
    if request.path.startswith("/v1/"):
        return False
    offered = [problems.MEDIA_TYPE, "text/html"]
    return request.accept_mimetypes.best_match(offered) == "text/html"


def _answer(problem: Problem, error: Exception | None = None) -> Response:
    problem = problem.model_copy(update={"request_id": context.request_id()})
    if _wants_page() and request.endpoint == "console.as_sent":
        # A browser puts no other page into its frame.
        response = Response(render_template("as_sent.html", problem=problem), problem.status)
        headers.frame(response)
    elif _wants_page():
        page = render_template("error.html", problem=problem, back=_back(problem.status))
        response = Response(page, problem.status)
    else:
        response = Response(problem.body(), problem.status, mimetype=problems.MEDIA_TYPE)
    response.headers.update(problems.headers_for(problem, error))
    return response


def _back(status: int) -> str | None:
    """Give a page that tells what became of a form that met an error; None where none does."""
    if not resending.is_form() or status == problems.FORBIDDEN.status:
        return None
    above = site.page_above(request.path)
    if status == problems.NOT_FOUND.status:
        above = site.page_above(above.rpartition("/")[0])
    return None if above == url_for("console.search") else above


def _refuse(error: MunimentError) -> BaseResponse:
    if isinstance(error, UnauthenticatedError) and request.method == "GET" and _wants_page():
        back = request.full_path.rstrip("?")
        response = redirect(url_for("console.sign_in", next=back), 303)
        # A session whose token was revoked would only fail again.
        response.delete_cookie(COOKIE, path="/")
        return response
    problem = problems.of_error(error)
    if isinstance(error, UnauthenticatedError) and resending.is_form() and _wants_page():
        page = resending.page(site.page_above(request.path))
        return Response(page, problem.status, problems.headers_for(problem, error))
    if problem.status == problems.INTERNAL.status:
        _log_failure(error)
    return _answer(problem, error)


def _refuse_http(error: HTTPException) -> BaseResponse:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    response = _answer(problems.of_http(error))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _refuse_parameters(error: ValidationError) -> Response:
    return _answer(problems.of_validation(error))


def _fail(error: Exception) -> Response:
    _log_failure(error)
    return _answer(
        problems.of_kind(
            problems.INTERNAL, "An error that nobody foresaw; the log names it by the request id."
        )
    )


def _log_failure(error: Exception) -> None:
    log.failure(
        context.clock(),
        error,
        request_id=context.request_id(),
        route=request.url_rule.rule if request.url_rule else None,
    )
