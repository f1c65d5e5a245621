"""The REST resources of strategies."""
