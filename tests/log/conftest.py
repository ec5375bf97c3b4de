"""How the property tests run: without deadlines, which only measure how busy the machine is."""

from hypothesis import settings

settings.register_profile("log", deadline=None)
settings.load_profile("log")
