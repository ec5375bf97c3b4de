"""Writing the demo as exports: mailboxes as their servers keep them, the rest as NDJSON.

mail/<login>/{cur,new,tmp}/…   a Maildir for about half of the people
mail/<login>.mbox              an mbox file for the others
mail-custodians.csv            whose mailbox each is
helpdesk/support.mbox          the mailbox that the support desk shares
<system>/<system>.ndjson       helpdesk, team-chat, phone, meetings, social, documents
<system>-later/…               what a later export of the system shows changed
withdrawn.ndjson               what systems no longer show
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from scripts.demo.company import Company, Person
from scripts.demo.items import SUPPORT, Enclosure, Entry, Item, Mail

SYSTEMS = ("helpdesk", "team-chat", "phone", "meetings", "social", "documents")
WITHDRAWN = "withdrawn.ndjson"
CUSTODIANS = "mail-custodians.csv"


def write(folder: Path, company: Company, items: Iterable[Item]) -> int:
    """Write items as they come into a new folder; returns how many records they will be."""
    with ExitStack() as files:
        exports = _Exports(folder, company, files)
        for item in items:
            exports.add(item)
    return exports.records


class _Exports:
    def __init__(self, folder: Path, company: Company, files: ExitStack) -> None:
        self._folder = folder
        self._files = files
        self._open: dict[Path, BinaryIO] = {}
        self._maildirs = {person.login for person in company.people[::2]}
        self._delivered = 0
        self.records = 0
        lines = ["# mailbox,custodian"]
        for person in company.people:
            mailbox = f"{person.login}/" if person.login in self._maildirs else f"{person.login}."
            lines.append(f"{mailbox},{person.name}")
        folder.mkdir(parents=True)
        (folder / CUSTODIANS).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add(self, item: Item) -> None:
        if isinstance(item, Mail):
            raw = message(item)
            for mailbox in item.mailboxes:
                self._deliver(item, raw, mailbox)
            self.records += len(item.mailboxes)
        elif isinstance(item, Entry):
            folder = f"{item.system}-later" if item.revises else item.system
            path = self._folder / folder / f"{item.system}.ndjson"
            self._append(path, _line({"source": item.system} | item.document))
            self.records += not item.revises
        else:
            named = {"source": item.system, "custodian": item.custodian}
            self._append(self._folder / WITHDRAWN, _line(named | {"native_id": item.native_id}))

    def _deliver(self, mail: Mail, raw: bytes, mailbox: str) -> None:
        if mailbox == SUPPORT:
            self._append(self._folder / "helpdesk" / "support.mbox", _in_mbox(mail, raw))
            return
        login = mailbox.partition("@")[0]
        if login not in self._maildirs:
            self._append(self._folder / "mail" / f"{login}.mbox", _in_mbox(mail, raw))
            return
        maildir = self._folder / "mail" / login
        if not maildir.exists():
            for name in ("cur", "new", "tmp"):
                (maildir / name).mkdir(parents=True)
        self._delivered += 1
        name = f"{int(mail.sent.timestamp())}.M{self._delivered}.mailhost:2,S"
        (maildir / "cur" / name).write_bytes(raw)

    def _append(self, path: Path, data: bytes) -> None:
        if path not in self._open:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[path] = self._files.enter_context(path.open("wb"))
        self._open[path].write(data)


def _line(document: Mapping[str, object]) -> bytes:
    kept = {key: value for key, value in document.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"


def _in_mbox(mail: Mail, raw: bytes) -> bytes:
    """Return a message as a slice of an mbox file (RFC 4155, mboxrd)."""
    lines = raw.split(b"\n")
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    moment = mail.sent.strftime("%a %b %d %H:%M:%S %Y")
    return b"From %s %s\n%s\n" % (
        mail.sender.address.encode(),
        moment.encode(),
        b"\n".join(quoted),
    )


def message(mail: Mail) -> bytes:
    """Return a message as it would stand on the wire, with bare line feeds (RFC 5322)."""
    root = _body(mail)
    if mail.enclosures:
        mixed = MIMEMultipart("mixed", _boundary(mail, "mixed"))
        mixed.attach(root)
        for enclosure in mail.enclosures:
            mixed.attach(_attached(enclosure))
        root = mixed
    fields = [
        ("From", _addresses((mail.sender,))),
        ("To", _addresses(mail.to)),
        *([("Cc", _addresses(mail.cc))] if mail.cc else []),
        ("Subject", _encoded(mail.subject)),
        ("Date", format_datetime(mail.sent)),
        ("Message-ID", f"<{mail.id}>"),
        ("Content-Language", mail.language),
        *mail.fields,
    ]
    if mail.references:
        fields.append(("In-Reply-To", f"<{mail.references[-1]}>"))
        fields.append(("References", "\n ".join(f"<{each}>" for each in mail.references)))
    # Written here, since the library's folding of every field takes longer than all the rest.
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return head.encode("ascii") + root.as_bytes()


def _body(mail: Mail) -> Message:
    plain = _text(mail.text, "plain")
    if mail.html is None:
        return plain
    html = _text(mail.html, "html")
    if not mail.has_plain:
        return html
    both = MIMEMultipart("alternative", _boundary(mail, "alternative"))
    both.attach(plain)
    both.attach(html)
    return both


def _text(text: str, subtype: str) -> MIMEText:
    if text.isascii():
        return MIMEText(text, subtype, "us-ascii")
    charset = Charset("utf-8")
    mostly_latin = sum(letter > "\u02ff" for letter in text) * 4 < len(text)
    if mostly_latin:
        charset.body_encoding = QP
    return MIMEText(text, subtype, charset)  # type: ignore[arg-type]  # Takes a Charset too.


def _attached(enclosure: Enclosure) -> MIMEBase:
    maintype, _, subtype = enclosure.media_type.partition("/")
    part = MIMEBase(maintype, subtype)
    part.set_payload(enclosure.data)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=enclosure.filename)
    return part


def _addresses(people: tuple[Person, ...]) -> str:
    return ", ".join(f"{_encoded(person.name)} <{person.address}>" for person in people)


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=990).encode()


def _boundary(mail: Mail, part: str) -> str:
    return f"=_{part}_{sha256(mail.id.encode()).hexdigest()[:24]}"
