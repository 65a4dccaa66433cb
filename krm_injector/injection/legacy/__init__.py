"""Injection as Istio 1.1 to 1.8 does it: a template that gives a SidecarInjectionSpec, applied
field by field.

Only injection.inject comes here. Imports what injection imports.
"""
