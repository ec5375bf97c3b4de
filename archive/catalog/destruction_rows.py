"""What stands in SQL of what was destroyed: by which erasure and purge, and certified by what."""

from typing import Final

from sqlalchemy import Connection, Dialect, update

from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import certificates, destructions, erasures, purges
from archive.events.event import Event
from archive.events.purge_events import CertificateIssued, PurgeCompleted, PurgePlanned
from archive.events.types import KeysCondemned, KeysDestroyed


class DestructionRows:
    """Writes the rows, within the transaction of the catalog's follower."""

    tables: Final = (erasures, destructions, certificates, purges)
    events: Final = (KeysCondemned, KeysDestroyed, PurgePlanned, PurgeCompleted, CertificateIssued)

    def __init__(self, dialect: Dialect) -> None:
        self._insert = insert_for(dialect)
        self._insert_destructions = WholeRows(dialect, destructions)
        self._insert_certificates = WholeRows(dialect, certificates)

    def apply(self, connection: Connection, seq: int, event: Event) -> None:
        """Apply an event of this sequence number, of `events`."""
        own = event.originator_id.bytes
        match event:
            case KeysCondemned():
                begun = self._insert(erasures).values(id=own)
                connection.execute(begun.on_conflict_do_nothing())
                if event.records:
                    gone = [(each.bytes, own) for each in event.records]
                    self._insert_destructions.insert(connection, gone)
            case KeysDestroyed():
                done = update(erasures).where(erasures.c.id == own)
                connection.execute(done.values(newest_epoch=max(event.epochs, default=0)))
            case PurgePlanned():
                planned = self._insert(purges).values(id=own, seq=seq)
                connection.execute(planned.on_conflict_do_nothing())
            case PurgeCompleted():
                connection.execute(update(purges).where(purges.c.id == own).values(completed=1))
            case CertificateIssued() if event.erasures:
                rows = [(each.bytes, own, seq) for each in event.erasures]
                self._insert_certificates.insert(connection, rows)
