"""Searches worth trying, and what each leads to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A query in the archive's language, and for whom it is interesting."""

    query: str
    leads_to: str


SUGGESTIONS = (
    Suggestion('"side letter" AND norrvik', "a dispute with a supplier over swollen cells"),
    Suggestion("guarantee* w/5 saving*", "what an adviser promised, and the complaint about it"),
    Suggestion('channel:chat AND "before the announcement"', "a talk that should not have been"),
    Suggestion('participants:"Marta Ilves"', "one person across every channel"),
    Suggestion("channel:voice AND smoke", "a support call to learn from"),
    Suggestion("language:ja AND 保証", "warranty cases in Japanese"),
    Suggestion("has:attachment AND from:norrvik-cells.example", "what the supplier sent"),
    Suggestion("is:deleted", "what was said and taken back"),
)
