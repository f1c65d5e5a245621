"""How Django calls this app: its folder's name is that of the paper deployments' app, too."""

from __future__ import annotations

from django.apps import AppConfig


class CloudLiveConfig(AppConfig):
    """Deployments in users' QuantConnect accounts."""

    name = "tradinglab.server.cloud.live"
    label = "cloud_live"
