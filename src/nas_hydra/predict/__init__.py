"""Classifies images with a retrained model."""
