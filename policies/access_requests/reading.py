"""Reading cases of requests for access from their events."""

from archive.events.access_request_events import AccessRequestOpened
from archive.events.event import Event
from archive.opening import Archive
from policies.access_requests.case import AccessCase, evolve
from policies.requests.reading import CaseReader


class AccessReader(CaseReader[AccessCase]):
    """Reads cases of requests for access."""

    opened = AccessRequestOpened

    def evolve(self, case: AccessCase | None, event: Event) -> AccessCase:
        return evolve(case, event)


def access_reader(archive: Archive) -> AccessReader:
    """Return what reads the cases of requests for access of an archive."""
    return AccessReader(archive.access_requests, archive.pointers, archive.opener, archive.mapper)
