"""The command line: words and streams in, text and an exit status out.

May import everything; nothing imports it. Only here are sys, the environment and the streams
touched.
"""
