"""Why text could not be read. It stands alone: the process that reads documents loads little."""

from enum import StrEnum


class Unreadable(StrEnum):
    """Why the text of an attachment, or some of it, could not be read (docs/sources.md)."""

    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"
    TOO_SLOW = "took-too-long"
    UNSUPPORTED = "unsupported-type"
    NO_TEXT = "no-text"
