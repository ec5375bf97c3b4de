"""Puts together what works on cases of erasure, from an archive that is open."""

from functools import partial
from typing import Final

from archive.events.erasure_events import ErasureSearched
from archive.model.roles import Purpose
from archive.opening import Archive
from policies.erasures.case import Case
from policies.erasures.desk import ErasureDesk
from policies.erasures.executing import Executor
from policies.erasures.proposing import Proposing
from policies.erasures.reading import case_reader
from policies.erasures.redacting import Redacting
from policies.holds.book import hold_reader
from policies.purging.opening import batches_of, issuing_of, purge_reader
from policies.records import governed_records
from policies.requests.desk import desk_parts
from policies.requests.searching import CaseSearching, finder_of, searching_for
from policies.rules import rule_reader

_METADATA: Final = Purpose("compensation")
"""Shows who, when and through what, which is all that deciding needs."""


def erasure_desk(archive: Archive, *, follows: bool = True) -> ErasureDesk:
    """Return where cases are worked on; without `follows` another thread keeps the catalog."""
    parts = desk_parts(
        archive, case_reader(archive), searching_of(archive, follows=follows), follows=follows
    )
    return ErasureDesk(
        parts,
        proposing=Proposing(
            finder=finder_of(archive),
            rules=rule_reader(archive),
            holds=hold_reader(archive),
            records=parts.records,
            destroyed=archive.destroyed,
            viewer=lambda: archive.access.viewer(_METADATA),
            clock=archive.clock,
        ),
        executor=executor_of(archive, follows=follows),
        trail=archive.trail,
    )


def executor_of(archive: Archive, *, follows: bool = True) -> Executor:
    """Return what carries out cases; `follows` as for `erasure_desk`."""
    batches = batches_of(archive, follows=follows)
    return Executor(
        reader=case_reader(archive),
        rules=rule_reader(archive),
        batches=batches,
        redacting=Redacting(
            batches=batches,
            finder=finder_of(archive),
            records=archive.records,
            identity=archive.identity,
            eraser=archive.eraser,
        ),
        records=governed_records(archive),
        purges=purge_reader(archive),
        issuing=issuing_of(archive),
        eraser=archive.eraser,
        pointers=archive.pointers,
        committer=archive.committer,
        clock=archive.clock,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
    )


def searching_of(archive: Archive, *, follows: bool = True) -> CaseSearching[Case]:
    """Return what looks for the records of cases; `follows` as for `erasure_desk`."""
    return searching_for(archive, case_reader(archive), ErasureSearched, follows=follows)
