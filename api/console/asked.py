"""What a search page's address asks for, and the addresses that lead on from it.

The whole state of a search stands in its address, so that it can be kept, sent and gone back to.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import url_for
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from api import problems
from api.problems import ProblemError
from archive.access.search_answers import Filter, SearchRequest
from archive.errors import InvalidError
from archive.query.parser import parse
from archive.query.tree import EVERYTHING, Node

PAGE_LENGTHS = (25, 50, 100)
DEFAULT_SORT = "-date"


@dataclass(frozen=True, slots=True)
class Asked:
    """A search and its place in it; `before` is how many results the pages before held."""

    request: SearchRequest
    before: int = 0
    stated: bool = False

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> "Asked":
        """Read the arguments of an address; ProblemError says which are not in their form."""
        try:
            request = SearchRequest.model_validate(
                {
                    "query": arguments.get("q", ""),
                    "filters": tuple(map(Filter.parse, arguments.getlist("filter"))),
                    "limit": arguments.get("limit", PAGE_LENGTHS[0]),
                    "sort": arguments.get("sort", DEFAULT_SORT),
                    "cursor": arguments.get("cursor") or None,
                    "as_of": arguments.get("as_of") or None,
                    "facets": True,
                }
            )
        except ValidationError as error:
            problem = problems.of_validation(error)
            raise ProblemError(problems.INVALID_REQUEST, problem.detail) from error
        before = arguments.get("before", "")
        return cls(
            request,
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 0,
            stated="q" in arguments or bool(request.filters),
        )

    @property
    def arguments(self) -> str:
        """The arguments that lead back here, as they stand in an address."""
        request = self.request
        pairs: list[tuple[str, str | int]] = [("q", request.query)]
        pairs += [("filter", f"{each.facet}:{each.value}") for each in request.filters]
        if request.sort != DEFAULT_SORT:
            pairs.append(("sort", request.sort))
        if request.limit != PAGE_LENGTHS[0]:
            pairs.append(("limit", request.limit))
        if request.as_of is not None:
            pairs.append(("as_of", request.as_of))
        if request.cursor is not None:
            pairs += [("cursor", request.cursor), ("before", self.before)]
        return urlencode(pairs)

    @property
    def sought(self) -> Node:
        """The query whose words are to be marked, for which dates do not matter."""
        try:
            return parse(self.request.query)
        except InvalidError:
            return EVERYTHING

    @property
    def here(self) -> str:
        """The address of this page."""
        return f"{url_for('console.search')}?{self.arguments}"

    def narrowed(self, facet: str, value: str) -> str:
        """The address of this search, narrowed to a value of a facet."""
        filters = (*self.request.filters, Filter(facet=facet, value=value))
        return self._first_page(filters=filters)

    def widened(self, gone: Filter) -> str:
        """The address of this search without one of its filters."""
        return self._first_page(
            filters=tuple(each for each in self.request.filters if each != gone)
        )

    def holds(self, facet: str, value: str | None = None) -> bool:
        """Say whether the search is narrowed to a facet, or to one value of it."""
        return any(
            each.facet == facet and value in (None, each.value) for each in self.request.filters
        )

    def following(self, cursor: str, shown: int) -> str:
        """The address of the page after this one, which shows so many results."""
        request = self.request.model_copy(update={"cursor": cursor})
        return replace(self, request=request, before=self.before + shown).here

    def first(self) -> str:
        """The address of the first page."""
        return self._first_page()

    def reading(self, id: object) -> str:
        """The address of a record, with the way back here."""
        return f"{url_for('console.record', id=id)}?{self.arguments}"

    def threading(self, id: object) -> str:
        """The address of a conversation, with the way back here."""
        return f"{url_for('console.conversation', id=id)}?{self.arguments}"

    def _first_page(self, **changes: object) -> str:
        request = self.request.model_copy(update={"cursor": None, **changes})
        return replace(self, request=request, before=0).here
