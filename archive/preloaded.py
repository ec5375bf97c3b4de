"""Loaded last by the process that others are forked from: what it has stays for ever.

Children share its memory, which a look for cycles would copy, and it ends without such a look.
"""

from archive.tuning import spare_the_collector

spare_the_collector()
