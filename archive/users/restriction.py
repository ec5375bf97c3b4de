"""What a user may be restricted to, as their event says it."""

from collections.abc import Sequence

from archive.errors import InvalidError
from archive.matters.book import Matters


def restriction(
    matters: Matters,
    custodians: Sequence[str] | None,
    departments: Sequence[str] | None,
    codes: Sequence[str] | None,
) -> dict[str, tuple[str, ...] | None]:
    """Return a restriction by what each part of it is called, None for what it does not name.

    Raises InvalidError for an empty name, for none where some are to be named, and for the code of
    a matter that is not there.
    """
    named = {"custodians": custodians, "departments": departments, "matters": codes}
    for what, names in named.items():
        if names is not None and (not names or not all(name.strip() for name in names)):
            raise InvalidError(f"Name the {what} whose records the user sees, one or more.")
    there = matters.read().matters if codes else {}
    for code in codes or ():
        if code not in there:
            raise InvalidError(f"There is no matter {code}.")
    return {
        what: None if names is None else tuple(dict.fromkeys(names))
        for what, names in named.items()
    }
