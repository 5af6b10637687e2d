"""What pictures look like: the ground is white, so that they read on light and on dark pages."""

FONT = "Helvetica,Arial,sans-serif"
INK, MUTED, LINE = "#1c2733", "#5f6b7a", "#9aa5b1"
"""Of names, of what is of less weight, and of arrows and borders."""
PAPER, DECIDED, TINT = "#f3f5f8", "#a63c06", "#fff1e3"
"""The ground of a component; the ink and the ground of what is or was open."""
PEN = 1.1
"""Width of a line, in points."""
