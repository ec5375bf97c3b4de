"""The shortest lock of everything that an archive captures, as its settings say it. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.errors import InvalidError
from archive.model.period import Period
from archive.sealing.segment import LockClass

Mode = Literal["governance", "compliance"]

_TERM = re.compile(r"(governance|compliance):(\S+)")


@dataclass(frozen=True, slots=True)
class LockTerm:
    """The shortest time for which everything is locked from its capture on, and how hard."""

    mode: Mode
    period: Period

    @classmethod
    def parse(cls, text: str) -> "LockTerm | None":
        """Read `governance:7y` or `compliance:90d`, or `none`; InvalidError for anything else."""
        if text == "none":
            return None
        match = _TERM.fullmatch(text)
        if match is None:
            raise InvalidError(f"{text!r} is not none, governance:PERIOD or compliance:PERIOD.")
        mode: Mode = "governance" if match[1] == "governance" else "compliance"
        return cls(mode, Period.parse(match[2]))

    def lock_class(self, captured_at: datetime) -> LockClass:
        """Return the class of the shortest lock that lasts the whole term from a capture on."""
        return LockClass.reaching(self.mode, self.period.after(captured_at))

    def describe(self) -> str:
        """Return what the term means, in sentences for people."""
        begins = (
            f"Everything is locked in {self.mode} mode for {self.period} from its capture, to the "
            "end of that month (UTC)."
        )
        if self.mode == "governance":
            return f"{begins} Whoever has the store's permission to bypass it may lift that."
        return (
            f"{begins} Nobody can shorten or lift that, not even the owner of the store: what is "
            "locked by mistake stays, keys too, and cannot be erased before then."
        )
