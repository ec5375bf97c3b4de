"""Legal holds: what they reach, and the look at them that comes before any destruction."""
