"""How the archive turns bytes into what lies in the bucket, and back (docs/formats.md).

One module a format: frame, segment, keys, blob, commit, keyring; all rest on primitives. Nothing
here does I/O, but for the providers in kek, which read key files.
"""
