"""nas-hydra: a search is a config with choices left open; a winner has every choice made.

Importing the package imports nothing else, so that a winner's ``best.yaml`` can be built in
anybody's code without the search.
"""

__version__ = "0.1.0"
