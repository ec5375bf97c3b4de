"""Matters: what belongs to one case, and who works on it (docs/matters.md)."""
