"""Users: all of them for who administers, and one's own account for everybody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.entering import to_sign_in
from api.console.site import one_a_line, signed_in
from api.problems import of_error
from archive.errors import ConflictError, InvalidError, ThrottledError
from archive.model.roles import Permission, Role
from archive.users import totp
from archive.users.answers import UserAnswer, tokens_of
from archive.users.user import User

ROLES = {
    Role.ADMINISTRATOR: "says who may come in; never reads",
    Role.COMPLIANCE_OFFICER: "decides on retention, reviews, purges; works on erasures and "
    "requests for access; reads who and when alone",
    Role.LEGAL: "searches and reads; places holds, keeps matters, reviews what is due",
    Role.TRAINER: "searches and reads under pseudonyms, for training",
    Role.AUDITOR: "checks what was done; never reads",
    Role.COLLECTOR: "captures",
}
"""What each role is for, as it is offered."""
_RESTRICTING = ("custodians", "departments", "matters")
"""The fields of a form that say whose records a user is shown."""
NOTICES = {
    "password": "The password is set, and all their sessions have ended.",
    "ended": "They are signed out everywhere.",
}
"""What is told of a change that the user's page does not show, by the name of its notice."""
LIFETIMES = {30: "30 days", 90: "90 days", 365: "a year", 0: "no end"}


def everybody() -> str:
    """Show all users, and the form for a new one."""
    signed_in()
    return _list()


def register() -> BaseResponse:
    """Register a user and go on to their page."""
    signed_in()
    try:
        user = context.archive().administration.register(
            context.actor(), request.form.get("name", ""), _roles(), *_restriction()
        )
    except (InvalidError, ConflictError) as error:
        return Response(_list(message=str(error)), of_error(error).status)
    return _to(user.id)


def user(id: UUID) -> str:
    """Show one user."""
    signed_in()
    shown = context.archive().administration.show(context.actor(), str(id))
    return _page(shown, notice=NOTICES.get(request.args.get("notice", "")))


def change_roles(id: UUID) -> BaseResponse:
    """Give a user other roles."""
    return _done(
        id,
        lambda: context.archive().administration.change_roles(context.actor(), str(id), _roles()),
    )


def restrict(id: UUID) -> BaseResponse:
    """Show a user the records of those named, one a line; of all if none is."""
    return _done(
        id,
        lambda: context.archive().administration.restrict(
            context.actor(), str(id), *_restriction()
        ),
    )


def change_enabled(id: UUID) -> BaseResponse:
    """Disable or enable a user."""
    administration = context.archive().administration
    change = administration.enable if request.form.get("enabled") else administration.disable
    return _done(id, lambda: change(context.actor(), str(id)))


def set_password(id: UUID) -> BaseResponse:
    """Set a password. Who sets their own signs in anew with it."""
    form, actor = request.form, context.actor()

    def change() -> None:
        if form.get("password", "") != form.get("again", ""):
            raise InvalidError("The two passwords are not the same.")
        context.archive().administration.set_password(
            actor, str(id), form.get("password", ""), current=form.get("current")
        )

    return _done(id, change, ends="password")


def change_codes(id: UUID) -> BaseResponse:
    """Start one's own one-time codes, and show the recovery codes; or stop a user's."""
    administration, actor = context.archive().administration, context.actor()
    if request.form.get("stop"):
        return _done(id, lambda: administration.stop_codes(actor, str(id)))
    signed_in()
    secret = request.form.get("secret", "")
    shown = administration.show(actor, str(id))
    if actor.id != str(id):
        raise InvalidError("One-time codes are started by their user.")
    try:
        recovery = administration.start_codes(actor, secret, request.form.get("code", "").strip())
    except InvalidError as error:
        return Response(_page(shown, message=str(error), secret=secret), of_error(error).status)
    return Response(_page(administration.show(actor, str(id)), recovery=recovery))


def end_sessions(id: UUID) -> BaseResponse:
    """Sign a user out everywhere."""
    administration = context.archive().administration
    return _done(id, lambda: administration.end_sessions(context.actor(), str(id)), ends="ended")


