"""The REST resources of accounts."""
