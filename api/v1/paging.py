"""Pages of what is told as a list of some hundreds, such as users or holds, and read whole.

A cursor holds the list's name and the place where its page ended, not what stood there: the next
page goes on from it whatever was removed meanwhile, or has moved.
"""

import base64
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from flask import Response
from pydantic import BaseModel, Field, TypeAdapter

from api.v1.shapes import Parameters, answer
from archive.errors import InvalidError

Place: TypeAlias = tuple[int | float | str, ...]
"""Where something stands in its list; no two stand at the same."""


class PageParameters(Parameters):
    """A page of a list in a URL."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")


def answer_page(
    told: BaseModel, name: str, place: Callable[[Any], Place], asked: PageParameters
) -> Response:
    """Write a page of an answer's list of this name, in order of places, with its `cursor`.

    Raises InvalidError for a cursor that no page of such a list gave.
    """
    ordered = sorted(getattr(told, name), key=place)
    if asked.cursor is not None:
        try:
            after = _decode(name, asked.cursor)
            ordered = [each for each in ordered if place(each) > after]
        # What nobody gave may hold what does not compare.
        except (ValueError, TypeError):
            raise InvalidError("The cursor is not one that a page of this list gave.") from None
    page = tuple(ordered[: asked.limit])
    cursor = _encode(name, place(page[-1])) if len(ordered) > len(page) else None
    return answer(told.model_copy(update={name: page, "cursor": cursor}))


@cache
def _places() -> TypeAdapter[Place]:
    return TypeAdapter(Place)


def _encode(name: str, place: Place) -> str:
    return base64.urlsafe_b64encode(_places().dump_json((name, *place))).decode().rstrip("=")


def _decode(name: str, cursor: str) -> Place:
    text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    of, *place = _places().validate_json(text)
    if of != name:
        raise ValueError
    return tuple(place)
