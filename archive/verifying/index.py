"""The search index held against the catalog: the same records, each in its newest version."""

from archive.catalog.catalog import Catalog
from archive.index.cursor import Cursor, Sort
from archive.index.searcher import MOST_HITS, Searcher
from archive.query.parser import parse
from archive.verifying.findings import Fault

_MEND = "Restart the worker with an empty index folder, which makes it anew."


def index_faults(searcher: Searcher, catalog: Catalog, position: int) -> list[Fault]:
    """Return how an index that knows all events up to `position` differs from the catalog."""
    everything = parse("")
    faults: list[Fault] = []
    found = 0
    after: Cursor | None = None
    while True:
        hits = searcher.search(
            everything,
            as_of=position,
            limit=MOST_HITS,
            settle=lambda _ids: iter(()),
            sort=Sort.NEWEST,
            after=after,
            versions=True,
        )
        known = catalog.entries(hit.id for hit in hits.hits)
        for hit in hits.hits:
            found += 1
            entry = known.get(hit.id)
            # A newer version than the index has come to is no fault.
            if entry is None or (entry.version != hit.version and entry.seq <= position):
                faults.append(
                    Fault(
                        "index",
                        f"The index has version {hit.version} of record {hit.id}, and the catalog "
                        f"does not. {_MEND}",
                        "index",
                        hit.id,
                        hit.seq,
                    )
                )
            elif entry.erased:
                faults.append(
                    Fault(
                        "index",
                        f"The index still finds record {hit.id}, which is erased. {_MEND}",
                        "index",
                        hit.id,
                        hit.seq,
                    )
                )
        if hits.cursor is None:
            break
        after = Cursor.decode(hits.cursor, everything, Sort.NEWEST)
    expected = catalog.count_up_to(position, searchable=True)
    if found != expected and not faults:
        faults.append(
            Fault(
                "index",
                f"The index finds {found} records, and the catalog has {expected}. {_MEND}",
                "index",
            )
        )
    return faults
