"""Outlook's stores, PST and OST ([MS-PST]): blocks in `database`, tables in `heap`, `items`."""
