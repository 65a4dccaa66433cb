"""What people and tools read of a run: tables, reports, diffs, patches, snapshots.

An Outcome comes in, text goes out. Imports judging and what is below it, never the pipeline.
"""
