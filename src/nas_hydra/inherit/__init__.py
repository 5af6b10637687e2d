"""Inheritance: with which weights a candidate begins."""
