"""Messages within attachments that MIME does not show as such.

A mail may hold another as an MSG or EML file, its own richer form as TNEF ("winmail.dat"), or all
that it says within a signature (S/MIME). Such an attachment stays one; what it holds is read too.
Readers are imported when the first such attachment is met, since most mail has none.
"""

from archive.capture.mime import Part, decode_body, nested_message, numbered
from archive.errors import InvalidError

# Deeper than anyone forwards.
_DEEPEST = 32
_TNEF = b"\x78\x9f\x3e\x22"
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_MSG_TYPES = ("application/vnd.ms-outlook", "application/x-msg", "application/msoutlook")
_SMIME_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")


def within(part: Part, data: bytes) -> tuple[Part, ...]:
    """Return the messages that an attachment holds, numbered below it; mostly none.

    Args:
        part: The attachment, without parts that MIME shows.
        data: Its decoded bytes.

    Raises:
        InvalidError: It should hold one that cannot be read; the message says why.
    """
    if part.number.count(".") >= _DEEPEST:
        return ()
    name = (part.filename or "").lower()
    if data.startswith(_TNEF):
        from archive.capture.outlook import tnef
        from archive.capture.outlook.parts import part_of

        return (part_of(tnef.read(data), part.number),)
    if data.startswith(_COMPOUND) and (part.media_type in _MSG_TYPES or name.endswith(".msg")):
        from archive.capture.outlook import msg
        from archive.capture.outlook.parts import part_of

        return (part_of(msg.read(data), part.number),)
    if part.media_type in _SMIME_TYPES or name.endswith(".p7m"):
        from archive.capture import smime

        return (nested_message(smime.signed_content(data), part.number),)
    if part.media_type.startswith("multipart/"):
        return (nested_message(data, part.number),)
    if name.endswith(".eml"):
        from archive.capture.sniff import is_mail

        return (nested_message(data, part.number),) if is_mail(data) else ()
    return ()


def found(root: Part, number: str) -> Part | None:
    """Return the part that bears this number, also within such attachments; None if none does."""
    part = numbered(root, number)
    if part is not None:
        return part
    above = number.rpartition(".")[0]
    holder = found(root, above) if above else None
    if holder is None or holder.children:
        return numbered(holder, number) if holder is not None else None
    try:
        messages = within(holder, decode_body(holder)[0])
    except InvalidError:
        return None
    return next((each for each in (numbered(one, number) for one in messages) if each), None)
