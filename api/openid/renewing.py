"""A session that a provider vouches for is asked about again, so that leavers lose access."""

from typing import TYPE_CHECKING, Final

from api.sessions import Session, Vouching
from archive.clock import Clock
from archive.errors import UnauthenticatedError, UnavailableError

if TYPE_CHECKING:
    from api.openid.provider import Provider
    from archive.users.provided import ProvidedUsers

ASKED_AGAIN_AFTER: Final = 600
ENDS_AFTER: Final = 900


def vouching(subject: str, refresh_token: str | None, clock: Clock) -> Vouching:
    """Return what a session keeps of being vouched for now."""
    now = int(clock.now().timestamp())
    return Vouching(subject=subject, refresh_token=refresh_token, checked_at=now)


def renewed(
    session: Session,
    provider: "Provider | None",
    users: "ProvidedUsers",
    clock: Clock,
    address: str | None,
) -> Session:
    """Return the session, asked about at the provider if that is due.

    Raises UnauthenticatedError where it has ended by that, and UnavailableError where the
    provider has not answered for so long that it may not go on.
    """
    held = session.vouching
    if held is None:
        return session
    age = int(clock.now().timestamp()) - held.checked_at
    if age < ASKED_AGAIN_AFTER:
        return session
    try:
        if provider is None:
            raise UnauthenticatedError("Nobody signs in by a provider any more.")
        if held.refresh_token is None:
            if age < ENDS_AFTER:
                return session
            raise UnauthenticatedError("The provider has to be asked again; sign in.")
        grant = provider.refresh(held.refresh_token, held.subject)
    except UnavailableError as error:
        if age < ENDS_AFTER:
            return session
        raise UnavailableError(
            f"{error} Your session goes on when it does; signing in by name works meanwhile.",
            retry_after=error.retry_after,
        ) from error
    except UnauthenticatedError as error:
        users.end(session.key, str(error), address)
        raise
    users.renew(session.key, grant.vouched, address)
    kept = vouching(held.subject, grant.refresh_token, clock)
    return session.model_copy(update={"vouching": kept})
