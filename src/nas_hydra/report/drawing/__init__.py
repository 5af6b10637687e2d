"""Drawings of boxes, text and lines: laid out, and written as SVG and PNG, by this package."""
