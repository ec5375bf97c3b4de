"""Where it is decided how long the audit trail is kept, and told."""

from archive.opening import Archive
from policies.desk import governance_of
from policies.trail.answers import TrailRetentionAnswer, people
from policies.trail.book import trail_reader
from policies.trail.governance import TrailGovernance
from policies.trail.keeping import TrailBook


def trail_governance(archive: Archive) -> TrailGovernance:
    """Return what changes how long an archive's trail is kept."""
    return TrailGovernance(
        governance_of(archive),
        trail_reader(archive),
        archive.committer,
        archive.audit,
        archive.clock,
    )


def told(archive: Archive, book: TrailBook) -> TrailRetentionAnswer:
    """Tell of all versions, and from when on the trail is whole, as of now.

    Raises UnavailableError where SQL does not answer.
    """
    now, index = archive.clock.now(), archive.trail_index
    names = archive.administration.names(people(book))
    return TrailRetentionAnswer.of(book, now, names, index.whole_since(index.position(), now))
