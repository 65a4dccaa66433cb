"""One module per command, named as the command: ``run(request) -> Answer``.

A Request comes in, an Answer goes out. May import everything but program.py and streams.py;
commands do not import each other. What they share is in bundles.py, loader.py and transform.py.
"""
