"""Opening an archive for those who ask of it: with all that a query may name."""

from collections.abc import Iterator
from contextlib import contextmanager

from archive.opening import Archive, open_archive
from archive.query.naming import Names
from archive.settings import Settings


@contextmanager
def open_for_questions(settings: Settings, *, commits: bool = True) -> Iterator[Archive]:
    """Open the archive that the settings name, as `open_archive` does; queries may name holds."""
    with open_archive(settings, commits=commits) as archive:
        archive.access.naming.add("hold", lambda: _hold_names(archive))
        yield archive


def _hold_names(archive: Archive) -> Names:
    # Most of what opens an archive asks for no holds, and need not wait for what knows them.
    from policies.holds.naming import hold_names

    return hold_names(archive)
