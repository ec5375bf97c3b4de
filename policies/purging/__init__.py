"""Purge: what is due is judged once more, condemned, destroyed, and certified."""
