"""Requests for access: a person's records are found, decided, and given as a package."""
