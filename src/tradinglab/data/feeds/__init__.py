"""Bars as time goes by: replays of what is stored, polled sources, and exchanges that tell, all by one protocol."""
