"""How long the audit trail is kept, as a page, and the forms by which that changes."""

from collections.abc import Callable

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from api.problems import of_error
from archive.errors import ConflictError, InvalidError
from archive.model.period import Period
from policies.trail.desk import told, trail_governance
from policies.trail.governance import TrailGovernance
from policies.trail.keeping import DELAY, GRACE, LEAST, TrailBook


def audit_retention() -> str:
    """Show how long the trail is kept, with all versions of that."""
    signed_in()
    return _page(_governance().book(context.actor()))


def propose_audit_retention() -> BaseResponse:
    """Propose what the form says."""

    def propose() -> TrailBook:
        stated = request.form.get("keep", "").strip()
        keep = None if request.form.get("forever") else Period.parse(stated)
        return _governance().propose(context.actor(), keep)

    return _done(propose)


def approve_audit_retention() -> BaseResponse:
    """Approve the version that was shown."""
    return _done(lambda: _governance().approve(context.actor(), _version()))


def withdraw_audit_retention() -> BaseResponse:
    """Withdraw the version that was shown."""
    return _done(lambda: _governance().withdraw(context.actor(), _version()))


def _done(change: Callable[[], TrailBook]) -> BaseResponse:
    """Make a change and show the page, with the reason where it was refused."""
    signed_in()
    try:
        change()
    except (InvalidError, ConflictError) as error:
        page = _page(_governance().book(context.actor()), message=str(error))
        return Response(page, of_error(error).status)
    return redirect(url_for("console.audit_retention"), 303)


def _version() -> int | None:
    """Read which version the form was about, so that no other is decided on."""
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _page(book: TrailBook, *, message: str | None = None) -> str:
    pending = book.pending(context.clock().now())
    return render_template(
        "audit_retention.html",
        shown=told(context.archive(), book),
        own=pending is not None and pending.proposed.by == context.actor().id,
        message=message,
        stated=request.form.get("keep", ""),
        least=LEAST,
        grace=GRACE,
        delay=DELAY,
    )


def _governance() -> TrailGovernance:
    return trail_governance(context.archive())
