"""Configs: what their components are called with, may do, and refer to."""
