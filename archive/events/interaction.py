"""The interaction aggregate: captured, revised, withdrawn at source; nothing is ever overwritten.

A redaction begins it anew: what stood before is destroyed.

`evolve` is a pure fold over the events of one stream, fit for the event library's repository.
What other people do with an interaction (holds, tags, reads) are aggregates of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from archive.errors import GoneError, InvalidError
from archive.events.types import (
    Erased,
    Event,
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
)
from archive.model.interaction import Content
from archive.model.record import Record


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction up to one version. `shown` is the event whose content is shown.

    `originals` has the SHA-256 of what was kept as the original of each of `contents`, empty once
    it was redacted.
    """

    id: UUID
    version: int
    captured_at: datetime
    shown: InteractionCaptured | InteractionRevised | InteractionRedacted
    contents: tuple[Content, ...]
    originals: tuple[str, ...]
    withdrawn: bool = False
    redacted: UUID | None = None

    @property
    def captured(self) -> InteractionCaptured | InteractionRevised:
        """The event whose bytes are kept; GoneError where they are withheld."""
        if isinstance(self.shown, InteractionRedacted):
            raise GoneError(
                f"What was captured of record {self.id} is withheld: it was redacted by case "
                f"{self.shown.case}."
            )
        return self.shown

    def revise(
        self, revision: InteractionCaptured, recorded_at: datetime, *, brings_original: bool
    ) -> InteractionRevised | None:
        """Return the event that makes `revision` the newest content, None if it is known.

        A redacted one takes none: the source would bring back what was taken out.

        `brings_original` says that the source gave the original itself: then other bytes are
        another content. Otherwise the original is how the content happened to be written.

        What was read out of attachments is no part of the comparison: a newer reader that finds
        other words in the same bytes does not make the same thing another. Nor are labels, which
        are custody and none of the source's.
        """
        if self.redacted is not None:
            return None
        given, original = revision.content.as_given(), revision.original.sha256
        if not self.withdrawn and any(
            given == known.as_given() and (not brings_original or original == sha256)
            for known, sha256 in zip(self.contents, self.originals, strict=True)
        ):
            return None
        fields = {name: getattr(revision, name) for name in InteractionCaptured.model_fields}
        fields |= {"originator_version": self.version + 1, "recorded_at": recorded_at}
        return InteractionRevised.model_validate(fields)

    def withdraw(
        self, recorded_at: datetime, sent_by: str | None = None, sent_token: str | None = None
    ) -> InteractionWithdrawn | None:
        """Return the event that says the source took it back, None if it already has."""
        if self.withdrawn:
            return None
        return InteractionWithdrawn(
            originator_id=self.id,
            originator_version=self.version + 1,
            recorded_at=recorded_at,
            sent_by=sent_by,
            sent_token=sent_token,
        )

    def record(self, *, seq: int, first_seq: int, duplicate: bool = False) -> Record:
        """Return this version as a record to be shown or indexed."""
        shown = self.shown
        if isinstance(shown, InteractionRedacted):
            edited, size, sha256, media_type = shown.edited, shown.size, "", shown.media_type
        else:
            original, edited = shown.original, isinstance(shown, InteractionRevised)
            size, sha256, media_type = original.size, original.sha256, original.media_type
        return Record(
            id=self.id,
            version=self.version,
            seq=seq,
            first_seq=first_seq,
            captured_at=self.captured_at,
            content=shown.content,
            custodian=shown.custodian,
            labels=dict(shown.labels),
            size=size,
            sha256=sha256,
            media_type=media_type,
            edited=edited,
            deleted=self.withdrawn,
            duplicate=duplicate,
            redacted=self.redacted,
        )


def evolve(interaction: Interaction | None, event: Event) -> Interaction:
    """Return the interaction after one more event.

    Raises:
        GoneError: the event has been erased, and with it the interaction.
        InvalidError: the event does not belong here.
    """
    match event, interaction:
        case Erased(), _:
            raise GoneError(f"Record {event.originator_id} has been erased.")
        case InteractionCaptured(), None:
            return Interaction(
                id=event.originator_id,
                version=event.originator_version,
                captured_at=event.recorded_at,
                shown=event,
                contents=(event.content,),
                originals=(event.original.sha256,),
            )
        case InteractionRevised(), Interaction():
            return replace(
                interaction,
                version=event.originator_version,
                shown=event,
                contents=(*interaction.contents, event.content),
                originals=(*interaction.originals, event.original.sha256),
                withdrawn=False,
            )
        case InteractionWithdrawn(), Interaction():
            return replace(interaction, version=event.originator_version, withdrawn=True)
        case InteractionRedacted(), _:
            return Interaction(
                id=event.originator_id,
                version=event.originator_version,
                captured_at=event.captured_at,
                shown=event,
                contents=(event.content,),
                originals=("",),
                withdrawn=event.withdrawn,
                redacted=event.case,
            )
    raise InvalidError(f"{event.type} has no place in the stream of an interaction.")


def project(interaction: Interaction | None, events: Iterable[Event]) -> Interaction | None:
    """Fold events, in order of version; the event library's repository calls it so."""
    told = list(events)
    redactions = (place for place, each in enumerate(told) if isinstance(each, InteractionRedacted))
    for event in told[max(redactions, default=0) :]:
        interaction = evolve(interaction, event)
    return interaction
