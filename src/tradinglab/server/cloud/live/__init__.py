"""Deployments in users' QuantConnect accounts: deployed from here, or followed."""
