"""Reading one mail: fields, all bodies, attachments (RFC 5322, RFC 2045 to 2047, RFC 2231).

`text` holds every plain body, `html_text` what the HTML bodies show ("" where they show nothing
but pictures, None where there is no HTML). A nested message is an
attachment, and its subject, people and bodies are searched with its parent's, so that nothing
that was said escapes a search. Reply-To is no identity: mailing lists rewrite From and put the
writer there, and identities are never guessed.
"""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from archive.capture import cmu
from archive.capture.charset import clean, decode
from archive.capture.embedded import found, within
from archive.capture.extract.plain import read_if_plain
from archive.capture.headers import addresses, date, identifiers, in_reply_to, message_id
from archive.capture.html import decode_html, visible_text
from archive.capture.mime import Part, decode_body, scan
from archive.capture.parameters import Fields
from archive.capture.parsed import Parsed
from archive.capture.words import header_text
from archive.errors import InvalidError, NotFoundError
from archive.model.interaction import Attachment, Channel, Content, Participant, ParticipantRole
from archive.model.unreadable import Unreadable

MEDIA_TYPE = "message/rfc822"

_PEOPLE = (
    (ParticipantRole.FROM, b"from", b"x-from"),
    (ParticipantRole.TO, b"to", b"x-to"),
    (ParticipantRole.CC, b"cc", b"x-cc"),
    (ParticipantRole.BCC, b"bcc", b"x-bcc"),
)
# Whom an answer comes from and goes to, whose addresses are no ids.
_ADDRESSED = (b"from", b"to", b"cc", b"reply-to")
_NESTED_FIELDS = (("Subject", b"subject"), ("From", b"from"), ("To", b"to"), ("Cc", b"cc"))
# What a mail with such a part says by it. S/MIME names no type for what is encrypted alone.
_ENCRYPTED = {
    "application/pgp-encrypted": "the part after this one is encrypted (PGP) and cannot be read"
}
_PGP_MESSAGE = b"-----BEGIN PGP MESSAGE-----"


def parse(raw: bytes, *, format: str, source: str, path: str) -> Parsed:
    """Read one message, an mbox From_ line before it allowed.

    Raises:
        InvalidError: It has neither a header field nor a From_ line, so it is no mail.
    """
    root = scan(raw)
    if not root.fields and not raw.lstrip(b"\xef\xbb\xbf\r\n").startswith(b"From "):
        raise InvalidError("It has no header field, so it is not a mail (RFC 5322).")
    is_cmu = format == "cmu"
    return Parsed(
        content=content_of(root, source=source, is_cmu=is_cmu),
        original=raw,
        media_type=MEDIA_TYPE,
        custodian=cmu.custodian(root.fields, path) if is_cmu else None,
        labels=cmu.labels(root.fields) if is_cmu else {},
        reusable_ids=True,
    )


def content_of(
    root: Part,
    *,
    source: str,
    is_cmu: bool = False,
    known: Collection[ParticipantRole] = (),
) -> Content:
    """Return what a scanned message says, but for participants of roles that are `known`."""
    fields = root.fields
    problems: list[str] = []
    occurred_at = _occurred_at(fields, problems)
    participants = _participants(fields, problems, is_cmu=is_cmu, known=known)
    bodies = _Bodies(problems, _subject(root))
    bodies.read(root, is_whole=True)
    languages = header_text(fields.get(b"content-language", [b""])[0]).partition(",")[0].strip()
    return Content(
        source=source,
        native_id=message_id(fields.get(b"message-id", [])),
        channel=Channel.EMAIL,
        occurred_at=occurred_at,
        in_reply_to=_answered(fields) if b"in-reply-to" in fields else None,
        references=tuple(identifiers(fields[b"references"])) if b"references" in fields else (),
        participants=participants,
        subject=_subject(root),
        text="\n\n".join(bodies.texts) or None,
        html_text="\n\n".join(bodies.html_texts) if bodies.has_html else None,
        language=languages or None,
        attachments=tuple(bodies.attachments),
        problems=tuple(dict.fromkeys(problems)),
    )


def _answered(fields: Fields) -> str | None:
    people = {
        address
        for name in _ADDRESSED
        if name in fields
        for _, address in addresses(fields[name])[0]
    }
    return in_reply_to(fields[b"in-reply-to"], people)


def _subject(message: Part) -> str | None:
    values = message.fields.get(b"subject")
    return header_text(values[0]) if values is not None else None


def attachment_bytes(root: Part, number: str) -> bytes:
    """Return the decoded bytes of the part of a scanned message that bears a number.

    Raises:
        NotFoundError: The mail has no such part.
    """
    part = found(root, number)
    if part is None:
        raise NotFoundError(f"The mail has no part {number}.")
    return decode_body(part)[0]


