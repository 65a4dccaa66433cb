"""Verdicts about a run: verify's comparison, the policy of an InjectionCheck, and the advice.

An Outcome comes in; Results, or an Outcome with them, go out. Imports outcome and what is below it.
"""
