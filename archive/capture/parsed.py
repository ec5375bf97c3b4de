"""What capture hands on: the content of one item, and the bytes it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archive.model.interaction import Content


@dataclass(frozen=True, slots=True)
class Parsed:
    """One item, read.

    `original` is what the archive keeps unchanged, of type `media_type`. `custodian` is whose copy
    it is, where the item says so. `reusable_ids` says that the source's ids do not settle identity
    alone, as in mail, where two different messages may carry one Message-ID: then the hash of
    `original` belongs to the identity. `extra_parts` holds the bytes of attachments that do not
    stand in `original`, by `Attachment.part`.
    """

    content: Content
    original: bytes
    media_type: str
    custodian: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    reusable_ids: bool = False
    extra_parts: Mapping[str, bytes] = field(default_factory=dict)
