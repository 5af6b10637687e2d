"""What can be said about a cell without building it: canonical forms, encodings, validity.

One module per cell space; a space's YAML names their functions as ``canonical:``, ``encoder:`` and
``constraints:``. No torch here, so that tabular searches start in a blink.
"""
