"""How much memory a process and those that it started take together."""

import threading
from pathlib import Path


class PeakMemory(threading.Thread):
    """Adds up the proportional memory of a process tree's members, and keeps the largest sum."""

    def __init__(self, *roots: int) -> None:
        super().__init__(daemon=True)
        self.roots, self.peak, self.done = roots, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.25):
            total = sum(_memory(pid) for pid in _tree(self.roots))
            self.peak = max(self.peak, total)

    def stop(self) -> int:
        self.done.set()
        self.join()
        return self.peak


def _tree(roots: tuple[int, ...]) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")")[1].split()[1]
                )
            except (OSError, IndexError):
                continue
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _memory(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
