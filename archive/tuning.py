"""How long-running processes use the interpreter and the processors."""

import gc
import os

_NICENESS = 5


def give_way() -> None:
    """Let this process give way to those whose answer somebody waits for.

    Where processors are wanted by more processes than there are, it gets about a third of what each
    of the others gets (Linux, sched(7)); else as much as it wants. What it starts inherits that.
    """
    os.nice(_NICENESS)


def spare_the_collector(*, collect: bool = True) -> None:
    """Look for reference cycles rarely, and never again in what is there by now.

    Without `collect` what is in cycles now stays for ever too: for a process that lives shortly,
    and of whose memory all but nothing is its own.

    Events and records are trees that reference counting frees at once. Left alone, the cycle
    collector walks them a third of the time that following or capturing takes.
    """
    if collect:
        gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
