"""Reading the policies from their events, always as of now.

What is in force never depends on how far a follower has come.
"""

from archive.errors import CorruptError
from archive.opening import Archive
from policies.folding import StreamReader
from policies.policy import Book, evolve, lose


class PolicyBook(StreamReader[Book]):
    """Reads all policies."""

    name = "policies"

    def read(self) -> Book:
        """Return all policies."""
        return self._folded(Book(), self._rows(), evolve, lose)

    def readable(self) -> Book:
        """Return all policies, as `read`; CorruptError where it is not known what one demands."""
        book = self.read()
        if book.unreadable:
            raise CorruptError(
                "An event of the policies cannot be read, so it is not known what they demand: "
                "nothing goes until it can. Run muniment verify."
            )
        return book


def policy_book(archive: Archive) -> PolicyBook:
    """Return what reads the policies of an archive."""
    return PolicyBook(archive.pointers, archive.opener, archive.mapper, archive.identity)
