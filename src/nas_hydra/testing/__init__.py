"""Conformance suites: what every strategy and every evaluator must do, as checks.

Whoever adds one of their own runs ``nas_hydra.testing.strategy`` or ``nas_hydra.testing.evaluator``
on it, as the tests of nas-hydra do on those that come with it.
"""
