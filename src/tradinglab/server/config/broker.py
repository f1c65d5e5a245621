"""What Celery's way to Redis lacks: a worker that outlives a Redis which went away while runs were under way."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual
from redis import RedisError


class PatientQoS(redis.QoS):
    """Counts the messages that a worker has taken and not begun.

    A message that could not be acknowledged, as Redis was away, would be counted for ever; with as many as a worker
    may take, it would never ask Redis for another, and never learn that the connection is lost.
    """

    def ack(self, delivery_tag: Any) -> None:
        """Take a message off the list, in Redis and here."""
        try:
            super().ack(delivery_tag)
        except (RedisError, OSError):
            virtual.QoS.ack(self, delivery_tag)
            raise


def be_patient() -> None:
    """Have kombu use it: there is no setting for that."""
    redis.Channel.QoS = PatientQoS
