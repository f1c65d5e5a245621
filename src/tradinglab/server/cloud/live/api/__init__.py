"""The REST API of deployments in users' QuantConnect accounts."""
