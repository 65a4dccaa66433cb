"""One module a command: a Request in, an Answer out.

May import everything below cli; commands do not import each other.
"""
