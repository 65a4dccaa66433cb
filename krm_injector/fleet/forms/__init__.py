"""Reports, plans and fleets as text: for a terminal, programs, pull requests and browsers.

A Report (fleet/model.py) or a Plan comes in, text goes out. Imports presenting and what is below
it; of fleet only the nouns.
"""
