"""What disposition reviews have to do with a record that is still here, in sentences. Pure."""

from policies.evaluation import Demand, Evaluation
from policies.reviewing.disposition import ItemState
from policies.reviewing.lacking import asked
from policies.reviewing.reviewed import Reviewed


def awaited(found: Evaluation, reviewed: Reviewed) -> list[str]:
    """Return which reviews must approve a record before it goes, and how far each is."""
    return [_awaited(found, each, reviewed) for each in asked(found)]


def relabelled(reviewed: Reviewed) -> list[str]:
    """Return to which policy a record was moved from which."""
    return [
        f"Disposition {each.disposition.number} re-labelled it from {each.disposition.policy} to "
        f"{each.item.policy}: while that is in force, its maximum is that of {each.item.policy}."
        for each in reviewed.entries
        if each.item.state is ItemState.RELABELLED
    ]


def _awaited(found: Evaluation, demand: Demand, reviewed: Reviewed) -> str:
    stages = ", ".join(each.stage for each in demand.review)
    since = found.due_at
    if since is not None:
        if reviewed.approved(demand.policy, demand.version, since):
            return f"The review that {demand.policy} asks for has approved it: {stages}."
        entry = reviewed.waiting(demand.policy, demand.version, since)
        stage = entry.disposition.stage_of(entry.item) if entry else None
        if entry is not None and stage is not None:
            return (
                f"It waits in disposition {entry.disposition.number} at the stage {stage.stage}, "
                f"of the review that {demand.policy} asks for: {stages}."
            )
    return f"The review that {demand.policy} asks for must approve it: {stages}."
