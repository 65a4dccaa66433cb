"""What `krm-injector init` writes: one module per orchestrator, each with plan(directory, image).

A directory comes in, a Plan goes out: files, commands and notes; init.py writes it. May import what
stands below wiring in the import contract, never cli or pipeline.
"""
