"""What is kept: capture, sealing, the bucket, events, catalog, index, query, access."""
