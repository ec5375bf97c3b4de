"""Reading the policies from their events, always as of now.

What is in force never depends on how far a follower has come.
"""

from uuid import UUID

from archive.errors import CorruptError
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.folding import fold
from policies.policy import Book, evolve, lose


class PolicyBook:
    """Reads all policies. Safe for threads: it keeps nothing."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity

    @property
    def stream(self) -> UUID:
        """The id of the one stream in which all policies stand."""
        return self._identity.stream("policies")

    def readable(self) -> Book:
        """Return all policies, as `read`; CorruptError where it is not known what one demands."""
        book = self.read()
        if book.unreadable:
            raise CorruptError(
                "An event of the policies cannot be read, so it is not known what they demand: "
                "nothing goes until it can. Run muniment verify."
            )
        return book

    def newest(self) -> int:
        """Return the version of their newest event; UnavailableError as `read`."""
        rows = self._pointers.select_pointers(self.stream, gt=None, lte=None, desc=True, limit=1)
        return rows[0].originator_version if rows else 0

    def read(self) -> Book:
        """Return all policies; UnavailableError where the database or the bucket do not answer."""
        rows = self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )
        return fold(Book(), rows, self._opener, self._mapper, evolve, lose)


def policy_book(archive: Archive) -> PolicyBook:
    """Return what reads the policies of an archive."""
    return PolicyBook(archive.pointers, archive.opener, archive.mapper, archive.identity)
