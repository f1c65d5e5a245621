"""Rules that are stored nowhere: checked, written out as source, simulated."""
