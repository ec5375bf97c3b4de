"""Forms of other search systems that would be read here as something else without a word said.

A query that was written for dtSearch, KQL, Westlaw or a programmer's tool must not be answered by
another meaning, least of all by the opposite one. What is listed here is refused in words that
lead to the form that means it (docs/query-language.md, "What is refused").
"""

import re
from typing import Final

FIELDS_ELSEWHERE: Final[dict[str, str]] = {
    "attachmentnames": "filename:",
    "attachments": "attachment:",
    "attachmenttype": "filename:*.pdf",
    "author": "from:",
    "content": "body:",
    "date": "sent:",
    "daterange": "sent:2001-01-01..2001-12-31",
    "datesent": "sent:",
    "fileextension": "filename:*.pdf",
    "filetype": "filename:*.pdf",
    "hasattachment": "has:attachment",
    "itemclass": "channel: or kind:",
    "md5": "hash:, which takes a SHA-256,",
    "messageid": "id:",
    "messagekind": "channel: or kind:",
    "received": "sent:",
    "recipient": "(to:… OR cc:… OR bcc:…)",
    "recipients": "(to:… OR cc:… OR bcc:…)",
    "sender": "from:",
    "senderauthor": "from:",
    "sha256": "hash:",
    "text": "body:",
    "thread": "conversation:",
    "threadid": "conversation:",
    "type": "channel: or kind:",
}
"""What other systems call a field, and what means it here."""

OPERATORS_ELSEWHERE: Final = frozenset({"xfirstword", "xlastword", "andany"})
_DASHES: Final = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_SINGLE: Final = "'\u2018-\u201b\u2039\u203a"
_QUOTES: Final = 'put it into "…" if it is text'
_MISREAD: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (r"[<>=].*", f"A comparison stands right after its field, as in size>=1mb; {_QUOTES}."),
        (r"&&|\|+", "Write AND or OR in capitals."),
        (r"!.+|\w+!=.*", f"Write NOT, or a leading -, for what must not be; {_QUOTES}."),
        (rf"[{_DASHES}]+\w.*", f"Only a hyphen excludes: -word; {_QUOTES}."),
        (r"-[^-].*", f"A - excludes only where a part begins; write NOT, or {_QUOTES}."),
        (rf"[{_SINGLE}][^{_SINGLE}]+", 'A phrase stands in "…", not in single quotes.'),
        (
            r"/(?:s|p|sent|para|seg|\d+)|(?:w|pre)/(?!\d+\Z).*|(?:o?near|within)/.*",
            f"A distance is a number of words between both sides, as in a w/5 b; {_QUOTES}.",
        ),
        ("|".join(OPERATORS_ELSEWHERE), f"There is no such operator here; {_QUOTES}."),
        (r"##.*", f"There are no regular expressions; * and ? are the wildcards, or {_QUOTES}."),
        (r".*~~.*", "A range of numbers is for sizes and dates, as in size:1kb..2kb."),
        (r"[^\W\d_]{2,}&", f"There is no list of synonyms; write (a OR b), or {_QUOTES}."),
        (r"%.*\w.*|[^\W\d_]+%+[^\W\d_]*", f"A fuzzy word is word~1 or word%1; {_QUOTES}."),
    )
)


def misread(text: str) -> str | None:
    """Return what to write instead of a word that other systems read as an operator, if it is."""
    if "://" in text:
        return None
    for pattern, sentence in _MISREAD:
        if pattern.fullmatch(text.lower()):
            return f"{text} would not be read as elsewhere. {sentence}"
    return None
