"""The one place through which content is read.

Each call takes who asks and why, decides, checks in SQL that the record has not been erased,
opens what is asked for, and appends the audit event; only then does the answer leave. Refusals
are audited too.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING
from uuid import UUID

from archive.access import sight
from archive.access.answers import (
    ConversationAnswer,
    HistoryAnswer,
    HistoryEvent,
    Original,
    OriginalInfo,
    ParsedQuery,
    ProofAnswer,
    RecordAnswer,
    SearchAnswer,
    SearchRequest,
    SearchResult,
)
from archive.access.audit import Audit
from archive.access.conversations import Conversations, record_answer
from archive.access.endings import ending
from archive.access.proofs import Proofs
from archive.access.roles import (
    Actor,
    Permission,
    Purpose,
    Role,
    require,
    require_full_view,
    require_purpose,
)
from archive.access.views.choosing import Viewers
from archive.access.views.viewer import Viewer
from archive.bucket.names import segment_name
from archive.catalog.catalog import Catalog, CatalogRow
from archive.clock import Clock
from archive.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
)
from archive.events.codebook import Codebook
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRecorder
from archive.events.records import Loaded, Records
from archive.events.types import Erased
from archive.index.cursor import Cursor, Sort
from archive.index.searcher import Hits, Searcher
from archive.log.reader import LogReader
from archive.model.record import Record
from archive.query.facets import FACETS, narrowing
from archive.query.parser import parse
from archive.query.printer import to_text
from archive.query.tree import EVERYTHING, Node, conjunction, to_json

if TYPE_CHECKING:
    from archive.capture.markup import Markup

SEARCH_SECONDS = 60
"""How long records are opened to decide a search; on the command line, as long as it takes."""
LARGEST_SHOWN = 64 << 20
"""How many bytes of an original are read to show its HTML."""


class Access:
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
        searcher: Callable[[], tuple[Searcher, int]],
        timezone: tzinfo,
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._records = records
        self._catalog = catalog
        self._conversations = Conversations(catalog, records)
        self._audit = audit
        self._proofs = Proofs(archive_id, pointers, opener, log, clock)
        self._codebook = codebook
        self._identity = identity
        self._clock = clock
        self._searcher = searcher
        self._viewers = Viewers(identity)
        self._timezone = timezone

    def search(self, actor: Actor, purpose: Purpose, request: SearchRequest) -> SearchAnswer:
        """Answer one page of a search.

        Raises:
            InvalidError: the query or the cursor is wrong, `column` says where in the query; or
                it takes too long to decide.
            ForbiddenError: the role or purpose does not allow it.
            UnavailableError: the index is not ready, or the audit could not be written.
        """
        self._allow(actor, purpose, Permission.SEARCH, "search", query=request.query)
        viewer = self._viewers.of(purpose)
        node = self._asked(request, viewer)
        searcher, position = self._searcher()
        sort = Sort(request.sort)
        cursor = Cursor.decode(request.cursor, node, sort) if request.cursor else None
        wanted = cursor.as_of if cursor and request.as_of is None else request.as_of
        as_of = position if wanted is None else min(wanted, position)
        is_local = actor.role is Role.LOCAL
        until = None if is_local else self._clock.monotonic() + SEARCH_SECONDS
        hits = searcher.search(
            node,
            as_of=as_of,
            limit=0 if request.count else request.limit,
            sort=sort,
            after=cursor,
            facets=request.facets,
            settle=lambda ids: map(viewer.searched, self._settle(ids, as_of, until)),
            within=sight.within(actor),
            rewritten=viewer.rewritten,
        )
        results = self._results(node, hits, as_of, viewer)
        parsed = ParsedQuery(parsed=to_text(node), ast=to_json(node))
        self._audit.record(
            actor,
            purpose,
            "search",
            # What was typed, unless filters asked for more than that.
            query=parsed.parsed if request.filters else request.query,
            as_of=as_of,
            total=hits.total,
            records=[result.id for result in results],
        )
        return SearchAnswer(
            query=parsed,
            total=hits.total,
            as_of=as_of,
            unsearchable=hits.unsearchable + self._damaged(actor, as_of),
            results=tuple(results),
            facets=None
            if hits.facets is None
            else {
                name: dict(counts) for name, counts in hits.facets.items() if name in viewer.facets
            },
            cursor=hits.cursor,
            view=viewer.view,
        )

    def show(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, as_of: int | None = None
    ) -> RecordAnswer:
        """Return one record as it stands now, or as it stood as of a sequence number.

        Raises:
            NotFoundError, GoneError: there is no such record, or it has been erased.
            CorruptError: its stored bytes do not check.
            ForbiddenError, UnavailableError: as in `search`.
        """
        loaded, row = self._read(actor, purpose, record_id, "show", as_of)
        conversation = None if row is None else row.conversation
        place = None
        if conversation is not None:
            seen = sight.seen(actor, self._codebook, self._identity)
            place = self._conversations.place(record_id, conversation, seen)
        self._audit.record(actor, purpose, "show", as_of=as_of, records=[record_id])
        leaf_hash = loaded.rows[-1].pointer.leaf_hash.hex()
        viewer = self._viewers.of(purpose)
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
            ForbiddenError, UnavailableError: as in `search`.
        """
        self._allow(actor, purpose, Permission.READ, "conversation", records=[conversation_id])
        row = self._catalog.rows([conversation_id]).get(conversation_id)
        if row is None or row.conversation is None:
            raise NotFoundError(f"There is no conversation {conversation_id}.")
        seen = sight.seen(actor, self._codebook, self._identity)
        viewer = self._viewers.of(purpose)
        page = self._conversations.page(row.conversation, viewer, limit, cursor, seen)
        if seen is not None and not page.total:
            self._hide(actor, purpose, "conversation", conversation_id)
            raise NotFoundError(f"There is no conversation {conversation_id}.")
        shown = [item.id for item in page.items if item.record is not None]
        self._audit.record(actor, purpose, "conversation", total=page.total, records=shown)
        return page

    def original(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, as_of: int | None = None
    ) -> Original:
        """Return the captured bytes, unchanged; `as_of` and errors as in `show`.

        The stream is checked as it is read: CorruptError may come in its middle.
        """
        loaded, _ = self._read(actor, purpose, record_id, "original", as_of, whole=True)
        self._audit.record(actor, purpose, "original", as_of=as_of, records=[record_id])
        part = loaded.interaction.shown.original
        info = OriginalInfo(media_type=part.media_type, size=part.size, sha256=part.sha256)
        suffix = ending(loaded.interaction.shown.content, part.media_type)
        chunks = self._records.read_part(loaded.interaction, part)
        return Original(info, f"{record_id}.{suffix}", chunks)

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

        loaded, _ = self._read(actor, purpose, record_id, "as-sent", as_of, whole=True)
        part = loaded.interaction.shown.original
        if part.size > LARGEST_SHOWN:
            raise InvalidError("The original is too large to be shown; download it.")
        original = b"".join(self._records.read_part(loaded.interaction, part))
        found = markup(original, part.media_type)
        self._audit.record(actor, purpose, "as-sent", as_of=as_of, records=[record_id])
        return found

    def history(self, actor: Actor, purpose: Purpose, record_id: UUID) -> HistoryAnswer:
        """Return what happened to a record, erased ones included; errors as in `show`."""
        self._allow(actor, purpose, Permission.READ, "history", records=[record_id])
        self._require_seen(actor, purpose, "history", record_id)
        rows = [
            row
            for row in self._pointers.select_pointers_of([record_id])
            if row.type.startswith("interaction.")
        ]
        if not rows:
            raise NotFoundError(f"There is no record {record_id}.")
        events = []
        for row, opened in zip(rows, self._opener.open_each(rows), strict=True):
            event = None if isinstance(opened, DamagedEvent) else self._mapper.event(opened)
            known = event is not None and not isinstance(event, Erased)
            events.append(
                HistoryEvent(
                    seq=row.seq,
                    version=row.originator_version,
                    type=row.type,
                    recorded_at=event.recorded_at if known and event else None,
                    leaf_hash=row.pointer.leaf_hash.hex(),
                    segment=segment_name(row.pointer.segment_id),
                )
            )
        self._audit.record(actor, purpose, "history", records=[record_id])
        return HistoryAnswer(id=record_id, events=tuple(events))

    def prove(
        self, actor: Actor, purpose: Purpose, record_id: UUID, *, version: int | None = None
    ) -> ProofAnswer:
        """Prove that a version of a record, or the newest that was captured, is in the log.

        The answer holds what opens the record's evidence, so it is a read of its content.

        Raises:
            NotFoundError: there is no such record or version.
            CorruptError: its stored bytes, or the log's, do not check.
            ForbiddenError: as in `search`.
            UnavailableError: as in `search`, or the log has not come to it yet.
        """
        self._allow(actor, purpose, Permission.READ, "prove", records=[record_id], whole=True)
        self._require_seen(actor, purpose, "prove", record_id)
        row = self._catalog.rows([record_id]).get(record_id)
        answer = self._proofs.prove(record_id, version, erased=row is not None and row.erased)
        self._audit.record(actor, purpose, "prove", records=[record_id])
        return answer

    def _allow(
        self,
        actor: Actor,
        purpose: Purpose,
        permission: Permission,
        action: str,
        *,
        query: str | None = None,
        records: Sequence[UUID] = (),
        whole: bool = False,
    ) -> None:
        try:
            require(actor, permission)
            require_purpose(actor, purpose)
            if whole:
                require_full_view(purpose)
        except ForbiddenError:
            self._audit.record(actor, purpose, action, allowed=False, query=query, records=records)
            raise

    def _read(
        self,
        actor: Actor,
        purpose: Purpose,
        record_id: UUID,
        action: str,
        as_of: int | None = None,
        *,
        whole: bool = False,
    ) -> tuple[Loaded, CatalogRow | None]:
        self._allow(actor, purpose, Permission.READ, action, records=[record_id], whole=whole)
        self._require_seen(actor, purpose, action, record_id)
        row = self._catalog.rows([record_id]).get(record_id)
        if row is not None and row.erased:
            raise GoneError(f"Record {record_id} has been erased.")
        return self._records.load(record_id, as_of=as_of), row

    def _require_seen(self, actor: Actor, purpose: Purpose, action: str, record_id: UUID) -> None:
        """Raise NotFoundError, as for a record that is not there, for one the actor may not see."""
        if not actor.restricted:
            return
        row = self._catalog.rows([record_id]).get(record_id)
        for loaded in self._records.load_each([record_id]):
            erased = row is not None and row.erased
            if isinstance(loaded, Loaded) and not erased and sight.sees(actor, loaded.record()):
                return
        self._hide(actor, purpose, action, record_id)
        raise NotFoundError(f"There is no record {record_id}.")

    def _hide(self, actor: Actor, purpose: Purpose, action: str, record_id: UUID) -> None:
        """Record that somebody restricted asked for what is not, or is not theirs to see."""
        self._audit.record(actor, purpose, action, allowed=False, records=[record_id])

    def _damaged(self, actor: Actor, as_of: int) -> int:
        """Return how many records cannot be opened, of which nothing says whose they are."""
        return 0 if actor.restricted else self._catalog.damaged(as_of)

    def _asked(self, request: SearchRequest, viewer: Viewer) -> Node:
        node = parse(request.query, self._timezone, viewer.askable)
        if viewer.rewritten and request.sort == "relevance":
            raise InvalidError(
                "Relevance counts words that this purpose does not show; sort by date or -date."
            )
        for each in request.filters:
            if each.facet in FACETS and each.facet not in viewer.facets:
                raise InvalidError(f"This purpose does not show {each.facet}, nor narrow to it.")
        if not request.filters:
            return node
        narrowed = [narrowing(each.facet, each.value) for each in request.filters]
        return conjunction(narrowed if node == EVERYTHING else [node, *narrowed])

    def _settle(self, ids: Sequence[UUID], as_of: int, until: float | None) -> Iterator[Record]:
        """Give the matcher the records it must look into, without erased or damaged ones.

        Raises InvalidError when it is later than `until`, by the clock's monotonic time.
        """
        duplicates = self._catalog.duplicates(ids)
        for loaded in self._records.load_each(ids, as_of=as_of):
            if until is not None and self._clock.monotonic() > until:
                raise InvalidError(
                    f"The search was ended after {SEARCH_SECONDS} s: too many records must be "
                    "opened to decide it. Narrow it, by a date or a person."
                )
            if isinstance(loaded, Loaded):
                yield loaded.record(duplicate=loaded.interaction.id in duplicates)

    def _results(self, node: Node, hits: Hits, as_of: int, viewer: Viewer) -> list[SearchResult]:
        ids = [hit.id for hit in hits.hits]
        erased = {key for key, row in self._catalog.rows(ids).items() if row.erased}
        results: list[SearchResult] = []
        loaded = self._records.load_each(ids, as_of=as_of)
        for each in loaded:
            if isinstance(each, Loaded) and each.interaction.id not in erased:
                results.append(viewer.result(each.record(), node))
        return results
