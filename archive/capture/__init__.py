"""Capture: reading source formats.

Bytes go in and an interaction comes out. `slices` finds the items in files and folders, `parse`
turns one item into content, and each format has a module of its own. Nothing here knows the
archive, SQL or the clock. The formats are described in docs/sources.md.
"""
