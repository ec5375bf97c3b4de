"""Opening an archive for those who ask of it: with all that a query may name."""

from collections.abc import Iterator
from contextlib import contextmanager

from archive.opening import Archive, open_archive
from archive.settings import Settings
from policies.holds.naming import hold_names


@contextmanager
def open_for_questions(settings: Settings, *, commits: bool = True) -> Iterator[Archive]:
    """Open the archive that the settings name, as `open_archive` does; queries may name holds."""
    with open_archive(settings, commits=commits) as archive:
        archive.access.naming.add("hold", hold_names(archive))
        yield archive
