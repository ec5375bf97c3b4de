"""Where the messages of an mbox begin (RFC 4155, and the mboxo, mboxrd and mboxcl habits).

A message begins at a From_ line: `From `, a sender, and a date as `asctime` writes it, at the
start of the file or after a blank line. Body lines that merely begin with "From " do not have all
of that, so they split nothing even where the writer forgot to escape them. Mozilla's bare
`From -` counts where a header field follows it. Escaped lines
(`>From `) are left as they are, in the original and in the text: the file does not say which
habit its writer followed, and the words are found either way.

Every byte belongs to one slice: the blank line before a From_ line to the message before it, and
what stands before the first From_ line to the first message if it is blank, else to a slice of
its own.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

# The longest From_ line that is looked for; RFC 5322 allows lines of 998 bytes.
LONGEST_LINE = 1024
_CHUNK = 1 << 20
_BLANK = re.compile(rb"(?:\xef\xbb\xbf)?(?>(?:[ \t\r]*+\n)*)\Z")
AFTER_BLANK = (b"\n\n", b"\n\r\n")

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
# Pipermail hides addresses as "user at host"; its archives look like mbox files but hold rewritten
# messages, which is another format (`archive.capture.mailman`).
_HIDDEN_SENDER = re.compile(rb"\S+ at \S+\Z")
_BARE = re.compile(rb"From -[ \t]*\r?\n(?=[A-Za-z][A-Za-z0-9-]*:)")


def is_from_line(data: bytes, position: int = 0) -> bool:
    """Say whether a From_ line of a true mbox stands at a position."""
    sender = _sender(data, position)
    if sender is None:
        return _BARE.match(data, position) is not None
    return not _HIDDEN_SENDER.match(sender)


def is_hidden_from_line(data: bytes, position: int = 0) -> bool:
    """Say whether a From_ line stands at a position whose sender is written "user at host"."""
    sender = _sender(data, position)
    return sender is not None and _HIDDEN_SENDER.match(sender) is not None


def is_any_from_line(data: bytes, position: int = 0) -> bool:
    """Say whether a From_ line of either kind stands at a position."""
    return _sender(data, position) is not None


def _sender(data: bytes, position: int) -> bytes | None:
    """Return what stands between `From ` and the date, or None where there is no From_ line."""
    if not data.startswith(b"From ", position):
        return None
    line = data[position : data.find(b"\n", position, position + LONGEST_LINE) + 1 or len(data)]
    written = _DATE.search(line) if len(line) <= LONGEST_LINE else None
    return line[5 : written.start()].strip() if written is not None else None


def spans(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give the offset and length of each slice, reading once with flat memory.

    The slices follow each other without a gap from the first byte to the last.
    """
    return cut_before(stream, b"From ", AFTER_BLANK, LONGEST_LINE, is_from_line)


def cut_before(
    stream: BinaryIO,
    mark: bytes,
    after: tuple[bytes, ...],
    needed: int,
    begins: Callable[[bytes, int], bool],
) -> Iterator[tuple[int, int]]:
    """Give the slices of a file whose messages begin with a line that starts with `mark`.

    Such a line stands at the start of the file or after one of `after`, each of at most three
    bytes. `begins` says whether a position in a buffer begins a message: `needed` bytes from
    there on are in the buffer, or all that the file has.
    """
    begin = 0
    for cut in _cuts(stream, mark, after, needed, begins):
        if cut > begin:
            yield begin, cut - begin
            begin = cut


def _cuts(
    stream: BinaryIO,
    mark: bytes,
    after: tuple[bytes, ...],
    needed: int,
    begins: Callable[[bytes, int], bool],
) -> Iterator[int]:
    """Give where each message begins, and last where the file ends."""
    window = b""
    base = 0
    position = 0
    only_blank = True
    while True:
        chunk = stream.read(_CHUNK)
        window += chunk
        # A line is judged when all that is needed is there: what may be cut off waits for more.
        ready = max(0, len(window) - needed) if chunk else len(window)
        while (found := window.find(mark, position, ready + len(mark) - 1)) != -1:
            position = found + len(mark)
            only_blank = only_blank and _BLANK.match(window, 0, found) is not None
            follows = window.endswith(after, max(0, found - 3), found)
            if (only_blank or follows) and begins(window, found):
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
