"""Signing in by an OpenID Connect provider (docs/access.md): we are its relying party."""
