"""What is thought of a run: verify's verdicts, the policy of an InjectionCheck, advice.

An Outcome comes in, Results go out. Imports outcome and what is below it.
"""
