"""Locks on what the bucket holds: how long from capture, extension, and legal holds."""
