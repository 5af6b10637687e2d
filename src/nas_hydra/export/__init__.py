"""A retrained model in formats that others run."""
