"""Outlook's own forms of mail: MSG files, PST and OST stores, TNEF ("winmail.dat").

All hold the same thing, an object with MAPI properties ([MS-OXCDATA]), recipients and attachments;
`item` is that object, each form has a reader that gives it, `writer` writes it as an MSG file, and
`parts` turns it into the parts of a mail, which the rest of capture reads.
"""
