"""Paper deployments: strategies that trade live on a replayed feed."""
