"""Purges put together from the parts of an open archive."""

from functools import partial
from uuid import UUID

from archive.log.publisher import log_signer
from archive.opening import Archive
from policies.desk import governance_of
from policies.holds.book import hold_reader
from policies.obligations import Obligations
from policies.policy import SCHEDULE
from policies.purging.batches import Batches
from policies.purging.desk import PurgeDesk
from policies.purging.governed import PurgeableRecords
from policies.purging.issuing import Issuing
from policies.purging.judges import Judges
from policies.purging.purgeable import CandidateT, Purgeable
from policies.purging.purger import Purger
from policies.purging.reading import PurgeReader
from policies.purging.supplementing import Supplementing
from policies.records import governed_records
from policies.reviewing.reader import disposition_reader
from policies.rules import rule_reader
from policies.trail.opening import purgeable_entries


def purger_of(archive: Archive, *, follows: bool = True) -> Purger[UUID]:
    """Return what purges records; without `follows` another thread here keeps the catalog."""
    purgeable = PurgeableRecords(
        rules=rule_reader(archive),
        obligations=obligations_of(archive),
        table=archive.obligations,
        batches=batches_of(archive, follows=follows),
        reader=purge_reader(archive),
        issuing=issuing_of(archive),
        eraser=archive.eraser,
        clock=archive.clock,
    )
    return _purger(archive, purgeable, follows=follows)


def trail_purger_of(archive: Archive, *, follows: bool = True) -> Purger[int]:
    """Return what purges entries of the audit trail; `follows` as for `purger_of`."""
    catch_up = partial(archive.wait_until_catalogued, follows=follows)
    reader, issuing = purge_reader(archive), issuing_of(archive)
    entries = purgeable_entries(archive, reader, issuing, catch_up)
    return _purger(archive, entries, follows=follows)


def _purger(
    archive: Archive, purgeable: Purgeable[CandidateT], *, follows: bool
) -> Purger[CandidateT]:
    return Purger(
        sandbox=archive.keyring.sandbox,
        purgeable=purgeable,
        destroyed=archive.destroyed,
        reader=purge_reader(archive),
        eraser=archive.eraser,
        pointers=archive.pointers,
        committer=archive.committer,
        clock=archive.clock,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
    )


def batches_of(archive: Archive, *, follows: bool = True) -> Batches:
    """Return what judges batches and condemns them; `follows` as for `purger_of`."""
    return Batches(
        rules=rule_reader(archive),
        holds=hold_reader(archive),
        records=governed_records(archive),
        pointers=archive.pointers,
        eraser=archive.eraser,
        clock=archive.clock,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
        judges=Judges(archive.opening),
    )


def issuing_of(archive: Archive) -> Issuing:
    """Return what makes certificates."""
    return Issuing(
        archive_id=archive.keyring.archive_id,
        organisation=archive.settings.organisation,
        sandbox=archive.keyring.sandbox,
        log=archive.log,
        signer=log_signer(archive.keyring),
        dispositions=disposition_reader(archive),
        names=lambda ids: archive.administration.names(set(ids) - {SCHEDULE}),
    )


def purge_reader(archive: Archive) -> PurgeReader:
    """Return what reads purges and what they destroyed."""
    return PurgeReader(archive.pointers, archive.opener, archive.mapper)


def obligations_of(archive: Archive) -> Obligations:
    """Return what keeps the obligations of an archive's records."""
    records = governed_records(archive)
    return Obligations(
        archive.obligations, archive.catalog, records, archive.identity, archive.codebook
    )


def supplementing_of(archive: Archive) -> Supplementing:
    """Return what adds to an archive's certificates that their epochs were shredded."""
    return Supplementing(archive, purge_reader(archive))


def purge_desk(archive: Archive) -> PurgeDesk:
    """Return where purges in an archive are asked for."""
    return PurgeDesk(
        governance_of(archive),
        purger_of(archive),
        trail_purger_of(archive),
        purge_reader(archive),
        archive.destroyed,
        archive.audit,
    )
