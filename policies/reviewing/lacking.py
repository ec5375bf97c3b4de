"""Which reviews a record still lacks before it may go (docs/disposition.md). Pure."""

from policies.evaluation import Demand, Evaluation
from policies.reviewing.reviewed import Reviewed


def asked(evaluation: Evaluation) -> tuple[Demand, ...]:
    """Return the demands whose policies ask for a review, whichever the record goes by."""
    return tuple(each for each in evaluation.demands if each.kind == "maximum" and each.review)


def unreviewed(evaluation: Evaluation, reviewed: Reviewed) -> tuple[Demand, ...]:
    """Return those of which no review approved the record since it became due.

    An approval counts under the version of the policy that it was given under, and only if the
    disposition was opened when the record was due as it is now, and had its newest version: what
    was held, extended, re-labelled or edited meanwhile is reviewed anew.
    """
    since = evaluation.due_at
    return tuple(
        each
        for each in asked(evaluation)
        if since is None or not reviewed.approved(each.policy, each.version, since)
    )
