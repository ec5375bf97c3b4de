"""Version 1 of the JSON API: views that translate between HTTP and the archive, and no more."""
