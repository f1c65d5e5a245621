"""The REST resources of runs."""
