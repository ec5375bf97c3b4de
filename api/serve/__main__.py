"""The supervisor's children: `python -m api.serve committer|worker|web SUPERVISOR ARGUMENTS`.

SUPERVISOR is the id of the process that starts them.
"""

import os
import signal
import sys
from pathlib import Path

from api.log import without_values
from api.serve.parent import end_with_parent
from api.serve.processes import committer, worker
from archive.errors import MunimentError
from archive.settings import Settings


def main(name: str, supervisor: str, *arguments: str) -> int:
    """Run one process until it is told to stop; what stops it early is said in one sentence."""
    end_with_parent(signal.SIGKILL if name == "web" else signal.SIGTERM, int(supervisor))
    if name == "web":
        # The wish to end with the parent stays through the exec.
        os.execv(sys.executable, (sys.executable, "-m", "api.web", *arguments))
    without_values()
    try:
        settings = Settings.load(os.environ, Path.cwd())
        return {"committer": committer, "worker": worker}[name](settings)
    except MunimentError as error:
        print(f"muniment {name}: {error}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
