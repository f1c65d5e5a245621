"""The REST resource of figures."""
