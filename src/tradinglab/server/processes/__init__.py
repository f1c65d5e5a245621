"""The server's processes: web, worker, the private queue, and all of them together."""
