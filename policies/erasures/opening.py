"""Puts together what works on cases of erasure, from an archive that is open."""

from functools import partial
from typing import Final

from archive.access.roles import Purpose
from archive.opening import Archive
from policies.erasures.desk import ErasureDesk
from policies.erasures.executing import Executor
from policies.erasures.finding import Finder
from policies.erasures.proposing import Proposing
from policies.erasures.reading import case_reader
from policies.erasures.searching import CaseSearching
from policies.holds.book import hold_reader
from policies.policy import SCHEDULE
from policies.purging.desk import batches_of, issuing_of, purge_reader
from policies.records import governed_records
from policies.rules import rule_reader

_METADATA: Final = Purpose("compensation")
"""Shows who, when and through what, which is all that deciding needs."""


def erasure_desk(archive: Archive, *, follows: bool = True) -> ErasureDesk:
    """Return where cases are worked on; without `follows` another thread keeps the catalog."""
    records = governed_records(archive)
    return ErasureDesk(
        reader=case_reader(archive),
        searching=searching_of(archive, follows=follows),
        proposing=Proposing(
            finder=_finder(archive),
            rules=rule_reader(archive),
            holds=hold_reader(archive),
            records=records,
            destroyed=archive.destroyed,
            viewer=lambda: archive.access.viewer(_METADATA),
            clock=archive.clock,
        ),
        executor=executor_of(archive, follows=follows),
        trail=archive.trail,
        records=records,
        pointers=archive.pointers,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
        committer=archive.committer,
        audit=archive.audit,
        clock=archive.clock,
        names=lambda ids: archive.administration.names(set(ids) - {SCHEDULE}),
    )


def executor_of(archive: Archive, *, follows: bool = True) -> Executor:
    """Return what carries out cases; `follows` as for `erasure_desk`."""
    return Executor(
        reader=case_reader(archive),
        rules=rule_reader(archive),
        batches=batches_of(archive, follows=follows),
        records=governed_records(archive),
        purges=purge_reader(archive),
        issuing=issuing_of(archive),
        eraser=archive.eraser,
        pointers=archive.pointers,
        committer=archive.committer,
        clock=archive.clock,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
    )


def searching_of(archive: Archive, *, follows: bool = True) -> CaseSearching:
    """Return what looks for the records of cases; `follows` as for `erasure_desk`."""
    return CaseSearching(
        reader=case_reader(archive),
        finder=_finder(archive),
        people=archive.people,
        pointers=archive.pointers,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
        committer=archive.committer,
        clock=archive.clock,
        zone=archive.settings.timezone,
    )


def _finder(archive: Archive) -> Finder:
    return Finder(archive.people, archive.catalog, governed_records(archive))
