"""Where the messages of an mbox begin (RFC 4155, and the mboxo, mboxrd and mboxcl habits).

A message begins at a From_ line: `From `, a sender, and a date as `asctime` writes it, at the
start of the file or after a blank line. Body lines that merely begin with "From " do not have all
of that, so they split nothing even where the writer forgot to escape them. Escaped lines
(`>From `) are left as they are, in the original and in the text: the file does not say which
habit its writer followed, and the words are found either way.

Every byte belongs to one slice: the blank line before a From_ line to the message before it, and
what stands before the first From_ line to the first message if it is blank, else to a slice of
its own.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

# The longest From_ line that is looked for; RFC 5322 allows lines of 998 bytes.
LONGEST_LINE = 1024
_CHUNK = 1 << 20
_BLANK = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\r]*+\n)*+\Z")
_AFTER_BLANK = (b"\n\n", b"\n\r\n")

_WEEKDAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# Some writers leave out the seconds, and some put a zone before or after the year or name the
# host that the message came from.
_DATE = re.compile(
    rb"(?<=[ \t])"
    + _WEEKDAY
    + rb",?[ \t]+"
    + _MONTH
    + rb"[ \t]+[0-9]{1,2}[ \t]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    rb"(?:[ \t]+(?:[A-Z]{1,5}(?:[ \t]+DST)?|[+-][0-9]{4}))?[ \t]+[0-9]{4}"
    rb"(?:[ \t]+(?:[A-Z]{1,5}|[+-][0-9]{4}))?(?:[ \t]+remote from [^\n]*)?[ \t]*\r?\n?\Z"
)
# Pipermail and HyperKitty hide addresses as "user at host"; their archives look like mbox files
# but hold rewritten messages, which is another format.
_HIDDEN_SENDER = re.compile(rb"\S+ at \S+\Z")


def is_from_line(data: bytes, position: int = 0) -> bool:
    """Say whether a From_ line of a true mbox stands at a position."""
    if not data.startswith(b"From ", position):
        return False
    line = data[position : data.find(b"\n", position, position + LONGEST_LINE) + 1 or len(data)]
    written = _DATE.search(line) if len(line) <= LONGEST_LINE else None
    return written is not None and not _HIDDEN_SENDER.match(line[5 : written.start()].strip())


def spans(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give the offset and length of each slice, reading once with flat memory.

    The slices follow each other without a gap from the first byte to the last.
    """
    begin = 0
    for cut in _cuts(stream):
        if cut > begin:
            yield begin, cut - begin
            begin = cut


def _cuts(stream: BinaryIO) -> Iterator[int]:
    """Give where each message begins, and last where the file ends."""
    window = b""
    base = 0
    position = 0
    only_blank = True
    while True:
        chunk = stream.read(_CHUNK)
        window += chunk
        # A From_ line is judged when it is whole: what may still be cut off waits for more.
        ready = max(0, len(window) - LONGEST_LINE) if chunk else len(window)
        while (found := window.find(b"From ", position, ready + 4)) != -1:
            position = found + 5
            only_blank = only_blank and _BLANK.match(window, 0, found) is not None
            follows_blank = window.endswith(_AFTER_BLANK, max(0, found - 3), found)
            if (only_blank or follows_blank) and is_from_line(window, found):
                # Blank lines before the first message are that message's.
                yield 0 if only_blank else base + found
                only_blank = False
        if not chunk:
            yield base + len(window)
            return
        # The line ends before a From_ line must stay in sight.
        cut = max(0, ready - 4)
        only_blank = only_blank and _BLANK.match(window, 0, cut) is not None
        window = window[cut:]
        base += cut
        position = max(position, ready) - cut
