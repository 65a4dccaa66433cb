"""Completion in shells: what may stand at the cursor, by the tables of options.py and the inputs
that are named before it.

The scripts (scripts.py) know nothing of commands and options: at each tab they ask `krm-injector
completion SHELL -- WORDS`. So a script never is older than the program. Nothing is rendered and no
other program runs.
"""
