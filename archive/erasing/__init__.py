"""Destroying keys, and changing those that all others rest on."""
