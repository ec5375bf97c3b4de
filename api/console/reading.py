"""One record, its history and its original, and the conversation that it stands in."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Response, render_template, request
from pydantic import ValidationError

from api import context, headers, problems
from api.console.asked import Asked
from api.console.site import governs, signed_in
from api.problems import ProblemError
from api.v1.interactions import download
from api.v1.policies import FOR_COMPLIANCE
from api.v1.shapes import AsOfParameters, VersionParameters, answer
from archive.errors import InvalidError
from archive.model.roles import View
from archive.query.tree import EVERYTHING
from policies.answers import RetentionAnswer
from policies.desk import retention_desk

CONVERSATION_PAGE = 50


def record(id: UUID) -> Response:
    """Show one record, as it stands or as it stood."""
    signed_in()
    asked = _way_back()
    as_of = _version()
    access = context.archive().access
    shown = access.show(context.actor(), context.purpose(), id, as_of=as_of)
    page = render_template(
        "record.html",
        record=shown,
        as_of=as_of,
        asked=asked,
        sought=asked.sought if asked else EVERYTHING,
        kept=_why(id) if governs(context.actor()) else None,
    )
    response = Response(page)
    if shown.html_text is not None and shown.view is View.FULL:
        response.headers["Content-Security-Policy"] = headers.FRAMING_POLICY
    return response


def retention(id: UUID) -> str:
    """Show why one record is still here, to whoever governs; without its content."""
    signed_in()
    return render_template("retention.html", kept=_why(id), asked=_way_back())


def as_sent(id: UUID) -> Response:
    """Show the HTML of one record, cleaned, as a document that can do nothing."""
    # Its parser is needed here alone.
    from api.console.cleaning import cleaned

    signed_in()
    access = context.archive().access
    found = cleaned(access.as_sent(context.actor(), context.purpose(), id, as_of=_version()))
    response = Response(render_template("as_sent.html", body=found.html, remote=found.remote))
    headers.frame(response)
    return response


def conversation(id: UUID) -> str:
    """Show a conversation in order of time."""
    signed_in()
    asked = _way_back()
    page = context.archive().access.conversation(
        context.actor(),
        context.purpose(),
        id,
        limit=CONVERSATION_PAGE,
        cursor=request.args.get("after"),
    )
    return render_template(
        "conversation.html",
        conversation=page,
        asked=asked,
        sought=asked.sought if asked else EVERYTHING,
    )


def original(id: UUID) -> Response:
    """Download the captured bytes of one record."""
    signed_in()
    access = context.archive().access
    return download(access.original(context.actor(), context.purpose(), id, as_of=_version()))


def attachment(id: UUID) -> Response:
    """Download one attachment of one record."""
    signed_in()
    access = context.archive().access
    part = request.args.get("part", "")
    return download(
        access.attachment(context.actor(), context.purpose(), id, part, as_of=_version())
    )


def proof(id: UUID) -> Response:
    """Download the proof that a record is in the log, with its evidence."""
    signed_in()
    version = _proved()
    access = context.archive().access
    response = answer(access.prove(context.actor(), context.purpose(), id, version=version))
    response.headers.set("Content-Disposition", "attachment", filename=f"{id}.proof.json")
    return response


def history(id: UUID) -> str:
    """Show what happened to one record."""
    signed_in()
    answer = context.archive().access.history(context.actor(), context.purpose(), id)
    return render_template("history.html", history=answer, asked=_way_back())


def similar(id: UUID) -> str:
    """Show the records that are likest to one."""
    signed_in()
    found = context.archive().access.similar(context.actor(), context.purpose(), id)
    return render_template("similar.html", similar=found, asked=_way_back())


def _why(id: UUID) -> RetentionAnswer:
    return retention_desk(context.archive()).why(context.actor(), FOR_COMPLIANCE, id)


def _way_back() -> Asked | None:
    """Give the search that the record was opened from; one that is wrong leads nowhere."""
    if "q" not in request.args:
        return None
    try:
        return Asked.of(request.args)
    except (ProblemError, InvalidError):
        return None


def _version() -> int | None:
    """Read which version is asked for; it has a name of its own beside the search's `as_of`."""
    with _telling_of_parameters():
        return AsOfParameters.model_validate({"as_of": request.args.get("version") or None}).as_of


def _proved() -> int | None:
    """Read the number of the version that is to be proved."""
    with _telling_of_parameters():
        return VersionParameters.model_validate(
            {"version": request.args.get("number") or None}
        ).version


@contextmanager
def _telling_of_parameters() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        problem = problems.of_validation(error)
        raise ProblemError(problems.INVALID_REQUEST, problem.detail) from error
