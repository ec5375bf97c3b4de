"""An object of Outlook as the parts of a mail, so that it is read as mail is.

Header fields are made from its properties; the fields of the internet header that Outlook keeps
fill in what they do not say. The body is one part or two, each attachment a part whose number is
its place; an attached object is a part that is an MSG file and holds a message.
"""

import email.utils
from datetime import datetime

from archive.capture.mime import Part, scan
from archive.capture.outlook import rtf, writer
from archive.capture.outlook.item import Attached, Id, Item, Properties, code_page_label
from archive.capture.outlook.msg import MEDIA_TYPE
from archive.capture.parameters import Fields
from archive.errors import InvalidError

_KEPT = (b"message-id", b"in-reply-to", b"references", b"date", b"content-language", b"subject")
_ROLES = {1: b"to", 2: b"cc", 3: b"bcc"}
_DISPLAYED = ((b"to", Id.DISPLAY_TO), (b"cc", Id.DISPLAY_CC), (b"bcc", Id.DISPLAY_BCC))
_BY_REFERENCE = (2, 3, 4, 7)


def part_of(item: Item, number: str = "") -> Part:
    """Return the object as a message part whose parts are numbered below `number`."""
    fields = fields_of(item)
    problems = list(item.problems)
    children = [*_bodies(item.properties, number, problems)]
    for ordinal, attached in enumerate(item.attachments, start=1):
        place = f"{number}.{ordinal}" if number else str(ordinal)
        children.append(_attachment(attached, place))
    media_type = "multipart/mixed" if children else "text/plain"
    return _part(number, media_type, fields=fields, children=children, problems=problems)


def fields_of(item: Item) -> Fields:
    """Return the header fields that say what the object says, in UTF-8."""
    own = item.properties
    internet = _internet_fields(own)
    fields: Fields = {name: internet[name] for name in _KEPT if name in internet}
    for name, number in (
        (b"message-id", Id.INTERNET_MESSAGE_ID),
        (b"in-reply-to", Id.IN_REPLY_TO_ID),
        (b"references", Id.INTERNET_REFERENCES),
    ):
        if own.line(number):
            fields[name] = [own.line(number).encode()]
    subject = subject_of(own)
    if subject is not None:
        fields[b"subject"] = [subject.encode()]
    moment = own.moment(Id.CLIENT_SUBMIT_TIME) or own.moment(Id.MESSAGE_DELIVERY_TIME)
    if moment is None and b"date" not in fields:
        # A draft was never sent; when it was begun is all that it says of its time.
        moment = own.moment(Id.CREATION_TIME)
    if moment is not None:
        fields[b"date"] = [_written(moment)]
    people: dict[bytes, list[tuple[str, str]]] = {}
    author = author_of(own)
    if author is not None and ("@" in author[1] or b"from" not in internet):
        people[b"from"] = [author]
    for role, shown, address in recipients_of(item):
        people.setdefault(role, []).append((shown, address))
    for name, pairs in people.items():
        fields[name] = [", ".join(_mailbox(*pair) for pair in pairs).encode()]
    for name in (b"from", b"to", b"cc", b"bcc"):
        if name not in fields and name in internet:
            fields[name] = internet[name]
    return fields


def subject_of(own: Properties) -> str | None:
    """Return the subject, without the mark of how long its prefix is."""
    subject = own.text(Id.SUBJECT)
    if subject is None:
        subject = own.text(Id.CONVERSATION_TOPIC) or own.text(Id.ORIGINAL_SUBJECT)
    if subject is None:
        return None
    # A control character and a length may stand before it ([MS-PST] section 2.5.3.1.1.1).
    return " ".join((subject[2:] if subject.startswith("\x01") else subject).split())


def author_of(own: Properties) -> tuple[str, str] | None:
    """Return name and address of whom the message is from, or None where it does not say."""
    for smtp, kind, address, name in (
        (
            Id.SENT_REPRESENTING_SMTP_ADDRESS,
            Id.SENT_REPRESENTING_ADDRESS_TYPE,
            Id.SENT_REPRESENTING_EMAIL_ADDRESS,
            Id.SENT_REPRESENTING_NAME,
        ),
        (
            Id.SENDER_SMTP_ADDRESS,
            Id.SENDER_ADDRESS_TYPE,
            Id.SENDER_EMAIL_ADDRESS,
            Id.SENDER_NAME,
        ),
    ):
        found = _person(own, smtp, kind, address, name)
        if found is not None and (found[1] or own.text(Id.SENDER_EMAIL_ADDRESS) is None):
            return found
    return None


def has_internet_author(item: Item) -> bool:
    """Say whether the internet header that Outlook kept names the author."""
    return b"from" in _internet_fields(item.properties)


