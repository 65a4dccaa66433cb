"""Verdicts about a run: verify's comparison, the policy of an InjectionCheck, the advice, and
admission policies.

An Outcome comes in; Results, or an Outcome with them, go out. Imports outcome and what is below it.
"""
