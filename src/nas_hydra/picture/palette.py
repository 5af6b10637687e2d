"""What pictures look like, on a light ground and on a dark one."""

FONT = "Helvetica,Arial,sans-serif"
PEN = 1.1
"""Width of a line, in points."""
GROUND, INK, MUTED = "#ffffff", "#1c2733", "#5f6b7a"
"""Of the picture; of names, and of what is of less weight."""
LINE, FAINT, PAPER = "#9aa5b1", "#dde2e8", "#f3f5f8"
"""Of arrows and borders; of what stands behind; the ground of a component."""
DECIDED, TINT = "#a63c06", "#fff1e3"
"""The ink and the ground of what is or was open."""
HIT, MISS = "#2f6f4f", DECIDED
"""Of what is right and of what is wrong."""
DARK = {
    **{GROUND: "#14191f", INK: "#e4e9ee", MUTED: "#9fabb8", LINE: "#64717f", FAINT: "#2c353f"},
    **{PAPER: "#1d242c", DECIDED: "#ff9d5c", TINT: "#33241a", HIT: "#4fb286"},
}
"""What stands in the place of each where the page is dark."""
