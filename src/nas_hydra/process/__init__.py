"""What belongs to the process: its children, the memory it shares, and its warnings."""
