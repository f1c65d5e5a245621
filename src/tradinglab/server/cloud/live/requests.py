"""What is to be deployed at QuantConnect, and whether it can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.crypto import salted_hmac

from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.cloud.live.terms import Terms, terms_check
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.running import files_run

_LARGEST: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What is to be deployed.

    Attributes
    ----------
    brokerage, data_providers
        With their settings; kept out of what is printed.
    node_id
        The live node; empty for any that is free.
    lean_version
        The number of a version of LEAN; -1 for the newest.
    notification
        Who is told of what by QuantConnect.
    """

    version: StrategyVersion
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    brokerage: Mapping[str, Any] = field(repr=False)
    data_providers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    node_id: str = ""
    lean_version: int = -1
    automatic_redeploy: bool = False
    notification: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def check(self) -> Terms:
        """Return the terms that are sent.

        Raises
        ------
        InputError
            If brokerage, data provider, a setting or a parameter cannot be used.
        """
        files_run(self.version.files)
        parameters_check(files=self.version.files, parameters=self.parameters)
        for name, value in (("brokerage", self.brokerage), ("notification", self.notification)):
            if len(json.dumps(value, default=str)) > _LARGEST:
                raise InputError(name, "…", f"It has up to {_LARGEST:,} characters.")
        return terms_check(brokerage=self.brokerage, data_providers=self.data_providers, notification=self.notification)

    def fingerprint(self, terms: Terms) -> str:
        """Return by what the same request is known again; with the server's key, for it is made of secrets too."""
        wanted = {
            "version": str(self.version.pk),
            "name": self.name,
            "parameters": dict(self.parameters),
            "brokerage": terms.brokerage,
            "data_providers": terms.data_providers,
            "node_id": self.node_id,
            "lean_version": self.lean_version,
            "automatic_redeploy": self.automatic_redeploy,
            "notification": terms.notification,
        }
        text = json.dumps(wanted, sort_keys=True, default=str)
        return salted_hmac("tradinglab.cloud.live", text, algorithm="sha256").hexdigest()
