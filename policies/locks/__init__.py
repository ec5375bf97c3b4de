"""Locks that policies demand: what each record needs, and the job that sees to it."""
