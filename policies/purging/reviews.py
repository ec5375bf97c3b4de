"""What a certificate tells of disposition reviews: who approved which records, at which stage."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from archive.errors import CorruptError
from policies.policy import SCHEDULE
from policies.purging.certificate import CertifiedReview
from policies.purging.reading import Destruction
from policies.reviewing.disposition import Disposition
from policies.reviewing.reader import DispositionReader
from policies.versions import Act


def certified(
    dispositions: DispositionReader,
    destructions: Sequence[Destruction],
    names: Callable[[Iterable[str]], Mapping[str, str]],
) -> tuple[CertifiedReview, ...]:
    """Return the approvals by which destroyed records went, by disposition and stage.

    Raises CorruptError where a disposition cannot be read, and UnavailableError.
    """
    counts: Counter[tuple[int, int, Act]] = Counter()
    found: dict[int, Disposition] = {}
    for each in destructions:
        for reviewed in dispositions.of(each.condemned.records).values():
            if reviewed.unreadable:
                raise CorruptError("An event of a disposition cannot be read: verify names it.")
            for entry in reviewed.entries:
                if entry.item.let_go(entry.disposition):
                    found[entry.disposition.number] = entry.disposition
                    counts.update(
                        (entry.disposition.number, stage, approval.act)
                        for stage, approval in enumerate(entry.item.approvals)
                    )
    known = names({act.by for _, _, act in counts} - {SCHEDULE})
    ordered = sorted(counts.items(), key=lambda one: (*one[0][:2], one[0][2].at, one[0][2].by))
    return tuple(
        CertifiedReview(
            disposition=number,
            policy=found[number].policy,
            version=found[number].version,
            stage=found[number].stages[stage].stage,
            approved_by=known.get(act.by, act.by),
            approved_at=act.at,
            automatic=act.by == SCHEDULE,
            records=count,
        )
        for (number, stage, act), count in ordered
    )
