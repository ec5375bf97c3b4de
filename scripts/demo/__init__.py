"""The demo: some years of a small company that does not exist, made up from a seed.

The same seed and day give the same bytes. Mail is written as mbox files and Maildirs, everything
else as NDJSON, and all of it comes in through `muniment import` as any user's exports would.
People and companies are invented: addresses stand under reserved domains (RFC 2606), telephone
numbers are ones that the regulators of their countries keep free for fiction.
"""
