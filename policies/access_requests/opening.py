"""Puts together what works on requests for access, from an archive that is open."""

from typing import Final

from archive.events.access_request_events import AccessRequestSearched
from archive.model.roles import Purpose
from archive.opening import Archive
from policies.access_requests.case import AccessCase
from policies.access_requests.contents import PackageContents
from policies.access_requests.desk import AccessRequestDesk
from policies.access_requests.packaging import Packaging
from policies.access_requests.proposing import Proposing
from policies.access_requests.reading import access_reader
from policies.requests.desk import desk_parts
from policies.requests.searching import CaseSearching, finder_of, searching_for
from policies.rules import rule_reader

_METADATA: Final = Purpose("compensation")
"""Shows who, when and through what, which is all that deciding needs."""


def access_request_desk(archive: Archive, *, follows: bool = True) -> AccessRequestDesk:
    """Return where cases are worked on; without `follows` another thread keeps the catalog."""
    searching = searching_of(archive, follows=follows)
    parts = desk_parts(archive, access_reader(archive), searching, follows=follows)
    contents = PackageContents(
        records=archive.records,
        governed=parts.records,
        catalog=archive.catalog,
        rules=rule_reader(archive),
        identity=archive.identity,
        trail=archive.trail,
    )
    return AccessRequestDesk(
        parts,
        proposing=Proposing(
            finder_of(archive),
            archive.catalog,
            parts.records,
            lambda: archive.access.viewer(_METADATA),
        ),
        contents=contents,
        packaging=Packaging(contents, archive.records),
        access=archive.access,
        trail=archive.trail,
        log=archive.log,
    )


def searching_of(archive: Archive, *, follows: bool = True) -> CaseSearching[AccessCase]:
    """Return what looks for the records of cases; `follows` as for `access_request_desk`."""
    reader = access_reader(archive)
    return searching_for(archive, reader, AccessRequestSearched, follows=follows)
