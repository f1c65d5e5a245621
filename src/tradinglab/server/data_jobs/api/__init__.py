"""The API of data jobs."""
