"""The log: a Merkle tree over all events, which outlives their content (docs/formats.md, "Log")."""
