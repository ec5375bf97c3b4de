"""Changes that are decided over the newest state: whoever was second reads again, decides anew."""

from collections.abc import Callable, Sequence

from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain


def commit_decided(
    committer: Committer, decide: Callable[[], Sequence[Event]], *, tries: int = 5
) -> None:
    """Commit what is decided, nothing if that is nothing; an error of `decide` comes out.

    `decide` reads the newest state each time. Raises ConflictError after so many tries in which
    others were quicker, and UnavailableError where the change cannot be committed.
    """
    for last in range(tries):
        events = decide()
        if not events:
            return
        try:
            committer.commit(Group([plain(event) for event in events]))
        except ConflictError:
            if last == tries - 1:
                raise
        else:
            return
