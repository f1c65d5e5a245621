"""The REST resources of examinations."""
