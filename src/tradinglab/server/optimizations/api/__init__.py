"""The REST resources of optimizations."""