def recipients_of(item: Item) -> list[tuple[bytes, str, str]]:
    """Return field name, name and address of each recipient, in order and once each."""
    found = []
    for each in item.recipients:
        kind = each.integer(Id.RECIPIENT_TYPE)
        person = _person(each, Id.SMTP_ADDRESS, Id.ADDRESS_TYPE, Id.EMAIL_ADDRESS, Id.DISPLAY_NAME)
        if kind is not None and kind & 0xF == 0 and person is not None:
            continue  # The originator stands in some tables as well.
        if person is not None:
            found.append((_ROLES.get((kind or 1) & 0xF, b"to"), *person))
    if not found:
        for name, number in (
            (b"to", Id.DISPLAY_TO),
            (b"cc", Id.DISPLAY_CC),
            (b"bcc", Id.DISPLAY_BCC),
        ):
            shown = (each.strip() for each in item.properties.line(number).split(";"))
            found += [(name, each, each if "@" in each else "") for each in shown if each]
    return list(dict.fromkeys(found))


def _person(
    properties: Properties, smtp: int, kind: int, address: int, name: int
) -> tuple[str, str] | None:
    given = properties.line(smtp) or properties.line(address)
    shown = properties.line(name).strip("'\"")
    if "@" not in given and properties.line(kind).upper() != "EX" and "@" in shown:
        given = shown
    return (shown, given) if shown or given else None


def _mailbox(name: str, address: str) -> str:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' if name else ""
    return f"{quoted} <{address}>" if address else quoted


def _written(moment: datetime) -> bytes:
    return email.utils.format_datetime(moment).encode()


def _internet_fields(own: Properties) -> Fields:
    text = own.text(Id.TRANSPORT_MESSAGE_HEADERS)
    if not text:
        return {}
    return scan(text.replace("\r\n", "\n").encode().strip() + b"\n\n").fields


def _bodies(own: Properties, number: str, problems: list[str]) -> list[Part]:
    plain = own.text(Id.BODY) or ""
    html = own.binary(Id.HTML)
    label = own.label()
    page = own.integer(Id.INTERNET_CODEPAGE)
    html_label = code_page_label(page) if page is not None else label
    if html is not None and Id.HTML in own.values and own.values[Id.HTML].type == 0x001F:
        html, html_label = (own.text(Id.HTML) or "").encode(), "utf-8"
    packed = own.binary(Id.RTF_COMPRESSED)
    if packed and (html is None or not plain):
        try:
            document = rtf.read(rtf.unpack(packed))
        except InvalidError as error:
            problems.append(str(error).rstrip("."))
        else:
            if document.is_html and html is None:
                html, html_label = document.content.encode(), "utf-8"
            elif not document.is_html and not plain.strip():
                plain = document.content
    parts = []
    if plain.strip():
        text = plain.replace("\r\n", "\n").encode()
        parts.append(_part(f"{number}.text".lstrip("."), "text/plain", "utf-8", data=text))
    if html is not None and html.strip():
        parts.append(_part(f"{number}.html".lstrip("."), "text/html", html_label, data=html))
    return parts


def _attachment(attached: Attached, number: str) -> Part:
    own = attached.properties
    name = own.line(Id.ATTACH_LONG_FILENAME) or own.line(Id.ATTACH_FILENAME)
    name = name or own.line(Id.DISPLAY_NAME)
    media_type = own.line(Id.ATTACH_MIME_TAG).lower() or "application/octet-stream"
    problems = []
    children = []
    data = attached.data if attached.data is not None else b""
    if attached.item is not None:
        data, media_type = writer.write(attached.item), MEDIA_TYPE
        children.append(part_of(attached.item, number))
    elif attached.parts:
        data = writer.write(Item(Properties(), attachments=(attached,)))
        media_type = "application/x-ole-storage"
    elif attached.data is None:
        path = own.line(Id.ATTACH_LONG_PATHNAME) or own.line(Id.ATTACH_PATHNAME)
        is_elsewhere = own.integer(Id.ATTACH_METHOD) in _BY_REFERENCE and path
        problems.append(
            f"the attachment is not in the message, which names {path!r}"
            if is_elsewhere
            else "the attachment holds nothing"
        )
    return _part(
        number,
        media_type,
        disposition="attachment",
        filename=name or None,
        data=data,
        children=children,
        problems=problems,
    )


def _part(
    number: str,
    media_type: str,
    charset: str | None = None,
    *,
    fields: Fields | None = None,
    disposition: str = "",
    filename: str | None = None,
    data: bytes = b"",
    children: list[Part] | None = None,
    problems: list[str] | None = None,
) -> Part:
    return Part(
        number,
        fields or {},
        media_type,
        charset,
        disposition,
        filename,
        data,
        0,
        len(data),
        tuple(children or ()),
        tuple(problems or ()),
    )
