"""Searches worth trying, and what each leads to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A query in the archive's language, and for whom it is interesting."""

    query: str
    leads_to: str


SUGGESTIONS = (
    Suggestion("channel:voice AND smoke", "a support call to learn from"),
    Suggestion("language:ja AND 保証", "warranty cases in Japanese"),
    Suggestion("has:attachment AND from:norrvik-cells.example", "what the supplier sent"),
    Suggestion("is:deleted", "what was said and taken back"),
)
