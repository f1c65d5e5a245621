"""Text that is stored encrypted: secrets of second factors, credentials of other services.

The keys come from ``TRADINGLAB_ENCRYPTION_KEYS``, the newest first: it seals, and all of them open. The one that is
made of ``SECRET_KEY`` comes last, so that what was sealed before there were others still opens.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tradinglab.server.errors import SealError

_KEY_BYTES = 32


def seal(text: str) -> str:
    """Return *text* encrypted and signed."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text that was sealed.

    Raises
    ------
    SealError
        If no key opens it.
    """
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealError(
            "A stored secret cannot be opened with today's keys. Put the key that sealed it back: at the end of "
            "TRADINGLAB_ENCRYPTION_KEYS, or as SECRET_KEY."
        ) from None


def reseal(sealed: str) -> str:
    """Return the same secret, sealed with the newest key.

    Raises
    ------
    SealError
        If no key opens it.
    """
    return seal(unseal(sealed))


def _fernet() -> MultiFernet:
    return MultiFernet([_key(each) for each in (*settings.ENVIRONMENT.sealing_keys, settings.SECRET_KEY)])


def _key(secret: str) -> Fernet:
    derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"tradinglab sealing").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
