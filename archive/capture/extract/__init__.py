"""Reading text out of documents: attachments, and files that are archived by themselves.

`kinds` tells what bytes are, `attachments` decides what is to be read and asks `reader`, which
keeps a process of its own for it: `__main__` runs there, under limits, and `document` leads to the
module of each kind. What cannot be read is said with a reason; nothing here stops a capture.
"""
