"""Purges: what would go now, running one, what the others did; and certificates of destruction."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import require_meant, signed_in
from api.problems import of_error
from api.v1.policies import FOR_COMPLIANCE
from archive.errors import ConflictError, CorruptError, InvalidError
from policies.policy import SCHEDULE
from policies.purging import supplement
from policies.purging.answers import CertificateAnswer
from policies.purging.certificate import check
from policies.purging.desk import PurgeDesk
from policies.purging.opening import purge_desk

_PAGE = 25


def purges() -> str:
    """Show the purges that there were."""
    signed_in()
    page = _desk().purges(context.actor(), _PAGE, _cursor())
    return render_template(
        "purges.html", page=page, names=_names(*(each.by for each in page.purges))
    )


def due() -> BaseResponse:
    """Say what a purge would do now, or on a day to come; nothing is altered."""
    signed_in()
    try:
        return Response(_due_page())
    except InvalidError as error:
        message = str(error)
        return Response(render_template("due.html", message=message), of_error(error).status)


def run_purge() -> BaseResponse:
    """Plan a purge of what was shown, once somebody says that it is meant."""
    signed_in()
    try:
        require_meant()
        planned = _desk().request(context.actor(), _day(request.form.get("at", "")))
    except (InvalidError, ConflictError) as error:
        page = render_template("due.html", message=str(error))
        return Response(page, of_error(error).status)
    begun = planned.id or planned.trail.id
    if begun is None:
        return Response(render_template("due.html", told=planned))
    return redirect(url_for("console.purge", id=begun), 303)


def purge(id: UUID) -> str:
    """Show what a purge did, and how far it is."""
    signed_in()
    shown = _desk().purge(context.actor(), id)
    return render_template("purge.html", shown=shown, names=_names(shown.by))


def certificates() -> str:
    """Show the certificates of destruction."""
    signed_in()
    page = _desk().certificates(context.actor(), _PAGE, _cursor())
    return render_template("certificates.html", page=page)


def certificate(id: UUID) -> str:
    """Show one certificate, to be read by whoever checks what was destroyed."""
    signed_in()
    found = _desk().certificate(context.actor(), id)
    return render_template(
        "certificate.html",
        shown=found.certificate,
        note=found.note,
        supplement=found.supplement,
        fault=_fault(found),
        scheduled=found.certificate.by == SCHEDULE,
    )


def _fault(found: CertificateAnswer) -> str | None:
    """Say why a signature of a certificate, or its supplement, does not check; None if it does."""
    verifier, added = context.archive().log.verifier, found.supplement
    try:
        check(found.document, found.note, verifier)
        if added is not None:
            supplement.check(added.document, added.note, found.document, verifier)
    except CorruptError as error:
        return str(error)
    return None


def _due_page() -> str:
    at = _day(request.args.get("at", ""))
    told = _desk().dry_run(context.actor(), FOR_COMPLIANCE, at)
    return render_template(
        "due.html",
        told=told,
        at=request.args.get("at", ""),
        permitted=at is None or context.archive().keyring.sandbox,
    )


def _day(text: str) -> datetime | None:
    """Read a day, as a browser sends it, as the time at which it begins in UTC; None for now."""
    if not text.strip():
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidError("A day is written as 2031-08-01.") from None
    return None if day.date() == context.clock().now().astimezone(UTC).date() else day


def _cursor() -> int | None:
    stated = request.args.get("cursor", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else None


def _names(*ids: str | None) -> dict[str, str]:
    known = {id for id in ids if id is not None}
    found = dict(context.archive().administration.names(known - {SCHEDULE}))
    return {**found, SCHEDULE: "the daily schedule"}


def _desk() -> PurgeDesk:
    return purge_desk(context.archive())
