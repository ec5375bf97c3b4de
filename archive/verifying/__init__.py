"""The archive checked against itself: the bucket from its own bytes, then SQL and the index."""
