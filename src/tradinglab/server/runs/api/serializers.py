"""What goes out about runs."""

from __future__ import annotations

from rest_framework import serializers

from tradinglab.server.runs.models import Artefact


class ArtefactSerializer(serializers.ModelSerializer[Artefact]):
    """A file that a run has left."""

    class Meta:
        model = Artefact
        fields = ["name", "media_type", "size", "sha256"]
