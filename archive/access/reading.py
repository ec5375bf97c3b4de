"""Who may read what of the records, for whatever is read of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from archive.access import sight
from archive.access.searching import (
    CATCH_UP_SECONDS,
    FOR_LEGAL_CLAIMS,
    POLL_SECONDS,
    Searching,
)
from archive.catalog.catalog import CatalogRow
from archive.catalog.conversations import Seen
from archive.errors import GoneError, NotFoundError, UnavailableError
from archive.events.codebook import Codebook
from archive.events.pointers import PointerRecorder
from archive.events.records import Loaded
from archive.model.roles import Actor, Permission, Purpose
from archive.query.tree import Value


class Reading(Searching):
    """Decides what somebody may read, and loads it; refusals are audited."""

    # Given by what is built upon it.
    _pointers: PointerRecorder
    _codebook: Codebook
    _follow: Callable[[], object]

    def read(
        self,
        actor: Actor,
        purpose: Purpose,
        record_id: UUID,
        action: str,
        as_of: int | None = None,
        *,
        whole: bool = False,
    ) -> tuple[Loaded, CatalogRow | None]:
        """Load a record for somebody, `whole` where a view could not reduce what is read of it.

        Raises ForbiddenError, and what `require_seen` and `Records.load` raise.
        """
        self.allow(actor, purpose, Permission.READ, action, records=[record_id], whole=whole)
        self.require_seen(actor, purpose, record_id)
        row = self._catalog.rows([record_id]).get(record_id)
        if row is not None and row.erased:
            raise GoneError(f"Record {record_id} has been erased.")
        return self._records.load(record_id, as_of=as_of), row

    def catalogued(self, record_id: UUID) -> CatalogRow | None:
        """Return what the catalog says of a record, None where there is none.

        One that was captured just now is waited for. Raises UnavailableError where the catalog does
        not come to it.
        """
        row = self._catalog.rows([record_id]).get(record_id)
        if row is not None:
            return row
        captured = [
            row.seq
            for row in self._pointers.select_pointers_of([record_id])
            if row.type.startswith("interaction.")
        ]
        if not captured:
            return None
        self._wait_for_catalog(captured[0])
        return self._catalog.rows([record_id]).get(record_id)

    def _wait_for_catalog(self, seq: int) -> None:
        self._follow()
        since = self._clock.monotonic()
        while (position := self._catalog.position()) < seq:
            if self._clock.monotonic() - since > CATCH_UP_SECONDS:
                raise UnavailableError(
                    f"The record was captured just now as event {seq}, and the catalog stands at "
                    f"{position}; try again in a moment."
                )
            self._clock.sleep(POLL_SECONDS)

    def require_seen(self, actor: Actor, purpose: Purpose, record_id: UUID) -> None:
        """Raise NotFoundError, as for a record that is not there, for one the actor may not see."""
        if not self._sees(actor, record_id):
            raise NotFoundError(f"There is no record {record_id}.")
        if purpose.kind != FOR_LEGAL_CLAIMS and self._catalog.restricted_by(record_id):
            raise NotFoundError(
                f"The record {record_id} is restricted: it is open for legal claims alone, for a "
                "purpose matter:NAME."
            )

    def _sees(self, actor: Actor, record_id: UUID) -> bool:
        if not actor.restricted:
            return True
        row = self._catalog.rows([record_id]).get(record_id)
        known = self._catalog.known_as([row] if row else []).get(record_id, ())
        matters = self.matters_of(actor)
        for record in self.settle([record_id], self._pointers.last_seq(), None):
            if not (row and row.erased) and sight.sees(actor, record, matters, known):
                return True
        return False

    def seen(self, actor: Actor, purpose: Purpose, conversation: UUID) -> Seen | None:
        """Return what stands in SQL for what the actor sees of a conversation."""
        records: list[int] = []
        if actor.matters is not None:
            # SQL knows nothing of what a matter asks for.
            searcher, as_of = self.searcher()
            found = searcher.found(
                Value(str(conversation), "conversation"),
                as_of=as_of,
                settle=lambda ids: self.settle(ids, as_of, self.until(actor)),
                within=self.within(actor, purpose),
            )
            records = [row.first_seq for row in self._catalog.rows(found).values()]
        seen = sight.seen(actor, self._codebook, self._identity, records)
        if purpose.kind == FOR_LEGAL_CLAIMS:
            return seen
        return replace(seen or Seen(whole=True), unrestricted=True)

    @contextmanager
    def telling(
        self, actor: Actor, purpose: Purpose, action: str, record_id: UUID
    ) -> Iterator[None]:
        """Record that somebody asked for what is not, is not theirs to see, or has been erased."""
        try:
            yield
        except (NotFoundError, GoneError):
            self._audit.record(actor, purpose, action, allowed=False, records=[record_id])
            raise
