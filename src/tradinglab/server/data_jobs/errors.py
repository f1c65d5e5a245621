"""What uploads are refused for."""

from __future__ import annotations

from tradinglab.server.errors import ServerError


class UploadTooLargeError(ServerError):
    """The file has more bytes than are taken."""

    code = "body_too_large"
    status = 413


class StorageFullError(ServerError):
    """The disk has no room for the file."""

    code = "storage_full"
    status = 503
    wait = 60


class PreviewBusyError(ServerError):
    """Too many files are looked at just now."""

    code = "preview_busy"
    status = 503
    wait = 5
