"""What cases of all requests about somebody's data have in common: the clock, finding, the desk."""
