"""Whether an archive can answer, and how far its followers are: what health checks are told."""

from typing import TYPE_CHECKING

from archive.capture.station import COMMITTER_LOCK
from archive.errors import MunimentError
from archive.events.server import HostLock
from archive.model.interaction import Frozen

if TYPE_CHECKING:
    from archive.opening import Archive


class FollowerState(Frozen):
    """How far one follower has come; `lag` is in events."""

    name: str
    position: int
    lag: int


class Health(Frozen):
    """Whether the service can answer, and if not, why.

    `notes` say how the index came to be, what went wrong with its snapshots, and that the log has
    stopped. `erasures_pending` are condemned and not known to be destroyed.
    """

    ready: bool
    last_seq: int
    followers: tuple[FollowerState, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    erasures_pending: int = 0


def health_of(archive: "Archive") -> Health:
    """Return whether the archive can answer, and how far its followers are."""
    problems: list[str] = []
    last = 0
    try:
        last = archive.pointers.last_seq()
        # With a key that does not open the keyring in force nothing can be committed, and so no
        # read be recorded: not here, and not by a committer that was started with the same.
        archive.held_keyring.reach(archive.pointers.keyring_state().in_force)
    except MunimentError as error:
        problems.append(str(error))
    if not archive.committing and not HostLock.is_held(archive.run_folder / COMMITTER_LOCK):
        problems.append("No committer is running: nothing can be captured or read.")
    states: list[FollowerState] = []
    for name, read in (
        ("catalog", archive.catalog.position),
        ("trail", archive.trail.position),
        ("index", archive.search_source.position),
        ("log", archive.log_head.position),
    ):
        try:
            position = read()
        except MunimentError as error:
            problems.append(str(error))
            position = 0
        states.append(FollowerState(name=name, position=position, lag=max(0, last - position)))
    notes, pending = archive.search_source.notes(), 0
    if not problems:
        locks = archive.lock_book.read()
        if locks is not None:
            # Only where a policy demands locks.
            lag = max(0, last - locks.seq)
            states.append(FollowerState(name="locks", position=locks.seq, lag=lag))
        notes += archive.log_head.notes() + archive.jobs.notes() + archive.lock_book.notes()
        pending = len(archive.catalog.unfinished_erasures())
    return Health(
        ready=not problems,
        last_seq=last,
        followers=tuple(states),
        problems=tuple(problems),
        notes=notes,
        erasures_pending=pending,
    )
