"""Write the list of LEAN's names that the package carries (``core/surface.json``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lean_stubs import StubClass, stubs_version

#: Thousands of plain figures of a company's reports: their classes are listed, their members are not.
_NAMES_ONLY = ("QuantConnect.Data.Fundamental", "QuantConnect.DataSource", "QuantConnect.Api")


def surface_text(classes: Mapping[str, StubClass], namespaces: Mapping[str, Sequence[str]]) -> str:
    """Return the text of ``surface.json`` for the API *classes* and the names in all *namespaces*."""
    listed = {name: found for name, found in sorted(classes.items()) if found.namespace not in _NAMES_ONLY}
    document = {
        "source": f"quantconnect-stubs {stubs_version()}",
        "members": {name: " ".join(sorted(found.members + found.protected)) for name, found in listed.items()},
        "bases": {name: " ".join(found.bases) for name, found in listed.items() if found.bases},
        "names": " ".join(sorted(classes.keys() - listed.keys())),
        "namespaces": {
            namespace: " ".join(name for name in names if name not in classes)
            for namespace, names in sorted(namespaces.items())
        },
    }
    return json.dumps(document, indent=0) + "\n"
