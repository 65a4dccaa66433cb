"""Builds everything that a release publishes: `make release`. docs/releasing.md has the list.

The same commit gives the same bytes: times are that of the commit, and archives are sorted. Nothing
is published, and nothing is signed.
"""
