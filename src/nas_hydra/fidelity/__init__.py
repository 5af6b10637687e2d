"""Fidelities: how much training a proposal gets, and which trainings go on."""
