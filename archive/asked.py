"""What is asked, also by who has no model of it: options of a command, fields of a form."""

from collections.abc import Mapping
from typing import Self

from pydantic import ValidationError

from archive.errors import InvalidError
from archive.model.interaction import Frozen


class Asked(Frozen):
    """A request that may be made of loose fields."""

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> Self:
        """Return the request that fields make; InvalidError names the first that cannot be so."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = f"The {first['loc'][0]}" if first["loc"] else "This"
            raise InvalidError(f"{place} cannot be so: {first['msg']}.") from None
