"""Where the endpoints are: below ``/api/v2/``, with or without a slash at the end."""

from __future__ import annotations

import importlib
import pkgutil
import re

from django.urls import URLPattern, path, re_path

from tradinglab.server.qcapi import resources
from tradinglab.server.qcapi.endpoints import ENDPOINTS, nowhere, open_view, view_of
from tradinglab.server.qcapi.resources.object_store import download

for _found in pkgutil.iter_modules(resources.__path__):
    importlib.import_module(f"{resources.__name__}.{_found.name}")

urlpatterns: list[URLPattern] = [
    *(
        re_path(rf"^{re.escape(each.path)}/?$", view_of(each), name=f"quantconnect-{each.path}")
        for each in ENDPOINTS.values()
    ),
    path("object/download/<str:token>/", open_view(download), name="quantconnect-objects"),
    re_path(r"^", nowhere, name="quantconnect-nowhere"),
]
