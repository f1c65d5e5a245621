"""The REST resources of events and tickets."""
