"""The one way into the archive: items go in as parsed, and each comes back with its fate.

Archived, already there, erased or rejected: every item gets exactly one, so that totals add up.
An item whose id exists with other content is archived as a revision where its source settles
identity by id; mail does not, so there other bytes are another record.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from typing import Final, Literal, NamedTuple
from uuid import UUID

from archive.capture import ndjson
from archive.capture.answers import CaptureResult, Unsearched
from archive.capture.extract.attachments import has_unread, read_attachments
from archive.capture.extract.reader import DocumentReader
from archive.capture.parsed import Parsed
from archive.capture.prepare import Prepared, Preparer, Sender, unread_of
from archive.capture.quick import QuickLines
from archive.clock import Clock
from archive.errors import ConflictError, GoneError, InvalidError, UnavailableError
from archive.events.audit import Audit
from archive.events.blobs import INLINE_LIMIT
from archive.events.codebook import CUSTODIAN, SOURCE, Codebook
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import BlobCondemnedError, BlobUse, EventKey
from archive.events.records import Loaded, Records
from archive.events.types import InteractionRevised
from archive.model.roles import Actor, Permission

_GONE: Final = frozenset({"erased", "redacted"})
"""What is not archived again, whatever a source shows of it."""
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Item:
    """One parsed item, and the custodian that the caller names for it, if any."""

    parsed: Parsed
    custodian: str | None = None

    @property
    def held_by(self) -> str | None:
        """The custodian that counts: the caller's word, else the item's own."""
        return self.custodian or self.parsed.custodian


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read and only waits to be committed; `sender` is who sends it.

    Each line or item is an event, or its answer where one is known already. `items` has, by place,
    those that may have to be prepared anew.
    """

    prepared: Sequence[Prepared | CaptureResult]
    items: Mapping[int, Item]
    sender: Sender


class Archived(NamedTuple):
    """What became of an item of which there is only to say that it is archived now.

    That is nearly all of a bulk, and this is made in a tenth of the time of a `CaptureResult`.
    """

    originator: bytes
    seq: int

    def result(self) -> CaptureResult:
        """Return it as others are told of."""
        return CaptureResult(status="archived", id=UUID(bytes=self.originator), seq=self.seq)


Outcome = CaptureResult | Archived
"""What became of one item."""


