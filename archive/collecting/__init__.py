"""The collector: removes what was written to the bucket and never became part of the archive."""
