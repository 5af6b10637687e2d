"""Texts: where they are read from, and the ids that become of them."""
