"""An archive whose clock stands until it is moved."""

from tests.users.conftest import archive, clock

__all__ = ["archive", "clock"]
