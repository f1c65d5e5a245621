"""E-mail to users.

Letters are sent beside the request: how long that takes must not tell whether there is such a user.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from tradinglab.server.accounts.errors import AddressUnknownError
from tradinglab.server.ops.caller import caller

_log = logging.getLogger(__name__)
#: After so many seconds a letter is tried again that the mail server did not take for now.
_PAUSES_S = (30.0, 300.0)
_PERMANENT = 500
_senders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="letters")


def letter_send(*, to: str, subject: str, text: str) -> None:
    """Send a letter, once what it tells of is stored. The server's log names those that cannot be sent."""
    message = EmailMessage(subject=f"TradingLab: {subject}", body=f"{text}\n", to=[to])
    transaction.on_commit(lambda: start(lambda: _deliver(message)))


def start(work: Callable[[], None]) -> None:
    """Do *work* beside the request."""
    _senders.submit(work)


def start_later(seconds: float, work: Callable[[], None]) -> None:
    """Do *work* in a while, unless the process ends before."""
    timer = threading.Timer(seconds, start, [work])
    timer.daemon = True
    timer.start()


def page_link(path: str) -> str:
    """Return the full address of a page: as the settings name the server, or the caller, or as it is reached here.

    Raises
    ------
    AddressUnknownError
        If none of the three is known.
    """
    server = settings.ENVIRONMENT.backend_url or caller.get().server or settings.HOME.address()
    if not server:
        raise AddressUnknownError
    return f"{server}{path}"


def _deliver(message: EmailMessage, failures: int = 0) -> None:
    try:
        message.send()
    except Exception as error:
        if failures < len(_PAUSES_S) and _may_pass(error):
            pause = _PAUSES_S[failures]
            _log.warning("A letter to %s is tried again in %d s: %s", message.to[0], pause, type(error).__name__)
            start_later(pause, lambda: _deliver(message, failures + 1))
            return
        _log.exception("A letter to %s could not be sent: %s", message.to[0], message.subject)
        return
    if settings.ENVIRONMENT.email_url is None:
        _log.warning("EMAIL_URL is not set: the letter to %s is a file in %s", message.to[0], settings.EMAIL_FILE_PATH)


def _may_pass(error: Exception) -> bool:
    """Say whether a letter may be taken another time: the server was not there, or said so."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code < _PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < _PERMANENT
    return isinstance(error, OSError)
