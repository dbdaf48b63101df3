"""Pushes a spool to a gateway: at least once from here, stored once there."""

from __future__ import annotations

from .pusher import Pusher
from .sender import Sender
from .settings import sender_of, sent_of

__all__ = ["Pusher", "Sender", "sender_of", "sent_of"]
