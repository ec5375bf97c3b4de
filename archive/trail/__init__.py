"""The audit trail for its readers: an index of its own, pages, exports and reports."""
