"""Reports: what a run leaves in its folder for people."""
