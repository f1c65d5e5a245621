"""The REST resources of rules."""