def issue_token(id: UUID) -> BaseResponse:
    """Give out a token and show it, once."""
    signed_in()
    form, administration, actor = request.form, context.archive().administration, context.actor()
    shown = administration.show(actor, str(id))
    try:
        text, _ = administration.issue_token(
            actor,
            str(id),
            label=form.get("label", "").strip(),
            permissions=_permissions(),
            purposes=form.getlist("for"),
            expires_at=_expiry(),
        )
    except (InvalidError, ConflictError) as error:
        return Response(_page(shown, message=str(error)), of_error(error).status)
    return Response(_page(administration.show(actor, str(id)), token=text))


def revoke_token(id: UUID, token_id: str) -> BaseResponse:
    """Revoke a token."""
    administration = context.archive().administration
    return _done(id, lambda: administration.revoke_token(context.actor(), token_id, str(id)))


def _done(id: UUID, change: Callable[[], object], ends: str | None = None) -> BaseResponse:
    """Make a change and show the user again, with the reason where it was refused.

    `ends` names the notice of a change that ends the user's sessions: it is told on their page, or
    to whoever ended their own where they sign in.
    """
    signed_in()
    try:
        change()
    except (InvalidError, ConflictError, ThrottledError) as error:
        shown = context.archive().administration.show(context.actor(), str(id))
        return Response(_page(shown, message=str(error)), of_error(error).status)
    return to_sign_in(ends) if ends and context.actor().id == str(id) else _to(id, ends)


def _to(id: UUID, notice: str | None = None) -> BaseResponse:
    return redirect(url_for("console.user", id=id, notice=notice), 303)


def _list(message: str | None = None) -> str:
    now = context.clock().now()
    found = context.archive().administration.everybody(context.actor())
    return render_template(
        "users.html",
        users=[UserAnswer.of(each, now) for each in found],
        roles=ROLES,
        stated=request.form,
        message=message,
    )


def _page(
    user: User,
    *,
    message: str | None = None,
    notice: str | None = None,
    token: str | None = None,
    secret: str | None = None,
    recovery: list[str] | None = None,
) -> str:
    now, own = context.clock().now(), context.actor().id == str(user.id)
    administration = context.archive().administration
    if own and user.codes is None and user.provided is None and secret is None:
        secret = totp.new_secret(context.clock().random_bytes(totp.SECRET_BYTES))
    tokens = tokens_of(user, now)
    # What was refused stays in its form, to be mended there.
    stated = request.form if message else MultiDict[str, str]()
    shown = UserAnswer.of(user, now)
    kept = {name: "\n".join(getattr(shown, name) or ()) for name in _RESTRICTING}
    details: dict[str, Any] = {
        "shown": shown,
        "stated": stated,
        "sees": stated if stated.keys() >= set(_RESTRICTING) else kept,
        "tokens": tokens,
        "names": administration.names({token.issued_by for token in tokens}),
        "own": own,
        "provider": user.provided.issuer if user.provided else None,
        "whole": context.actor().whole,
        "roles": ROLES,
        "permissions": sorted(user.actor().permissions) if user.roles else [],
        "kinds": user.actor().kinds if user.roles else (),
        "lifetimes": LIFETIMES,
        "message": message,
        "notice": notice,
        "token": token,
        "recovery": recovery,
        "secret": secret,
        "secret_address": totp.address(secret, user.name) if secret else None,
    }
    return render_template("user.html", **details)


def _roles() -> list[Role]:
    try:
        return [Role(each) for each in request.form.getlist("role")]
    except ValueError:
        raise InvalidError("A role is one of " + ", ".join(ROLES) + ".") from None


def _permissions() -> list[Permission]:
    try:
        return [Permission(each) for each in request.form.getlist("permission")]
    except ValueError:
        raise InvalidError("A permission is one of " + ", ".join(Permission) + ".") from None


def _restriction() -> tuple[list[str] | None, list[str] | None, list[str] | None]:
    """Read the custodians, departments and matters to which a user is to be restricted."""
    custodians, departments, matters = (one_a_line(name) or None for name in _RESTRICTING)
    return custodians, departments, matters


def _expiry() -> datetime | None:
    days = request.form.get("days", "")
    if days not in map(str, LIFETIMES):
        raise InvalidError("Choose how long the token lasts.")
    return context.clock().now() + timedelta(days=int(days)) if days != "0" else None
