"""What people and programs read of a run: explanations, reports, diffs, patches, snapshots.

An Outcome comes in, text goes out. Imports judging and what is below it, never the pipeline.
ansi.py has the colours of all.
"""
