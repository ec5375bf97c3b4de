"""What the web workers load: `granian --interface wsgi --factory api.wsgi:build`."""

import atexit
import os
import signal
from contextlib import ExitStack
from pathlib import Path

from flask_openapi3.openapi import OpenAPI

from api.app import create_app
from api.serve.parent import end_with_parent
from archive.opening import open_archive
from archive.settings import Settings
from archive.tuning import spare_the_collector


def build() -> OpenAPI:
    """Open the archive that the environment names, and give the application over it.

    What it captures goes through the host's committer, a process of its own. The archive is
    closed when this process ends. Raises ConfigurationError.
    """
    # A worker that is still starting does not hear a SIGTERM, and has nothing to finish.
    end_with_parent(signal.SIGKILL)
    stack = ExitStack()
    atexit.register(stack.close)
    settings = Settings.load(os.environ, Path.cwd())
    archive = stack.enter_context(open_archive(settings, commits=False))
    spare_the_collector()
    return create_app(lambda: archive)
