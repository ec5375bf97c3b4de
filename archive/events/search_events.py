"""What happens to saved searches, as events (docs/query-language.md, "Saved searches").

All stand in one stream. `by` is the id of whoever did it and `address` where they came from.
"""

from uuid import UUID

from archive.events.event import Event


class SearchEvent(Event):
    """What somebody did to a saved search."""

    search: UUID
    by: str
    address: str | None = None


class SearchSaved(SearchEvent):
    """A search was saved, or saved anew: its name, its query in canonical form, for whom it is."""

    type = "search.saved"

    name: str
    query: str
    shared: bool = False


class SearchRemoved(SearchEvent):
    """A saved search is no more."""

    type = "search.removed"


SEARCH_EVENTS: tuple[type[Event], ...] = (SearchSaved, SearchRemoved)
