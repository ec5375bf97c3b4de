"""What the web workers load: `granian --interface wsgi --factory api.wsgi:build`."""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path

from flask_openapi3.openapi import OpenAPI

from api.app import create_app
from archive.opening import open_archive
from archive.settings import Settings


def build() -> OpenAPI:
    """Open the archive that the environment names, and give the application over it.

    The archive is closed when the process ends. Raises ConfigurationError.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    settings = Settings.load(os.environ, Path.cwd())
    archive = stack.enter_context(open_archive(settings))
    return create_app(lambda: archive)
