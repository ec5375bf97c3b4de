"""Inputs that mean harm, made from a seed: mails, lines of JSON, file names, requests.

Each is a small program against whoever reads it: structures that never end, sizes that are lies,
bytes that are no text, names that lead elsewhere. Nothing here is copied from a corpus.
"""

import base64
import gzip
import io
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scripts.support.hostile_html import HOSTILE

ODD = (
    "\u202egnp.exe", "\u2066\u2067\u2068", "\ufeff", "\u0000", "\u200b" * 40, "e" + "\u0301" * 300,
    "\ufdfa" * 50, "😀" * 60, "\U000e0041", "ﬀ", "İı", "\u2028\u2029", "\ud7ff\ue000", "%00%2e%2e",
    "../" * 12, "${jndi:ldap://a}", "{{7*7}}", "<%= 1 %>", "' OR 1=1 --", "=HYPERLINK(0)",
    "\x1b[2J", "\r\nSet-Cookie: a=b",
)  # fmt: skip
"""Texts that are hard on what shows, compares, stores or pastes them together."""
BROKEN = (
    b"\xc0\xaf\xc0\xae", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80", b"\xed\xa0\x80", b"\xff\xfe",
    b"\xf4\x90\x80\x80", b"\x80" * 9, b"\x1b$B\x00", b"+ADw-", b"\x00" * 7, b"\xc3(", b"\x81\x30",
)  # fmt: skip
"""Bytes that are no UTF-8: overlong, surrogates, beyond Unicode, cut off."""
_TYPES = (
    "text/plain; charset=utf-7", "text/html; charset=x-none", "text/plain; charset=\"\x00\"",
    "multipart/mixed", "multipart/mixed; boundary=", "message/rfc822", "text/calendar", "/", "",
    "application/pdf", "image/svg+xml", "application/zip", "text/plain; charset=utf-16",
    "text/plain; name*0*=utf-8''%00%ff; name*2=x", "application/octet-stream; name=\"../../a\"",
)  # fmt: skip
# The first two take seconds each, as they are opened as far as they may be.
_WEIGHTS = (1, 1, 5, 5, 5, 5, 5, 5)
_ENCODINGS = ("base64", "quoted-printable", "x-uuencode", "8bit", "binary", "none", "base64\x00")


@dataclass(frozen=True)
class Thing:
    """One input; `good` ones have a word of their own by which they must be found."""

    kind: str
    data: bytes
    good: str | None = None


def archive_bomb(megabytes: int, nested: int = 0) -> bytes:
    """Make a ZIP of zeros, which may stand in another, and so on."""
    name, data = "zeros.txt", bytes(megabytes << 20)
    for level in range(nested + 1):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for copy in range(1 if level == 0 else 8):
                # An entry without a time of its own, so that the same seed makes the same bytes.
                entry = zipfile.ZipInfo(f"{copy}-{name}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
        name, data = f"level{level}.zip", out.getvalue()
    return data


def laughing_document() -> bytes:
    """Make a DOCX whose XML entities would grow to gigabytes (billion laughs)."""
    entities = "<!ENTITY l0 'ha'>"
    entities += "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    document = f"<!DOCTYPE x [{entities}]><w:document><w:t>&l9;</w:t></w:document>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", "<Types/>"),
            ("word/document.xml", f'<?xml version="1.0"?>{document}'),
        ):
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


