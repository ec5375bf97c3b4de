"""Who may come in: users, their passwords, codes and tokens, and the ways in (docs/access.md)."""
