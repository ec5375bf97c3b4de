"""The search index: analysis, documents, translation of queries, searching, and where it lives."""
