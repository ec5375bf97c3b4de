"""What is asked, also by who has no model of it: options of a command, fields of a form."""

from collections.abc import Mapping
from typing import Final, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from archive.errors import InvalidError
from archive.model.interaction import Frozen

_BY_PATTERN: Final = {
    r"^[a-z0-9][a-z0-9-]{0,62}$": "it has up to 63 small letters, digits and hyphens, and begins "
    "with a letter or a digit",
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$": "it stands on one line",
}
_AN_ID: Final = "an id is written as in 0190a5d3-5b1f-7c3d-9e2a-0f1b2c3d4e5f"


def why(error: ErrorDetails) -> str:
    """Say for people why a field cannot be so; the error is one that is told with its context."""
    limits = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            return _BY_PATTERN.get(limits["pattern"], "it cannot be written so")
        case "uuid_parsing" | "uuid_type":
            return _AN_ID
        case "string_too_short" if limits["min_length"] == 1:
            return "it is empty"
        case "string_too_long":
            return f"it has up to {limits['max_length']:,} characters"
    return error["msg"].removeprefix("Value error, ").rstrip(".")


class Asked(Frozen):
    """A request that may be made of loose fields."""

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> Self:
        """Return the request that fields make; InvalidError names the first that cannot be so."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = f"The {first['loc'][0]}" if first["loc"] else "This"
            raise InvalidError(f"{place} cannot be so: {why(first)}.") from None
