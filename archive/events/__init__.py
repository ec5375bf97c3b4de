"""Events: the closed table of types, the recorder, and the one committer that writes them."""
