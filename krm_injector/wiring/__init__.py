"""What `krm-injector init` writes: one module an orchestrator, each with plan(directory, image) ->
Plan.
"""
