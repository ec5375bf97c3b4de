"""From a parsed item to the event that archives it: identity, original inline or as a blob."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from archive.capture.answers import Unsearched
from archive.capture.parsed import Parsed
from archive.clock import Clock
from archive.events.blobs import INLINE_LIMIT, BlobStore
from archive.events.identity import Identity
from archive.events.plain import plain
from archive.events.pointers import BlobUse
from archive.events.sealer import Committable
from archive.events.types import BlobPlace, InteractionCaptured, InteractionRevised, Part
from archive.model.roles import Actor


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends items: the id of a user, or `local`, and that of the token they come by."""

    by: str
    token: str | None = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return the actor as who sends."""
        return cls(actor.id, actor.token)


class Prepared(NamedTuple):
    """One item as an event, with the blobs it refers to, and its attachments that were not read.

    `event` is ready to be committed; `model` gives it as a model, which few are asked for again.
    """

    event: Committable
    model: Callable[[], InteractionCaptured]
    blobs: tuple[BlobUse, ...] = ()
    reusable_ids: bool = False
    unread: tuple[Unsearched, ...] = ()


class Preparer:
    """Makes capture events; uploads large parts as it goes."""

    def __init__(self, identity: Identity, blobs: BlobStore, clock: Clock) -> None:
        self._identity = identity
        self._blobs = blobs
        self._clock = clock

    @property
    def uploads_at_once(self) -> int:
        """How many items with large parts are better prepared at once than in turn."""
        return self._blobs.at_once

    def id_of(self, parsed: Parsed, sha256: str, custodian: str | None) -> UUID:
        """Return the id that this item has, or will have."""
        content = parsed.content
        raw = sha256 if parsed.reusable_ids or not content.native_id else None
        return self._identity.interaction(content.source, custodian, content.native_id, raw)

    def prepare(
        self,
        parsed: Parsed,
        sender: Sender,
        *,
        custodian: str | None,
        labels: Mapping[str, str],
        blobs_anew: bool = False,
    ) -> Prepared:
        """Return the event for an item. `blobs_anew` uploads blobs even if there are such."""
        keeper = _Keeper(self._blobs, blobs_anew)
        original = keeper.keep("", parsed.media_type, parsed.original)
        media_types = {each.part: each.media_type for each in parsed.content.attachments}
        extra = [
            keeper.keep(name, media_types.get(name, "application/octet-stream"), data)
            for name, data in parsed.extra_parts.items()
        ]
        event = InteractionCaptured(
            originator_id=self.id_of(parsed, original.sha256, custodian),
            originator_version=1,
            recorded_at=self._clock.now(),
            content=parsed.content,
            original=original,
            extra_parts=tuple(extra),
            custodian=custodian,
            labels=dict(labels),
            blob_keys=keeper.keys,
            sent_by=sender.by,
            sent_token=sender.token,
            inline=b"".join(keeper.inline),
        )
        return Prepared(
            plain(event),
            lambda: event,
            keeper.uses(event),
            parsed.reusable_ids,
            unread_of(event),
        )


def unread_of(event: InteractionCaptured | InteractionRevised) -> tuple[Unsearched, ...]:
    """Return the attachments of which no search sees the words, or not all."""
    return tuple(
        Unsearched(part=each.part, filename=each.filename, reason=each.unreadable)
        for each in event.content.attachments
        if each.unreadable is not None
    )


class _Keeper:
    def __init__(self, blobs: BlobStore, anew: bool) -> None:
        self._blobs = blobs
        self._anew = anew
        self._kept: list[tuple[UUID, bytes, int, bool]] = []
        self.inline: list[bytes] = []
        self.keys: dict[str, str] = {}
        self._offset = 0

    def keep(self, name: str, media_type: str, data: bytes) -> Part:
        digest = hashlib.sha256(data)
        offset, blob = 0, None
        if len(data) <= INLINE_LIMIT:
            offset = self._offset
            self.inline.append(data)
            self._offset += len(data)
        else:
            blob = self._keep_blob(data, digest.digest())
        return Part(
            name=name,
            media_type=media_type,
            size=len(data),
            sha256=digest.hexdigest(),
            offset=offset,
            blob=blob,
        )

    def _keep_blob(self, data: bytes, sha256: bytes) -> BlobPlace:
        kept = self._blobs.keep(data, sha256, anew=self._anew)
        self.keys[str(kept.place.id)] = base64.b64encode(kept.key).decode()
        self._kept.append(
            (kept.place.id, bytes.fromhex(kept.place.digest), kept.place.sealed_size, kept.new)
        )
        return kept.place

    def uses(self, event: InteractionCaptured) -> tuple[BlobUse, ...]:
        return tuple(
            BlobUse(blob_id, digest, size, event.originator_id, event.originator_version, new)
            for blob_id, digest, size, new in self._kept
        )
