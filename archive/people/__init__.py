"""People and their aliases: who is recorded to be behind which addresses and names."""
