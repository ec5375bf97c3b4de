"""Where capture has a quicker way than the standard library, the two agree."""

import email
import email.utils
from datetime import UTC, datetime
from email.message import Message
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from archive.capture.headers import addresses, date
from archive.capture.parse import parse

WORDS = st.sampled_from(
    [
        "Ann",
        "O'Hara",
        "a.b",
        "x@y.com",
        "<x@y.com>",
        "<A_b@y-z.org>",
        '"D, E"',
        ",",
        " ",
        "(c)",
        ";",
        "g:",
        "@",
        "<",
        ">",
        '"',
        "\\",
        "-",
        "\t",
        "\r",
        "=?utf-8?Q?=C3=A9?=",
        "x@[1.2.3.4]",
        "x@y.",
    ]
)
FIELDS = st.lists(WORDS).map("".join) | st.lists(WORDS).map(" ".join)


def library_addresses(text: str) -> list[str]:
    if getattr(email.utils, "supports_strict_parsing", False):
        found = email.utils.getaddresses([text], strict=False)
    else:
        found = email.utils.getaddresses([text])
    return [address.lower() for name, address in found if name or address]


@given(text=FIELDS)
def test_addresses(text):
    pairs, guessed = addresses([text.encode()])
    assert guessed or [address for _, address in pairs] == library_addresses(text)


NAMES = st.sampled_from(["", "Ann", "Ann B", "Doe, A", 'Q "x"'])


@given(pairs=st.lists(st.tuples(NAMES, st.just("A@b.c"))))
def test_names(pairs):
    text = ", ".join(email.utils.formataddr(pair) for pair in pairs)
    assert addresses([text.encode()]) == (
        [(name, address.lower()) for name, address in pairs],
        False,
    )


def library_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


@given(
    moment=st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9999, 12, 30)),
    zone=st.integers(min_value=-1439, max_value=1439),
    form=st.sampled_from(
        [
            "%a, %d %b %Y %H:%M:%S {}",
            "%d %b %Y %H:%M:%S {} (PDT)",
            "%a %b %d %H:%M:%S %Y {}",
            "%a, %d %b %y %H:%M {}",
            "%d %b %Y %H:%M:61 {}",
            "%d %b %Y %H:%M:%S {}9",
        ]
    ),
)
def test_dates(moment, zone, form):
    sign = "-" if zone < 0 else "+"
    text = moment.strftime(form).format(f"{sign}{abs(zone) // 60:02}{abs(zone) % 60:02}")
    expected = library_date(text)
    if "%y" in form and expected is not None and 2050 <= expected.year < 2069:
        # It takes these for the next century, against RFC 5322 section 4.3.
        expected = library_date(
            moment.strftime(form.replace("%y", "19%y")).format(text.rpartition(" ")[2])
        )
    assert date(text.encode())[0] == expected


@st.composite
def entities(draw, depth: int = 3) -> bytes:
    """A MIME entity, well formed but for closing boundaries that may be missing."""
    if depth and draw(st.booleans()):
        # A boundary that occurs within a child would end the child; real writers avoid that.
        boundary: bytes = draw(st.sampled_from([b"a", b"ab", b"=_x y"])) + b"%d" % depth
        children = draw(st.lists(entities(depth=depth - 1), min_size=1, max_size=3))
        content = b"\n".join(b"--" + boundary + b"\n" + child for child in children)
        if draw(st.booleans()):
            content += b"\n--" + boundary + b"--\nepilogue"
        return (
            b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\npreamble\n' + content
        )
    media_type: bytes = draw(
        st.sampled_from([b"text/plain", b"text/html", b"image/png", b"a/b; name=c"])
    )
    disposition: bytes = draw(st.sampled_from([b"", b"Content-Disposition: attachment\n"]))
    body: bytes = draw(st.sampled_from([b"", b"text", b"two\nlines", b"--", b"-- \nsignature"]))
    return b"Content-Type: " + media_type + b"\n" + disposition + b"\n" + body


def library_attachments(message: Message) -> list[tuple[str, int, str]]:
    found = []
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if part.is_multipart() or not isinstance(payload, bytes):
            continue
        is_attachment = part.get_content_disposition() == "attachment" or part.get_filename()
        if is_attachment or part.get_content_maintype() != "text":
            found.append((part.get_content_type(), len(payload), sha256(payload).hexdigest()))
    return found


@given(raw=entities())
def test_structure(raw):
    said = parse(raw, format="eml", source="s", path="").content
    found = [(a.media_type, a.size, a.sha256) for a in said.attachments]
    assert found == library_attachments(email.message_from_bytes(raw))
