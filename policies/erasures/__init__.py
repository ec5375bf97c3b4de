"""Cases of erasure: a person's records are found, decided one by one, and destroyed."""
