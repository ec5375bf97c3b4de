"""How a copy of captured bytes is to be named."""

from typing import Final

from archive.model.interaction import Content

_ENDINGS: Final = {
    "message/rfc822": "eml",
    "application/json": "json",
    "application/vnd.ms-outlook": "msg",
    "application/ms-tnef": "tnef",
    "application/x-emlx": "emlx",
    "text/x-mailman": "txt",
    "text/x-listserv-log": "log",
}


def ending(content: Content, media_type: str) -> str:
    """Return how a copy of an original ends: a file as it ended, the others by their type."""
    for attachment in content.attachments:
        own = (attachment.filename or "").rpartition(".")[2]
        if not attachment.part and own.isascii() and own.isalnum() and len(own) < 9:
            return own.lower()
    return _ENDINGS.get(media_type, "bin")
