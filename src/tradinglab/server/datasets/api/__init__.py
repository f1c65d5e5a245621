"""The REST API of instruments, watch-lists and the catalogue."""