class Intake:
    """Captures items, many at once."""

    def __init__(
        self,
        preparer: Preparer,
        quick: QuickLines,
        committer: Committer,
        codebook: Codebook,
        records: Records,
        exists: Callable[[Sequence[UUID]], set[UUID]],
        reader: DocumentReader,
        audit: Audit,
        clock: Clock,
        certificates: Callable[[Sequence[UUID]], Mapping[UUID, UUID]],
    ) -> None:
        self._preparer = preparer
        self._quick = quick
        self._committer = committer
        self._codebook = codebook
        self._records = records
        self._exists = exists
        self._reader = reader
        self._audit = audit
        self._clock = clock
        self._certificates = certificates

    def capture(self, actor: Actor, lines: Sequence[bytes]) -> list[CaptureResult]:
        """Capture interactions given as JSON texts; a bad one is rejected, with the reason.

        Raises:
            ForbiddenError: the actor may not capture.
            UnavailableError: nothing was acknowledged; the same lines may be sent again.
        """
        return _told(self.commit(self.read(actor, lines)))

    def allow(self, actor: Actor) -> None:
        """Raise ForbiddenError, once that is recorded, unless the actor may capture."""
        self._audit.require(actor, Permission.CAPTURE, "capture")

    def read(self, actor: Actor, lines: Sequence[bytes]) -> Batch:
        """Do the first half of `capture`, which takes the processor: all but the commit."""
        self.allow(actor)
        sender = Sender.of(actor)
        quick = self._quick.read(lines, sender)
        self._name(quick.sources, quick.custodians)
        prepared: dict[int, Prepared | CaptureResult] = {}
        items: dict[int, Item] = {}
        for place, (line, found) in enumerate(zip(lines, quick.prepared, strict=True)):
            if found is not None:
                prepared[place] = found
                continue
            try:
                items[place] = Item(ndjson.parse(line))
            except InvalidError as error:
                prepared[place] = CaptureResult(status="rejected", reason=str(error))
        if items:
            read = self._read_attachments(list(items.values()))
            items = dict(zip(items, read, strict=True))
            prepared |= zip(items, self._prepare_all(read, sender), strict=True)
        return Batch([prepared[place] for place in range(len(lines))], items, sender)

    def commit(self, batch: Batch) -> list[Outcome]:
        """Do the second half of `capture`, which waits: the commit, and what it says."""
        return self._certified(self._take(batch))

    def _certified(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return outcomes with the certificate of what has been erased under one, or redacted."""
        gone = {
            place: each
            for place, each in enumerate(outcomes)
            if isinstance(each, CaptureResult) and each.status in _GONE
        }
        ids = [each.id for each in gone.values() if each.id is not None]
        found = self._certificates(ids) if ids else {}
        for place, each in gone.items():
            if each.id is not None:
                outcomes[place] = each.model_copy(update={"certificate": found.get(each.id)})
        return outcomes

    def take(self, sender: Sender, items: Sequence[Item]) -> list[CaptureResult]:
        """Capture parsed items of somebody who may, in order; errors as in `capture`."""
        items = self._read_attachments(items)
        prepared = self._prepare_all(items, sender)
        batch = Batch(prepared, dict(enumerate(items)), sender)
        return _told(self._certified(self._take(batch)))

    def _read_attachments(self, items: Sequence[Item]) -> list[Item]:
        """Read the attachments of what is not here yet, since reading them is what costs most."""
        unread = {
            place: self._id_of(item)
            for place, item in enumerate(items)
            if has_unread(item.parsed.content)
        }
        existing = self._exists(list(unread.values())) if unread else set()
        return [
            replace(item, parsed=read_attachments(item.parsed, self._reader))
            if place in unread
            # Where other content makes a revision, it may be one, and then it needs its text.
            and (unread[place] not in existing or not item.parsed.reusable_ids)
            else item
            for place, item in enumerate(items)
        ]

    def _id_of(self, item: Item) -> UUID:
        sha256 = hashlib.sha256(item.parsed.original).hexdigest()
        return self._preparer.id_of(item.parsed, sha256, item.held_by)

    def _prepare_all(self, items: Sequence[Item], sender: Sender) -> list[Prepared | CaptureResult]:
        self._name(
            {item.parsed.content.source for item in items},
            {item.held_by for item in items if item.held_by},
        )
        known: dict[int, Prepared | CaptureResult] = {**self._known_large(items)}
        known |= self._prepare_large(
            {
                place: item
                for place, item in enumerate(items)
                if place not in known and _has_large_part(item.parsed)
            },
            sender,
        )
        return [known.get(place) or self._prepare(item, sender) for place, item in enumerate(items)]

    def _name(self, sources: Iterable[str], custodians: Iterable[str]) -> None:
        """See that the names of sources and custodians have codes."""
        for source in sources:
            self._codebook.ensure(self._committer, SOURCE, source)
        for custodian in custodians:
            self._codebook.ensure(self._committer, CUSTODIAN, custodian)

    def _prepare_large(self, items: Mapping[int, Item], sender: Sender) -> dict[int, Prepared]:
        """Prepare items that upload blobs, as many at once as the bucket likes."""
        at_once = min(len(items), self._preparer.uploads_at_once)
        if at_once <= 1:
            return {place: self._prepare(item, sender) for place, item in items.items()}
        with ThreadPoolExecutor(at_once, thread_name_prefix="blob") as pool:
            prepared = pool.map(self._prepare, items.values(), repeat(sender))
            return dict(zip(items, prepared, strict=True))

    def _take(self, batch: Batch) -> list[Outcome]:
        prepared, group = self._commit(batch)
        # Of several with one id the first was archived; the others meet it.
        archived = dict(group.seqs)
        outcomes: list[Outcome | None] = []
        again: dict[int, Prepared] = {}
        for place, each in enumerate(prepared):
            if isinstance(each, CaptureResult):
                outcomes.append(each)
                continue
            seq = archived.pop(each.event.key, None)
            if seq is None:
                again[place] = each
                outcomes.append(None)
            else:
                outcomes.append(_archived(each.event.originator, seq, each.unread))
        loaded = self._load(again.values())
        return [
            each or self._met_again(again[place], loaded, partial(self._anew, batch, place))
            for place, each in enumerate(outcomes)
        ]

    def _prepare(self, item: Item, sender: Sender, *, blobs_anew: bool = False) -> Prepared:
        return self._preparer.prepare(
            item.parsed,
            sender,
            custodian=item.held_by,
            labels=item.parsed.labels,
            blobs_anew=blobs_anew,
        )

    def _known_large(self, items: Sequence[Item]) -> dict[int, CaptureResult]:
        """Answer those large items that are here already, before their blobs are uploaded."""
        ids: dict[int, UUID] = {}
        for place, item in enumerate(items):
            parsed = item.parsed
            if parsed.reusable_ids and len(parsed.original) > INLINE_LIMIT:
                ids[place] = self._id_of(item)
        existing = self._exists(list(ids.values())) if ids else set()
        answers: dict[int, CaptureResult] = {}
        wanted = [record_id for record_id in ids.values() if record_id in existing]
        found = dict(zip(wanted, self._records.load_each(wanted), strict=True))
        for place, record_id in ids.items():
            if record_id in existing:
                answers[place] = CaptureResult(status=_status(found[record_id]), id=record_id)
        return answers

    def _commit(self, batch: Batch) -> tuple[Sequence[Prepared | CaptureResult], Group]:
        """Commit what is new; if a blob to be shared is going away, upload blobs anew, once."""
        prepared = batch.prepared
        group = _group(prepared)
        try:
            if group.events:
                self._committer.commit(group)
        except BlobCondemnedError:
            prepared = [
                self._anew(batch, place) if isinstance(each, Prepared) and each.blobs else each
                for place, each in enumerate(prepared)
            ]
            group = _group(prepared)
            self._committer.commit(group)
        return prepared, group

    def _anew(self, batch: Batch, place: int) -> Prepared:
        """Prepare an item once more, since a blob that it was to share is going away."""
        return self._prepare(batch.items[place], batch.sender, blobs_anew=True)

    def _load(self, prepared: Iterable[Prepared]) -> dict[UUID, Loaded | Exception]:
        """Load what exists already and may have changed or been erased."""
        ids = [UUID(bytes=each) for each in {each.event.originator for each in prepared}]
        return dict(zip(ids, self._records.load_each(ids), strict=True)) if ids else {}

    def _met_again(
        self,
        prepared: Prepared,
        loaded: dict[UUID, Loaded | Exception],
        with_blobs_anew: Callable[[], Prepared],
    ) -> Outcome:
        record_id = UUID(bytes=prepared.event.originator)
        for _ in range(_TRIES):
            found = loaded[record_id]
            status = _status(found)
            if status in _GONE or not isinstance(found, Loaded):
                # What is damaged exists, and `verify` names it.
                return CaptureResult(status=status, id=record_id)
            revised = None
            if not prepared.reusable_ids:
                model = prepared.model()
                revised = found.interaction.revise(
                    model,
                    self._clock.now(),
                    brings_original=model.original.media_type != ndjson.MEDIA_TYPE,
                )
            if revised is None:
                return CaptureResult(status="already", id=record_id, seq=found.rows[-1].seq)
            group = Group([plain(revised)], blobs=_moved(prepared.blobs, revised))
            try:
                self._committer.commit(group)
            except BlobCondemnedError:
                prepared = with_blobs_anew()
            except ConflictError:
                # Somebody else revised it first; perhaps to the same content.
                loaded |= self._load([prepared])
            else:
                loaded |= self._load([prepared])
                return _archived(record_id.bytes, group.seqs[revised.key], unread_of(revised))
        raise UnavailableError("Others kept changing the same record; send it again.")


def _told(outcomes: Iterable[Outcome]) -> list[CaptureResult]:
    return [each.result() if isinstance(each, Archived) else each for each in outcomes]


def _archived(originator: bytes, seq: int, unread: tuple[Unsearched, ...]) -> Outcome:
    archived = Archived(originator, seq)
    return archived.result().model_copy(update={"unread": unread}) if unread else archived


def _status(found: Loaded | Exception) -> Literal["already", "erased", "redacted"]:
    """Return what capturing a record again is answered, unless it is a revision."""
    if isinstance(found, GoneError):
        return "erased"
    redacted = isinstance(found, Loaded) and found.interaction.redacted is not None
    return "redacted" if redacted else "already"


def _has_large_part(parsed: Parsed) -> bool:
    parts = (parsed.original, *parsed.extra_parts.values())
    return any(len(part) > INLINE_LIMIT for part in parts)


def _group(prepared: Sequence[Prepared | CaptureResult]) -> Group:
    fresh: dict[EventKey, Prepared] = {}
    for each in prepared:
        if isinstance(each, Prepared):
            # Of two with one id the first is captured, and the other perhaps a revision of it.
            fresh.setdefault(each.event.key, each)
    return Group(
        [each.event for each in fresh.values()],
        atomic=False,
        blobs=[use for each in fresh.values() for use in each.blobs],
    )


def _moved(blobs: Sequence[BlobUse], revised: InteractionRevised) -> list[BlobUse]:
    return [replace(use, originator_version=revised.originator_version) for use in blobs]
