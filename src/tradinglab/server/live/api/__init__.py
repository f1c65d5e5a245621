"""The REST resources of deployments."""
