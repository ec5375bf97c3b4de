"""The one place through which content is read.

Each call takes who asks and why, decides, checks in SQL that the record has not been erased,
opens what is asked for, and appends the audit event; only then does the answer leave. Refusals
are audited too.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING
from uuid import UUID

from archive.access import sight
from archive.access.answers import (
    ConversationAnswer,
    HistoryAnswer,
    Original,
    OriginalInfo,
    ProofAnswer,
    RecordAnswer,
)
from archive.access.conversations import Conversations, record_answer
from archive.access.endings import ending
from archive.access.files import file_name, opener
from archive.access.histories import history, senders
from archive.access.passages import Said, passages
from archive.access.proofs import Proofs
from archive.access.reading import Reading
from archive.access.search_answers import SimilarAnswer
from archive.catalog.catalog import Catalog
from archive.clock import Clock
from archive.errors import InvalidError, NotFoundError
from archive.events.audit import Audit
from archive.events.codebook import Codebook
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, ErasedEvent, Opener
from archive.events.pointers import PointerRecorder
from archive.events.records import Records
from archive.events.rows import since_redaction
from archive.index.searcher import Searcher
from archive.log.reader import LogReader
from archive.matters.book import Matters
from archive.model.roles import Actor, Permission, Purpose, View
from archive.people.directory import People
from archive.query.tree import EVERYTHING

if TYPE_CHECKING:
    from archive.capture.markup import Markup

LARGEST_SHOWN = 64 << 20
"""How many bytes of an original are read to show its HTML."""


class Access(Reading):
    """Searches and reads, for somebody and for a purpose."""

    def __init__(
        self,
        *,
        archive_id: UUID,
        clock: Clock,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        records: Records,
        catalog: Catalog,
        audit: Audit,
        log: LogReader,
        codebook: Codebook,
        identity: Identity,
        people: People,
        matters: Matters,
        searcher: Callable[[], tuple[Searcher, int]],
        follow: Callable[[], object],
        timezone: tzinfo,
        names: Callable[[Iterable[str]], Mapping[str, str]],
    ) -> None:
        super().__init__(
            clock=clock,
            records=records,
            catalog=catalog,
            audit=audit,
            identity=identity,
            people=people,
            matters=matters,
            searcher=searcher,
            timezone=timezone,
        )
        self._pointers = pointers
        self._follow = follow
        self._codebook = codebook
        self._opener = opener
        self._mapper = mapper
        self._conversations = Conversations(catalog.conversations, records)
        self._proofs = Proofs(archive_id, pointers, opener, log, clock)
        self._names = names

    def show(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, as_of: int | None = None
    ) -> RecordAnswer:
        """Return one record as it stands now, or as it stood as of a sequence number.

        Raises:
            NotFoundError, GoneError: there is no such record, or it has been erased.
            CorruptError: its stored bytes do not check.
            ForbiddenError: as in `search`.
            UnavailableError: as in `search`, or the catalog has not come to it yet.
        """
        with self.telling(actor, purpose, "show", record_id):
            loaded, row = self.read(actor, purpose, record_id, "show", as_of)
            if row is None:
                row = self.catalogued(record_id)
        conversation = None if row is None else row.conversation
        place = None
        if conversation is not None:
            seen = self.seen(actor, purpose, conversation)
            place = self._conversations.place(record_id, conversation, seen)
        self._audit.record(actor, purpose, "show", as_of=as_of, records=[record_id])
        leaf_hash = loaded.rows[-1].pointer.leaf_hash.hex()
        viewer = self.viewer(purpose)
        return record_answer(
            viewer.shown(loaded.record()), conversation, viewer.view, place, leaf_hash
        )

    def conversation(
        self,
        actor: Actor,
        purpose: Purpose,
        conversation_id: UUID,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> ConversationAnswer:
        """Return a page of a conversation, in order of time, across channels and custodians.

        The id is that of the conversation or of any record in it. Records that have been erased
        or cannot be opened keep their place and say so.

        Raises:
            NotFoundError: there is no such conversation or record.
            InvalidError: the cursor is not one that a page gave.
            ForbiddenError, UnavailableError: as in `show`.
        """
        self.allow(actor, purpose, Permission.READ, "conversation", records=[conversation_id])
        with self.telling(actor, purpose, "conversation", conversation_id):
            row = self.catalogued(conversation_id)
            if row is None or row.conversation is None:
                raise NotFoundError(f"There is no conversation {conversation_id}.")
            seen = self.seen(actor, purpose, row.conversation)
            viewer = self.viewer(purpose)
            matters = self.matters_of(actor)
            known = self._catalog.known_as([row])[conversation_id]
            hidden = self.hidden(purpose)
            page = self._conversations.page(
                row.conversation,
                viewer,
                limit,
                cursor,
                seen,
                lambda record: (
                    record.id not in hidden and sight.sees(actor, record, matters, known)
                ),
            )
            if seen is not None and not page.total:
                raise NotFoundError(f"There is no conversation {conversation_id}.")
        shown = [item.id for item in page.items if item.record is not None]
        self._audit.record(actor, purpose, "conversation", total=page.total, records=shown)
        return page

    def original(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, as_of: int | None = None
    ) -> Original:
        """Return the captured bytes, unchanged; `as_of` and errors as in `show`.

        GoneError also where the record was redacted: they are withheld. The stream is checked as it
        is read: CorruptError may come in its middle.
        """
        with self.telling(actor, purpose, "original", record_id):
            loaded, _ = self.read(actor, purpose, record_id, "original", as_of, whole=True)
            captured = loaded.interaction.captured
        self._audit.record(actor, purpose, "original", as_of=as_of, records=[record_id])
        part = captured.original
        info = OriginalInfo(media_type=part.media_type, size=part.size, sha256=part.sha256)
        suffix = ending(captured.content, part.media_type)
        chunks = self._records.read_part(loaded.interaction, part)
        return Original(info, f"{record_id}.{suffix}", chunks)

    def attachment(
        self,
        actor: Actor,
        purpose: Purpose,
        record_id: UUID,
        part: str,
        *,
        as_of: int | None = None,
    ) -> Original:
        """Return the bytes of one attachment, by its `part`; else as `original`.

        NotFoundError also where the record has no such attachment.
        """
        with self.telling(actor, purpose, "attachment", record_id):
            loaded, _ = self.read(actor, purpose, record_id, "attachment", as_of, whole=True)
            attached = loaded.interaction.captured.content.attachments
            found = next((each for each in attached if each.part == part), None)
            if found is None:
                raise NotFoundError(f"The record {record_id} has no such attachment.")
        self._audit.record(actor, purpose, "attachment", as_of=as_of, records=[record_id])
        info = OriginalInfo(media_type=found.media_type, size=found.size, sha256=found.sha256)
        chunks = opener(loaded, self._records)(part)
        return Original(info, file_name(found, record_id), chunks)

    def as_sent(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, as_of: int | None = None
    ) -> "Markup":
        """Return the HTML of a record as it was sent, which is hostile; errors as in `show`.

        Raises:
            NotFoundError: there is no such record, or it has no HTML.
            InvalidError: it is too large to be shown.
        """
        # It is read anew from the original, by what only this needs.
        from archive.capture.markup import markup

        with self.telling(actor, purpose, "as-sent", record_id):
            loaded, _ = self.read(actor, purpose, record_id, "as-sent", as_of, whole=True)
            part = loaded.interaction.captured.original
            if part.size > LARGEST_SHOWN:
                raise InvalidError("The original is too large to be shown; download it.")
            original = b"".join(self._records.read_part(loaded.interaction, part))
            found = markup(original, part.media_type)
        self._audit.record(actor, purpose, "as-sent", as_of=as_of, records=[record_id])
        return found

    def similar(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, limit: int = 20
    ) -> SimilarAnswer:
        """Return the records whose words are likest to those of one; errors as in `show`.

        What the record quotes is left out, unless it says nothing else. ForbiddenError also where
        the purpose does not show all words.
        """
        with self.telling(actor, purpose, "similar", record_id):
            loaded, _ = self.read(actor, purpose, record_id, "similar", whole=True)
        record = loaded.record()
        searcher, as_of = self.searcher()
        text = record.content.text or record.content.html_text or ""
        own = "".join(
            text[each.start : each.end] for each in passages(text) if each.said is Said.OWN
        )
        hits = searcher.similar(
            record,
            own.strip() or text,
            as_of=as_of,
            limit=limit,
            settle=lambda ids: self.settle(ids, as_of, self.until(actor)),
            within=self.within(actor, purpose),
        )
        viewer = self.viewer(purpose)
        results = self.results(EVERYTHING, hits, as_of, viewer)
        found = [result.id for result in results]
        self._audit.record(actor, purpose, "similar", as_of=as_of, records=[record_id, *found])
        return SimilarAnswer(id=record_id, as_of=as_of, results=tuple(results), view=viewer.view)

    def history(self, actor: Actor, purpose: Purpose, record_id: UUID) -> HistoryAnswer:
        """Return what happened to a record, erased ones included; errors as in `show`."""
        self.allow(actor, purpose, Permission.READ, "history", records=[record_id])
        with self.telling(actor, purpose, "history", record_id):
            self.require_seen(actor, purpose, record_id)
            rows = [
                row
                for row in self._pointers.select_pointers_of([record_id])
                if row.type.startswith("interaction.")
            ]
            if not rows:
                raise NotFoundError(f"There is no record {record_id}.")
        there = {row.seq for row in since_redaction(rows)}
        found = [
            None
            if isinstance(opened, DamagedEvent)
            else self._mapper.event(opened if opened.row.seq in there else ErasedEvent(opened.row))
            for opened in self._opener.open_each(rows)
        ]
        self._audit.record(actor, purpose, "history", records=[record_id])
        # Who sent it is a person, whom other views hide.
        who = senders(found) if purpose.view is View.FULL else set[str]()
        names = self._names(who)
        return history(record_id, rows, found, {id: names.get(id, id) for id in who})

    def prove(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, version: int | None = None
    ) -> ProofAnswer:
        """Prove that a version of a record, or the newest with content of its own, is in the log.

        The answer holds what opens the record's evidence, so it is a read of its content.

        Raises:
            NotFoundError: there is no such record or version.
            CorruptError: its stored bytes, or the log's, do not check.
            ForbiddenError: as in `search`.
            UnavailableError: as in `search`, or the log has not come to it yet.
        """
        self.allow(actor, purpose, Permission.READ, "prove", records=[record_id], whole=True)
        with self.telling(actor, purpose, "prove", record_id):
            self.require_seen(actor, purpose, record_id)
            row = self._catalog.rows([record_id]).get(record_id)
            answer = self._proofs.prove(record_id, version, erased=row is not None and row.erased)
        self._audit.record(actor, purpose, "prove", records=[record_id])
        return answer
