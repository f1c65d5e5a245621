"""Reading a zip file from a request: as its body, or as the file of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser, MultiPartParser

from tradinglab.server.rest.parsers import BodyTooLarge
from tradinglab.server.strategies.archives import LARGEST_ARCHIVE

#: A form has its own words around the file.
_LARGEST_FORM = LARGEST_ARCHIVE + 100_000


class ArchiveTooLarge(BodyTooLarge):
    """The zip file has more bytes than are read."""

    default_detail = f"The body has more bytes than are read; a zip file has at most {LARGEST_ARCHIVE:,}."


class ZipParser(BaseParser):
    """Takes the body as it is."""

    media_type = "application/zip"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """Return the bytes."""
        body: bytes = stream.read(LARGEST_ARCHIVE + 1)
        if len(body) > LARGEST_ARCHIVE:
            raise ArchiveTooLarge
        return {"archive": body}


class FormParser(MultiPartParser):
    """Takes a form of limited size."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the fields and the files."""
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > _LARGEST_FORM:
            raise ArchiveTooLarge
        return super().parse(stream, media_type, parser_context)
