"""From overrides to a search: its config composed, its parts built and checked, run, read back."""
