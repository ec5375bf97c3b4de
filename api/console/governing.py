"""Policies: all of them, one with its versions, and the forms by which they change."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from api.console.terms import compared
from api.problems import of_error
from api.v1.policies import FOR_COMPLIANCE
from archive.errors import ConflictError, InvalidError, LockedError
from archive.events.policy_events import Terms
from policies.answers import PoliciesAnswer, PolicyAnswer, SimulationAnswer, people
from policies.desk import governance_of, retention_desk
from policies.form import read_policy, write_policy
from policies.governance import Governance
from policies.policy import Policy
from policies.presets import preset, preset_names

_BEGINNING = "plain"
"""The preset that the form begins with."""
_LINE = re.compile(r"Line ([0-9]+): ")


class Pointed(NamedTuple):
    """Why a text was refused, and the line that is meant, where one is."""

    message: str
    number: int | None
    line: str


def policies() -> str:
    """Show all policies."""
    signed_in()
    book = _governance().book(context.actor())
    names = context.archive().administration.names(people(list(book.policies.values())))
    return render_template(
        "policies.html", told=PoliciesAnswer.of(book, context.clock().now(), names)
    )


def policy_form() -> str:
    """Show the form for a new policy, a preset or a change of a policy to begin with."""
    signed_in()
    _governance().require(context.actor(), "policy.propose")
    changed = request.args.get("policy")
    terms = _newest_terms(_governance().policy(context.actor(), changed)) if changed else None
    if terms is not None:
        return _form(write_policy(terms))
    beginning = request.args.get("preset", _BEGINNING)
    return _form(preset(beginning), beginning=beginning)


def propose_policy() -> BaseResponse:
    """Simulate what the form says; propose it once that has been seen."""
    signed_in()
    text = request.form.get("yaml", "").replace("\r\n", "\n")
    try:
        terms = read_policy(text, context.archive().settings.timezone)
        if request.form.get("propose") != _digest(text):
            desk = retention_desk(context.archive())
            simulated = desk.simulate(context.actor(), FOR_COMPLIANCE, terms)
            unseen = "propose" in request.form
            return Response(_form(text, simulated=simulated, unseen=unseen))
        policy = _governance().propose(context.actor(), terms)
    except (InvalidError, ConflictError, LockedError) as error:
        return Response(_form(text, refused=_pointed(error, text)), of_error(error).status)
    return _to(policy.name)


def policy(id: str) -> str:
    """Show one policy."""
    signed_in()
    return _page(_governance().policy(context.actor(), id))


def simulate_policy(id: str) -> BaseResponse:
    """Say what the pending version of a policy would do."""
    signed_in()
    shown = _governance().policy(context.actor(), id)
    pending = shown.pending(context.clock().now())
    if pending is None or pending.terms is None:
        error = ConflictError("No version is pending that could be simulated.")
        return Response(_page(shown, message=str(error)), of_error(error).status)
    desk = retention_desk(context.archive())
    return Response(
        _page(shown, simulated=desk.simulate(context.actor(), FOR_COMPLIANCE, pending.terms))
    )


def approve_policy(id: str) -> BaseResponse:
    """Approve the version that was shown."""
    return _done(id, lambda: _governance().approve(context.actor(), id, _version()))


def withdraw_policy(id: str) -> BaseResponse:
    """Withdraw the version that was shown."""
    return _done(id, lambda: _governance().withdraw(context.actor(), id, _version()))


def end_policy(id: str) -> BaseResponse:
    """Propose that a policy ends."""
    return _done(id, lambda: _governance().disable(context.actor(), id))


def lock_form(id: str) -> str:
    """Ask once more whether a policy is to be locked for ever."""
    signed_in()
    _governance().require(context.actor(), "policy.lock")
    return _lock_page(_governance().policy(context.actor(), id))


def lock_policy(id: str) -> BaseResponse:
    """Lock a policy whose name has been typed."""
    signed_in()
    shown = _governance().policy(context.actor(), id)
    try:
        if request.form.get("name", "").strip() != id:
            raise InvalidError(f"Type the policy's name, {id}, to lock it.")
        _governance().lock(context.actor(), id)
    except (InvalidError, ConflictError) as error:
        return Response(_lock_page(shown, message=str(error)), of_error(error).status)
    return _to(id)


def _done(id: str, change: Callable[[], Policy]) -> BaseResponse:
    """Make a change and show the policy, with the reason where it was refused."""
    signed_in()
    try:
        change()
    except (InvalidError, ConflictError, LockedError) as error:
        shown = _governance().policy(context.actor(), id)
        return Response(_page(shown, message=str(error)), of_error(error).status)
    return _to(id)


def _to(name: str) -> BaseResponse:
    return redirect(url_for("console.policy", id=name), 303)


def _version() -> int | None:
    """Read which version the form was about, so that no other is decided on."""
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _digest(text: str) -> str:
    """Tell a text from another: what is proposed is what was simulated."""
    return sha256(text.encode()).hexdigest()


def _pointed(error: Exception, text: str) -> Pointed:
    found = _LINE.match(str(error))
    lines = text.splitlines()
    number = int(found[1]) if found else None
    line = lines[number - 1] if number is not None and number <= len(lines) else ""
    return Pointed(str(error), number, line)


def _newest_terms(policy: Policy) -> Terms | None:
    """Return what the newest version says that says something and was not withdrawn."""
    versions = reversed(policy.versions)
    return next((each.terms for each in versions if each.terms and not each.withdrawn), None)


def _governance() -> Governance:
    return governance_of(context.archive())


def _form(
    text: str,
    *,
    beginning: str | None = None,
    refused: Pointed | None = None,
    simulated: SimulationAnswer | None = None,
    unseen: bool = False,
) -> str:
    return render_template(
        "policy_form.html",
        text=text,
        beginning=beginning,
        presets=preset_names(),
        refused=refused,
        simulated=simulated,
        digest=_digest(text) if simulated else None,
        unseen=unseen,
    )


def _lock_page(shown: Policy, message: str | None = None) -> str:
    now = context.clock().now()
    return render_template(
        "policy_lock.html", shown=PolicyAnswer.of(shown, now, {}), message=message
    )


def _page(
    shown: Policy, *, message: str | None = None, simulated: SimulationAnswer | None = None
) -> str:
    now = context.clock().now()
    names = context.archive().administration.names(people([shown]))
    found, pending = shown.in_force(now), shown.pending(now)
    details: dict[str, Any] = {
        "shown": PolicyAnswer.of(shown, now, names),
        "changes": compared(found.terms if found else None, pending.terms) if pending else (),
        "own": pending is not None and pending.proposed.by == context.actor().id,
        "message": message,
        "simulated": simulated,
    }
    return render_template("policy.html", **details)
