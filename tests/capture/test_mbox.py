"""An mbox is cut at its true From_ lines, and the slices joined are the file."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.capture import mbox

FROM_LINE = b"From ann@example.com Mon Jun  1 10:00:00 2009\n"


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a slow disk may."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.most)


def cut(data: bytes, most: int = 1 << 20) -> list[bytes]:
    return [data[start : start + length] for start, length in mbox.spans(Trickle(data, most))]


def cut_by_line(data: bytes) -> list[bytes]:
    """What `mbox.spans` must give, written the slow and plain way."""
    slices: list[bytes] = []
    before = b"\n"
    for line in data.splitlines(keepends=True) if b"\r" not in data else data.split(b"\n"):
        only_blank = not b"".join(slices).strip(b"\n")
        starts = before == b"\n" and mbox.is_from_line(line) and not only_blank
        if starts or not slices:
            slices.append(b"")
        slices[-1] += line
        before = line
    return slices


PIECES = st.sampled_from(
    [
        FROM_LINE,
        b"\n",
        b"From here on, all is text\n",
        b">From quoted Mon Jun  1 10:00:00 2009\n",
        b"From bob at example.com  Mon Jun  1 10:00:00 2009\n",
        b"Subject: x\n",
        b"From ",
        b"x" * 2000 + b"\n",
    ]
)


@given(data=st.lists(PIECES).map(b"".join), most=st.integers(min_value=1, max_value=4000))
@example(data=b"\n\n" + FROM_LINE + b"\nhello\n\n" + FROM_LINE, most=1)
@example(data=b"x\n\n" + FROM_LINE, most=3)
def test_cuts_as_reading_line_by_line_would(data, most):
    assert cut(data, most) == cut_by_line(data)


@given(data=st.binary() | st.lists(PIECES | st.binary(max_size=8)).map(b"".join))
def test_the_slices_joined_are_the_file(data):
    assert b"".join(cut(data)) == data
    assert all(cut(data))


@pytest.mark.parametrize(
    "line",
    [
        b"From ann@example.com Mon Jun  1 10:00:00 2009",
        b"From MAILER-DAEMON Sat Aug 28 14:17:14 2021\r\n",
        b"From - Sat Aug 28 14:17:14 2021\n",
        b'From "ann b"@example.com Sat Aug 28 14:17 2021\n',
        b"From 1234@xxx Sat Aug 28 14:17:14 +0000 2021\n",
        b"From ann Sat Aug 28 14:17:14 MET DST 2021\n",
        b"From ann Sat Aug 28 14:17:14 2021 remote from host\n",
        b"From Sat Aug 28 14:17:14 2021\n",
    ],
)
def test_from_lines(line):
    assert mbox.is_from_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b"From the start, we knew.\n",
        b"From: ann@example.com Mon Jun  1 10:00:00 2009\n",
        b"From ann@example.com 2009-06-01 10:00:00\n",
        b"From ann Mon Jun  1 10:00:00 2009 and so on\n",
        b"From ann at example.com  Mon Jun  1 10:00:00 2009\n",
        b"From -\n",
        b"From " + b"x" * 2000 + b" Mon Jun  1 10:00:00 2009\n",
    ],
)
def test_lines_that_begin_no_message(line):
    assert not mbox.is_from_line(line)


def test_body_lines_cut_nothing():
    message = FROM_LINE + b"Subject: x\n\nFrom Monday on\n" + FROM_LINE + b"\nFrom Tuesday on\n\n"
    assert cut(message + FROM_LINE) == [message, FROM_LINE]


def test_what_stands_before_the_first_message():
    assert cut(b"\xef\xbb\xbf\n" + FROM_LINE) == [b"\xef\xbb\xbf\n" + FROM_LINE]
    assert cut(b"junk\n\n" + FROM_LINE) == [b"junk\n\n", FROM_LINE]


def test_carriage_returns_stay():
    first = FROM_LINE[:-1] + b"\r\nA: b\r\n\r\ntext\r\n\r\n"
    assert cut(first + first) == [first, first]


def test_bare_lines_cut_before_a_header_alone():
    first = b"From -\nFrom: a\n\nFrom -\nis no field\n\n"
    data = first + b"From -\r\nSubject: b\r\n\r\n"
    assert [data[at : at + size] for at, size in mbox.spans(io.BytesIO(data))] == [
        first,
        data[len(first) :],
    ]
