"""Help: pages about commands and topics, as plain text and as man pages.

A page is made of the tables of options.py, of the functionConfig's schema, or of the pages about
codes in docs/ (codes.json, generated). Nothing here is imported in a run that does not print help.
"""
