"""What a purpose shows of a record: all of it, people replaced by pseudonyms, or metadata alone."""
