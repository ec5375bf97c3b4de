"""What the dispositions say of one record. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from policies.reviewing.disposition import Disposition, Item, ItemState


@dataclass(frozen=True, slots=True)
class Entry:
    """A disposition that a record stands in, and where it stands there."""

    disposition: Disposition
    item: Item


@dataclass(frozen=True, slots=True)
class Reviewed:
    """All dispositions that a record stands in, by number.

    `unreadable` says that there is one of which it is not known what it decided. `version_seq` is
    the sequence number of the record's newest version: what was opened before is of another.
    """

    record: UUID | None = None
    entries: tuple[Entry, ...] = ()
    unreadable: bool = False
    version_seq: int = 0

    @property
    def until(self) -> datetime | None:
        """Until when the record is extended, or was last; None if it never was."""
        return max((each.item.until for each in self.entries if each.item.until), default=None)

    def approved(self, policy: str, version: int, since: datetime) -> bool:
        """Say whether a review of it as it is, due since a time, let it go under a policy."""
        return self._stands(ItemState.APPROVED, policy, version, since) is not None

    def waiting(self, policy: str, version: int, since: datetime) -> Entry | None:
        """Return where the record waits for a decision under a policy, None if it does not."""
        return self._stands(ItemState.WAITING, policy, version, since)

    def labels(self, in_force: Collection[str]) -> dict[str, str]:
        """Return to which policy, of those in force, the record was re-labelled from which other.

        Of two re-labellings the later counts. One to a policy that is not in force is none.
        """
        moved: dict[str, str] = {}
        for each in sorted(
            (each for each in self.entries if each.item.state is ItemState.RELABELLED),
            key=lambda each: each.item.ended.at if each.item.ended else each.item.began,
        ):
            came, went = each.disposition.policy, each.item.policy
            if went is not None:
                moved.pop(went, None)
                moved = {old: went if new == came else new for old, new in moved.items()}
                moved[came] = went
        return {old: new for old, new in moved.items() if new in in_force}

    def _stands(self, state: ItemState, policy: str, version: int, since: datetime) -> Entry | None:
        for each in self.entries:
            found = each.disposition
            if (
                each.item.state is state
                and (found.policy, found.version) == (policy, version)
                and not found.unreadable
                and found.is_for(since, self.version_seq)
            ):
                return each
        return None


NOT_REVIEWED = Reviewed()
"""A record that stands in no disposition."""