def _occurred_at(fields: Fields, problems: list[str]) -> datetime | None:
    if b"date" not in fields:
        problems.append("There is no Date field.")
        return None
    moment, problem = date(fields[b"date"][0])
    if problem is not None:
        problems.append(problem)
    return moment


def _participants(
    fields: Fields, problems: list[str], *, is_cmu: bool, known: Collection[ParticipantRole]
) -> tuple[Participant, ...]:
    people = []
    for role, name_field, cmu_field in _PEOPLE:
        values = fields.get(name_field)
        if values is None and role is ParticipantRole.FROM:
            values = fields.get(b"sender")
        if values is None or role in known:
            continue
        pairs, guessed = addresses(values)
        if guessed:
            problems.append(
                f"The {role.title()} field is not written as addresses are; read as it seems meant."
            )
        if is_cmu:
            pairs = cmu.named(pairs, fields, cmu_field)
        people += [
            Participant(role=role, address=address or None, name=name or None)
            for name, address in pairs
        ]
    return tuple(people)


class _Bodies:
    """Collects what the parts hold, in their order."""

    def __init__(self, problems: list[str], subject: str | None) -> None:
        self.subject = subject
        self.texts: list[str] = []
        self.html_texts: list[str] = []
        self.has_html = False
        self.attachments: list[Attachment] = []
        self.problems = problems

    def read(self, part: Part, *, is_whole: bool) -> None:
        """Take in a part and what is inside it; `is_whole` marks the body of a message."""
        for problem in part.problems:
            self._problem(part, problem)
        if part.media_type in _ENCRYPTED:
            self._problem(part, _ENCRYPTED[part.media_type])
        if part.is_multipart:
            for child in part.children:
                self.read(child, is_whole=False)
            return
        major = part.media_type.partition("/")[0]
        is_attachment = (
            major != "text" or part.disposition == "attachment" or part.filename is not None
        )
        # A body that is the whole message is read even when its header calls it an attachment;
        # so is a named part that its header asks to be shown within the message. The reports and
        # fragments of message/* (RFC 3464, RFC 8098, RFC 2046 section 5.2.2) are text as well.
        is_text = major == "text" or (major == "message" and not part.children)
        is_shown = is_text and (is_whole or part.disposition != "attachment")
        data, broken = decode_body(part)
        if broken is not None:
            self._problem(part, broken)
        forms: tuple[Part, ...] = ()
        if is_attachment:
            # Empty where the words stand in the text of the mail itself.
            forms, unreadable = ((), None) if part.children else self._within(part, data)
            text = "" if is_shown or part.children or forms else None
            if is_text and not is_shown and not forms:
                text, unreadable = read_if_plain(data, part.media_type, part.charset)
            self.attachments.append(
                Attachment(
                    filename=clean(part.filename).strip() or None if part.filename else None,
                    media_type=clean(part.media_type),
                    size=len(data),
                    sha256=sha256(data).hexdigest(),
                    part=part.number,
                    text=text,
                    unreadable=unreadable,
                )
            )
        if is_shown:
            self._text(part, data)
        for child in part.children:
            self._nested(child)
        for form in forms:
            # What is the same message in another form says its subject once.
            is_same = _subject(form) in (None, self.subject)
            self._nested(form._replace(fields={}) if is_same else form)

    def _within(self, part: Part, data: bytes) -> tuple[tuple[Part, ...], Unreadable | None]:
        try:
            return within(part, data), None
        except InvalidError as error:
            phrase = str(error)[:1].lower() + str(error)[1:].rstrip(".")
            self._problem(part, phrase)
            is_encrypted = "is encrypted" in phrase
            return (), Unreadable.ENCRYPTED if is_encrypted else Unreadable.DAMAGED

    def _nested(self, message: Part) -> None:
        lines = [
            f"{label}: {header_text(value)}"
            for label, name in _NESTED_FIELDS
            for value in message.fields.get(name, [])
        ]
        if lines:
            self.texts.append("\n".join(lines))
        self.read(message, is_whole=True)

    def _text(self, part: Part, data: bytes) -> None:
        if part.media_type == "text/html":
            html, guess = decode_html(data, part.charset)
            text = visible_text(html)
            destination = self.html_texts
            self.has_html = True
        else:
            text, guess = decode(data, part.charset)
            text = text.replace("\r\n", "\n").strip("\n")
            destination = self.texts
        if guess is not None:
            self._problem(part, guess)
        if _PGP_MESSAGE in data:
            self._problem(part, "the text holds a part that is encrypted (PGP) and cannot be read")
        if text and not text.isspace():
            destination.append(text)

    def _problem(self, part: Part, phrase: str) -> None:
        self.problems.append(f"Part {part.number or 'outermost'}: {phrase}.")
