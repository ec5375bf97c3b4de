"""Disposition reviews: all of them, and one with its records and the form that decides on them."""

from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import reviews, signed_in
from api.problems import of_error
from api.v1.policies import FOR_COMPLIANCE
from archive.access.search_answers import SearchRequest, SearchResult
from archive.errors import ConflictError, ForbiddenError, InvalidError
from archive.model.roles import Permission, Purpose, View
from policies.reviewing.answers import (
    ApproveRequest,
    DecisionAnswer,
    DispositionAnswer,
    ExtendRequest,
    OpenedAnswer,
    RelabelRequest,
)
from policies.reviewing.desk import DispositionDesk, disposition_desk
from policies.reviewing.disposition import ItemState

_PAGE = 25


def dispositions() -> str:
    """Show the disposition reviews, the undecided alone where that is asked for."""
    signed_in()
    return _list()


def open_dispositions() -> str:
    """Open dispositions for what has become due, and say what was done."""
    signed_in()
    return _list(_desk().open(context.actor()))


def disposition(id: int) -> str:
    """Show one disposition with a page of its records."""
    signed_in()
    return _page(id)


def decide(id: int) -> BaseResponse:
    """Decide on records that were chosen; or show the page again with why that was refused."""
    signed_in()
    try:
        done = _decided(id)
    except (InvalidError, ConflictError, ForbiddenError) as error:
        if not reviews(context.actor()):
            raise
        return Response(_page(id, message=str(error)), of_error(error).status)
    shown = url_for(
        "console.disposition",
        id=id,
        state=_state(),
        # What was decided leaves those that wait, and the next move up to the same place.
        cursor=_number("cursor") or None,
        decided=done.records,
        left_out=done.left_out or None,
    )
    return redirect(shown, 303)


def _decided(id: int) -> DecisionAnswer:
    """Decide as the form says; InvalidError where it does not say what, or about which records."""
    form, actor, desk = request.form, context.actor(), _desk()
    chosen = form.getlist("record")
    everything = form.get("all") == "yes"
    if not chosen and not everything:
        raise InvalidError("Choose the records, or all that wait at the stage.")
    wanted: dict[str, object] = {
        "stage": form.get("stage", ""),
        "comment": form.get("comment", "").strip(),
        "records": None if everything else chosen,
    }
    match form.get("decision"):
        case "approve":
            return desk.approve(actor, id, ApproveRequest.read(wanted))
        case "extend":
            until = form.get("until", "").strip()
            if not until:
                raise InvalidError("Say until which day they are to stay.")
            extended = ExtendRequest.read({**wanted, "until": f"{until}T00:00:00Z"})
            return desk.extend(actor, id, extended)
        case "relabel":
            relabelled = RelabelRequest.read({**wanted, "policy": form.get("policy", "")})
            return desk.relabel(actor, id, relabelled)
    raise InvalidError("Say what is decided: approve, extend or re-label.")


def _desk() -> DispositionDesk:
    return disposition_desk(context.archive())


def _list(opened: OpenedAnswer | None = None) -> str:
    waiting = request.args.get("waiting") == "true"
    page = _desk().everything(context.actor(), _PAGE, _number("cursor") or None, waiting=waiting)
    return render_template("dispositions.html", page=page, waiting=waiting, opened=opened)


def _page(id: int, message: str = "") -> str:
    desk, actor = _desk(), context.actor()
    state, cursor = _state(), _number("cursor")
    shown = desk.show(actor, FOR_COMPLIANCE, id, _PAGE, cursor, state)
    if cursor and not shown.items:
        # What was decided was all of the last page.
        shown = desk.show(actor, FOR_COMPLIANCE, id, _PAGE, 0, state)
    return render_template(
        "disposition.html",
        shown=shown,
        state=state,
        states=[each for each in ItemState if shown.counts[each]],
        told=_told([item.id for item in shown.items if item.channel is not None]),
        # At which of its stages something waits for whoever looks at it.
        deciding=[
            each
            for each in shown.stages
            if each.waiting and each.role in (None, *actor.roles) and _decidable(shown)
        ],
        destinations=desk.destinations(actor, id),
        stated=request.form,
        message=message,
        decided=_number("decided"),
        left_out=_number("left_out"),
    )


def _decidable(shown: DispositionAnswer) -> bool:
    return reviews(context.actor()) and shown.in_force and not shown.unreadable


def _state() -> ItemState | None:
    try:
        return ItemState(request.args.get("state", ""))
    except ValueError:
        return None


def _number(name: str) -> int:
    """Read a number of the address; 0 for what is none."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _told(ids: list[UUID]) -> dict[UUID, SearchResult]:
    """Return who wrote records, and about what, to those whose purpose shows all: by a search."""
    actor, purpose = context.actor(), Purpose.parse(signed_in().purpose)
    shows = purpose.kind in actor.kinds and purpose.view is View.FULL
    if not ids or not shows or Permission.SEARCH not in actor.permissions:
        return {}
    query = " OR ".join(f"id:{each}" for each in ids)
    wanted = SearchRequest(query=query, limit=len(ids))
    found = context.archive().access.search(actor, purpose, wanted)
    return {each.id: each for each in found.results}