class Maker:
    """Makes hostile things, always the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    @cached_property
    def _bombs(self) -> tuple[tuple[str, bytes], ...]:
        return (
            ("zeros.zip", archive_bomb(30)),
            ("nested.zip", archive_bomb(4, nested=3)),
            ("laughing.docx", laughing_document()),
            ("zeros.gz", gzip.compress(bytes(30 << 20), mtime=0)),
            ("cut.pdf", b"%PDF-1.7\n1 0 obj << /Length 99999999999 /Kids [1 0 R] >> stream\n"),
            ("cyclic.pdf", b"%PDF-1.4\n1 0 obj<</Type/Pages/Kids[1 0 R]/Parent 1 0 R>>endobj\n"),
            ("deep.html", b"<div></b>" * 40_000),
            ("deep.rtf", b"{\\rtf1" + b"{" * 100_000),
        )

    def mails(self, count: int) -> Iterator[Thing]:
        """Yield mails; every tenth is good."""
        for number in range(count):
            if number % 10 == 0:
                yield self._good_mail(number)
            else:
                kind = self._random.choice(self._MAILS)
                yield Thing(kind, getattr(self, f"_{kind}")(number))

    def lines(self, count: int, *, start: int = 0) -> Iterator[Thing]:
        """Yield lines of JSON, without line ends in them; every tenth is good."""
        for number in range(start, start + count):
            if number % 10 == 0:
                word = f"goodline{number}"
                yield Thing("good", self._line(number, text=f"the {word} words"), word)
            else:
                kind = self._random.choice(self._LINES)
                yield Thing(kind, getattr(self, f"_{kind}")(number).replace(b"\n", b" "))

    def text(self) -> str:
        """Return an odd text of some length."""
        return "".join(self._random.choices((*ODD, "a", " ", "\t"), k=self._random.randint(1, 6)))

    def noise(self, most: int = 300) -> bytes:
        """Return random bytes."""
        return self._random.randbytes(self._random.randint(0, most))

    _MAILS = (
        *("mutated", "mutated", "injected", "typed", "nested", "enclosed", "many_parts", "bomb"),
        *("long_line", "large_header", "cyclic", "page", "noise_mail", "truncated", "names"),
    )

    def _head(self, number: int, **fields: str) -> bytes:
        head = {
            "From": "Eve <eve@example.com>",
            "To": "desk@example.org",
            "Date": "Mon, 6 May 2024 07:08:09 +0000",
            "Message-ID": f"<{number}@hostile.example>",
            "Subject": f"hostile {number}",
            "MIME-Version": "1.0",
        } | {name.replace("_", "-"): value for name, value in fields.items()}
        return "".join(f"{name}: {value}\n" for name, value in head.items()).encode(
            "utf-8", "surrogatepass"
        )

    def _good_mail(self, number: int) -> Thing:
        word = f"goodmail{number}"
        return Thing("good", self._head(number) + f"\nthe {word} words\n".encode(), word)

    def _mutated(self, number: int) -> bytes:
        data = bytearray(self._enclosed(number))
        for _ in range(self._random.randint(1, 40)):
            place = self._random.randrange(len(data))
            piece = self._random.choice((b"", b"\x00", b"\n", b":", b"=", b"--", *BROKEN))
            data[place : place + self._random.randint(0, 4)] = piece
        return bytes(data)

    def _injected(self, number: int) -> bytes:
        smuggled = self._random.choice(
            ("\r\n", "\r", "\x0b", "\u2028", "%0d%0a", "=?utf-8?q?=0D=0A?=")
        )
        return self._head(
            number,
            Subject=f"a{smuggled}Bcc: all@example.org{smuggled}{smuggled}body",
            Reply_To=f"{self.text()} <x@y>{smuggled}",
            From=self._random.choice(('"a\\', "<" * 200, "a@" * 200, "(" * 500, self.text())),
        ) + b"\n" + self.noise()  # fmt: skip

    def _typed(self, number: int) -> bytes:
        return self._head(
            number,
            Content_Type=self._random.choice(_TYPES),
            Content_Transfer_Encoding=self._random.choice(_ENCODINGS),
        ) + b"\n" + self._random.choice(BROKEN) * 50 + self.noise()  # fmt: skip

    def _nested(self, number: int) -> bytes:
        depth = self._random.randint(50, 2_000)
        kind = self._random.choice(("multipart/mixed; boundary=b%d", "message/rfc822"))
        levels = (
            f"Content-Type: {kind % level if '%' in kind else kind}\n\n--b{level}\n"
            for level in range(depth)
        )
        return self._head(number)[:-1] + b"\n" + "".join(levels).encode() + b"end\n"

    def _enclosed(self, number: int) -> bytes:
        inner = base64.encodebytes(self._random.choice(BROKEN) * 30 + self.noise())
        return (
            self._head(number, Content_Type="multipart/mixed; boundary=b")
            + b"\n--b\nContent-Type: text/plain\n\n" + self.text().encode("utf-8", "replace")
            + b"\n--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
            + b"Content-Disposition: attachment; filename=\"a.bin\"\n\n" + inner + b"--b--\n"
        )  # fmt: skip

    def _many_parts(self, number: int) -> bytes:
        part = self._random.choice(
            (b"--b\n", b"--b\n\n", b"--b\nContent-Type: text/html\n\n<p>x\n")
        )
        head = self._head(number, Content_Type="multipart/mixed; boundary=b")
        return head + b"\n" + part * self._random.randint(100, 3_000)

    def _bomb(self, number: int) -> bytes:
        name, data = self._random.choices(self._bombs, _WEIGHTS)[0]
        return (
            self._head(number, Content_Type="multipart/mixed; boundary=b")
            + f'\n--b\nContent-Disposition: attachment; filename="{number}-{name}"\n'.encode()
            + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data) + b"\n--b--\n"
        )  # fmt: skip

    def _long_line(self, number: int) -> bytes:
        piece = self._random.choice(
            (b"a", b"a ", b"\xe2\x80\xae", b"=?utf-8?b?", b"&#x", b"http://")
        )
        return self._head(number) + b"\n" + piece * self._random.randint(20_000, 200_000)

    def _large_header(self, number: int) -> bytes:
        pieces = ("=?utf-8?q?a?= ", "<a@b> ", '"', "a,", "(", "\t\n ", "a" * 900)
        value = self._random.choice(pieces) * self._random.randint(500, 5_000)
        field = self._random.choice(("Subject", "To", "References", "Received", "X-Large"))
        return self._head(number, **{field: value}) + b"\nx\n"

    def _cyclic(self, number: int) -> bytes:
        other = number ^ 1
        return self._head(
            number,
            In_Reply_To=f"<{other}@hostile.example>",
            References=" ".join(f"<{other - n}@hostile.example>" for n in range(40)),
        ) + b"\nround and round\n"  # fmt: skip

    def _page(self, number: int) -> bytes:
        html = "".join(self._random.choices(HOSTILE, k=8)) + self.text()
        return self._head(number, Content_Type="text/html; charset=utf-8") + (
            b"\n" + html.encode("utf-8", "replace")
        )

    def _noise_mail(self, number: int) -> bytes:
        return self._random.choice((b"", b"Subject: ", b"From ", b"\n", b"\xff\xfe")) + self.noise(
            2_000
        )

    def _truncated(self, number: int) -> bytes:
        whole = self._enclosed(number)
        return whole[: self._random.randrange(1, len(whole))]

    def _names(self, number: int) -> bytes:
        name = self._random.choice(ODD).replace("\n", "")
        field = f"attachment; filename=\"{name}\"; filename*=utf-8''..%2f..%2fetc%2fpasswd%00"
        return self._head(
            number, Content_Disposition=field, Content_Type=f'text/x; name="{name}"'
        ) + (b"\nnamed\n")

    _LINES = (
        *("deep", "members", "mistyped", "broken", "odd", "numbers", "cut", "noise_line"),
        *("doubled", "encoded", "times", "no_object", "bomb_line"),
    )

    def _line(self, number: int, **changes: object) -> bytes:
        return json.dumps(
            {
                "source": "hostile",
                "native_id": str(number),
                "channel": "chat",
                "occurred_at": "2024-05-06T07:08:09Z",
                "participants": [{"role": "author", "address": "eve@example.com"}],
                "text": f"line {number}",
            }
            | changes
        ).encode()

    def _deep(self, number: int) -> bytes:
        depth = self._random.choice((150, 250, 100_000))
        opening, closing = self._random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        return b'{"text":' + opening * depth + b"1" + closing * depth + b"}"

    def _members(self, number: int) -> bytes:
        piece = self._random.choice((b"[],", b'"a",', b"{},", b"1,", b'{"role":"to"},'))
        return b'{"participants":[' + piece * self._random.choice((5_000, 150_000)) + b"1]}"

    def _mistyped(self, number: int) -> bytes:
        wrong: tuple[object, ...] = (
            None,
            [],
            {},
            1,
            -1,
            True,
            "",
            "x" * 5_000,
            [[]],
            {"a": {}},
            1e308,
        )
        fields = ("source", "native_id", "channel", "occurred_at", "participants", "labels", "html")
        return self._line(number, **{self._random.choice(fields): self._random.choice(wrong)})

    def _broken(self, number: int) -> bytes:
        return self._line(number).replace(b"line", b"line " + self._random.choice(BROKEN))

    def _odd(self, number: int) -> bytes:
        return self._line(number, text=self.text(), subject=self.text(), custodian=self.text())

    def _numbers(self, number: int) -> bytes:
        value = self._random.choice((b"1e999999", b"NaN", b"-Infinity", b"9" * 5_000, b"-0", b"1."))
        return self._line(number, metrics={"value": 0}).replace(b'"value": 0', b'"value": ' + value)

    def _cut(self, number: int) -> bytes:
        whole = self._line(number)
        return whole[: self._random.randrange(len(whole))]

    def _noise_line(self, number: int) -> bytes:
        return self.noise(2_000)

    def _doubled(self, number: int) -> bytes:
        return self._line(number)[:-1] + b', "text": "again", "source": "other"}'

    def _encoded(self, number: int) -> bytes:
        return (
            self._line(number).decode().encode(self._random.choice(("utf-16", "utf-32", "utf-7")))
        )

    def _times(self, number: int) -> bytes:
        wrong = ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2024-02-30T00:00:00Z")
        return self._line(number, occurred_at=self._random.choice((*wrong, "now", "1e10")))

    def _no_object(self, number: int) -> bytes:
        return self._random.choice((b"[]", b"null", b'"x"', b"1", b"{}", b"\x00", b"[" * 99, b"}{"))

    def _bomb_line(self, number: int) -> bytes:
        name, data = self._random.choices(self._bombs, _WEIGHTS)[0]
        attached = {"filename": name, "data": base64.b64encode(data).decode()}
        return self._line(number, attachments=[attached])
