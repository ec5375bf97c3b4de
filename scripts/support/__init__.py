"""What the shows share. Nothing here is part of the program."""
