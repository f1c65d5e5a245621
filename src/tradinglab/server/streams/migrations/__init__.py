"""The tables of the streams."""
