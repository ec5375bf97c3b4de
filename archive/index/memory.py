"""What the kernel says of memory-backed file systems, swap and processes."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MEMORY_BACKED: Final = frozenset({"tmpfs", "ramfs"})
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Memory:
    """What the kernel says of mounts and swap, and which processes live.

    `encrypted_swap` tells of a swap device or file whether what goes there is encrypted.
    """

    mounts: str
    swaps: str
    encrypted_swap: Callable[[str], bool]
    alive: Callable[[int], bool]

    @classmethod
    def of_this_host(cls) -> "Memory":
        """Read /proc; where there is none, nothing is known to be memory-backed."""
        return cls(
            mounts=_read(Path("/proc/self/mounts")),
            swaps=_read(Path("/proc/swaps")),
            encrypted_swap=_on_crypt_device,
            alive=_alive,
        )

    def holds(self, path: Path) -> bool:
        """Say whether what is written under a path stays in memory, swap aside."""
        found, kind = "", ""
        for line in self.mounts.splitlines():
            fields = line.split(" ")
            if len(fields) < 3:
                continue
            mount = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[1])
            # A later mount hides an earlier one at the same place.
            if path.is_relative_to(mount) and len(mount) >= len(found):
                found, kind = mount, fields[2]
        return kind in _MEMORY_BACKED

    def open_swap(self) -> str | None:
        """Return a swap device or file that is not encrypted, if there is one."""
        devices = [line.split()[0] for line in self.swaps.splitlines()[1:] if line.strip()]
        return next((device for device in devices if not self.encrypted_swap(device)), None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _on_crypt_device(device: str) -> bool:
    """Say whether a swap device keeps to memory (zram) or is encrypted (dm-crypt)."""
    name = Path(device).resolve().name
    if name.startswith("zram"):
        return True
    return _read(Path("/sys/class/block") / name / "dm/uuid").startswith("CRYPT-")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
