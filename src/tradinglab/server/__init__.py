"""The server: strategies, versions and runs behind one REST API, and the pages over it."""
