"""The endpoints, a module for each kind of thing; :mod:`tradinglab.server.qcapi.urls` finds all that are here."""
