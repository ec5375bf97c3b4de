"""What leaves the directory of people: the shapes of its answers."""

from archive.model.interaction import Frozen
from archive.model.person import KnownPerson


class PeopleAnswer(Frozen):
    """A page of people, in the order in which they were recorded; `total` is of all pages."""

    total: int
    people: tuple[KnownPerson, ...]
    cursor: str | None = None


class ImportRefusal(Frozen):
    """A row that was not taken, counted from 1, and why."""

    row: int
    reason: str


class ImportAnswer(Frozen):
    """What became of the rows of an import; those refused are listed."""

    recorded: int
    extended: int
    unchanged: int
    refused: tuple[ImportRefusal, ...] = ()
