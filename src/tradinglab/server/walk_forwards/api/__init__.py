"""The REST resources of walk-forwards."""
