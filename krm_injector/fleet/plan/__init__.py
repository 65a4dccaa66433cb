"""The upgrade of a mesh over a whole fleet as a plan, computed from Git alone.

target.py runs in a worker, for one target, and gives JSON values. plan.py makes a Plan of all of
them, which the forms show and labels.py writes patches for. model.py has the nouns.
"""
