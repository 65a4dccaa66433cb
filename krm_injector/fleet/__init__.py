"""Many targets in one run: what a repository renders to, for which clusters, and what changes.

A repository comes in as Targets (finding, fleet_file). Each becomes a Task, which a worker runs as
if it were alone (engine; the caller says how), and which gives a TargetResult. Files (output) or a
Report (forms, plan) go out. A Report can be cut into shards and joined again.

May import pipeline, presenting and what is below them. Does not know the command line.
"""
