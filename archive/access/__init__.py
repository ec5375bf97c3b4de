"""Who may see what, and why: every read of content goes through `archive.access.desk`."""
