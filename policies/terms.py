"""What a policy may say: its scope in canonical form, and periods that fit each other."""

from datetime import UTC, tzinfo

from archive.errors import InvalidError
from archive.events.policy_events import Terms
from archive.query.printer import to_text
from archive.query.scopes import parse_scope
from policies.shortening import earlier_start


def settled(terms: Terms, zone: tzinfo = UTC) -> Terms:
    """Return the terms with their scope in canonical form, which means the same in any zone.

    Raises InvalidError where they cannot be; `column` says where in the scope.
    """
    if terms.minimum is None and terms.maximum is None:
        raise InvalidError("A policy demands a minimum, a maximum, or both: it has neither.")
    if terms.lock != "none" and terms.minimum is None:
        raise InvalidError("A lock lasts as long as the minimum, and this policy demands none.")
    if terms.minimum and terms.maximum and earlier_start(terms.minimum, terms.maximum):
        raise InvalidError(
            f"The maximum of {terms.maximum} can end before the minimum of {terms.minimum}."
        )
    stages = [each.stage for each in terms.review]
    if len(set(stages)) < len(stages):
        raise InvalidError("Two stages of the review have the same name.")
    if stages and terms.maximum is None:
        raise InvalidError("A review comes before deletion, and this policy demands none.")
    return terms.model_copy(update={"scope": to_text(parse_scope(terms.scope, "scope", zone))})
