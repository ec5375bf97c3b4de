"""Address fields that are not written as RFC 5322 section 3.4 says, read as a person reads them.

Writers leave out angle brackets and commas, encode a whole mailbox as one word, and put the name
of a protocol before an address. What stands in brackets, or else around an `@`, is then an address,
and the words beside it up to a comma or semicolon are its name.
"""

import re
from collections.abc import Iterable
from itertools import chain

from archive.capture.words import decode_words

Mailbox = tuple[str, str]
"""A name and an address; either may be "" but not both."""

# No part of this looks past the sign that would end it, so that a field takes time in proportion
# to its length. A quoted text right before an @ is part of the address.
_TOKEN = re.compile(
    r"(?P<encoded>=\?[^?\s]*\?[bBqQ]\?[^?]*\?=)"
    r'|"(?P<quoted>[^"]*)"(?!@)|<(?P<bracketed>[^<>]*)>|\((?P<aside>[^()]*)\)'
    r'|(?P<word>(?:"[^"]*"(?=@)|[^\s<>()",;:])+)|(?P<mark>[,;:])'
)
_PLAUSIBLE = re.compile(r"""(?!=\?|')(?:[^\s@"]+|"[^"]*")@[^\s@]+""")
_INSIDE = re.compile(r"\S@\S")
# How an address of Lotus Notes ends, which has blanks before: `Ann Lee/HR/Acme@ACME`.
_NOTES = re.compile(r"[^\s@/]+/[^\s@]*@[^\s@.]+")
# Before an address: a protocol, or the hosts that it went by in old mail.
_WAY = re.compile(r"(?<![^\s<(\[])(?:smtp|mailto|@[^\s:<>(\[]*):", re.IGNORECASE)


def is_plausible(pairs: Iterable[Mailbox], text: str) -> bool:
    """Say whether addresses that were read from a field can be what stands in it.

    A reader that keeps to the standard gives halves of addresses, words run together, and names
    and protocols for addresses where a field does not.
    """
    position = 0
    for _, address in pairs:
        if address:
            position = text.find(address, position)
            if position == -1 or _PLAUSIBLE.fullmatch(address) is None:
                return False
            position += len(address)
    return True


def loose_mailboxes(text: str) -> list[Mailbox]:
    """Return the mailboxes of a field, in order; names may hold encoded words."""
    found: list[Mailbox] = []
    tokens: list[re.Match[str]] = []
    for token in chain(_TOKEN.finditer(_WAY.sub("", text)), (None,)):
        if token is None or token["mark"] in (",", ";"):
            found += _mailboxes(tokens)
            tokens = []
        elif token["mark"]:
            # What stands before a colon is the name of a group.
            while tokens and "@" not in tokens[-1][0]:
                tokens.pop()
        else:
            tokens.append(token)
    return found


def _mailboxes(tokens: list[re.Match[str]]) -> list[Mailbox]:
    """Read what stands between two commas."""
    words = _words(tokens)
    if not any(is_address for _, is_address in words):
        hidden = decode_words(" ".join(token[0] for token in tokens)).replace('"', " ")
        if "@" in hidden:
            # The mailbox is an encoded word or stands in quotes, or there are blanks about its @.
            spread = _INSIDE.search(hidden) is None
            closed = "@".join(part.strip() for part in hidden.split("@"))
            words = _words(_TOKEN.finditer(closed if spread else hidden))
    if any(is_address for _, is_address in words):
        return _paired(words)
    name = " ".join(text for text, _ in words)
    # One word alone is how a system calls its own users.
    is_user = len(tokens) == 1 and tokens[0]["word"]
    return [("", name) if is_user else (name, "")] if name else []


def _words(tokens: Iterable[re.Match[str]]) -> list[tuple[str, bool]]:
    """Return the words of a mailbox without what surrounds them, and which are addresses."""
    tokens = list(tokens)
    in_brackets = any((token["bracketed"] or "").strip() for token in tokens)
    words: list[tuple[str, bool]] = []
    for token in tokens:
        if token["bracketed"]:
            inner = token["bracketed"].split()
            # Several stand in one pair; a blank within one is part of it, as in Notes' names.
            several = all("@" in each for each in inner)
            words += [(each, True) for each in (inner if several else [" ".join(inner)])]
        elif token["word"]:
            is_address = not in_brackets and _INSIDE.search(token[0]) is not None
            text = _bare(token[0]) if is_address else token[0]
            if is_address and _NOTES.fullmatch(text):
                while words and not words[-1][1]:
                    text = f"{words.pop()[0]} {text}"
            words.append((text, is_address))
        elif token["mark"]:
            # A comma between two names, in a mailbox that is one encoded word.
            if words and not words[-1][1]:
                words[-1] = (words[-1][0] + token["mark"], False)
        else:
            text = token["encoded"] or token["aside"] or token["quoted"] or ""
            words.append((text.replace("\\", "").strip(), False))
    return [(text, is_address) for text, is_address in words if text]


def _bare(address: str) -> str:
    """Return an address without the quotes or square brackets around it."""
    for signs in ("''", "[]"):
        if address.startswith(signs[0]) and address.endswith(signs[1]):
            address = address[1:-1]
    return address


def _paired(words: list[tuple[str, bool]]) -> list[Mailbox]:
    """Give each address the words before it, or those behind it where an address comes first."""
    is_first = words[0][1]
    pairs: list[tuple[list[str], str]] = []
    beside: list[str] = []
    for text, is_address in words:
        if not is_address:
            beside.append(text)
            continue
        beside = [] if is_first else beside
        pairs.append((beside, text))
        beside = beside if is_first else []
    if not is_first:
        pairs[-1][0].extend(beside)
    return [(" ".join(name), address) for name, address in pairs]
