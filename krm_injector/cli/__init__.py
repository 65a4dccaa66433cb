"""The command line: words and stdin come in, stdout, stderr and an exit status go out.

May import everything; nothing imports it. Only main.py and streams.py touch sys, the environment
and the streams. Every command takes a Request and returns an Answer (request.py).
"""
