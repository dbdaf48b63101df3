"""Optional services of `collect`: metrics, and pushing to a gateway."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from sobriety.agent.recorder import Recorder
from sobriety.agent.session import Session
from sobriety.core.machine import Machine
from sobriety.settings import config as settings


def open_metrics(
    stack: ExitStack,
    config: settings.Config,
    machine: Machine,
    session: Session,
    recorder: Recorder,
    spool: Path,
) -> None:
    """Answer Prometheus, or push by OTLP."""
    if config.text("metrics") is not None or config.text("otlp_endpoint") is not None:
        from sobriety.metrics import Metrics  # and estimators, which others need not load

        say = partial(click.echo, err=True)
        metrics = stack.enter_context(Metrics(machine, config, session, spool, say=say))
        recorder.listeners.append(metrics.add)


def begin_to_push(stack: ExitStack, config: settings.Config) -> None:
    """Send what is recorded to the gateway of the settings."""
    if config.text("push") is not None:
        from sobriety.push import Pusher, sender_of  # and TLS, which others need not load

        pusher = Pusher(
            settings.data_folder(),
            sender_of(config),
            every_s=config.must_number("push_every_s"),
            say=partial(click.echo, err=True),
        )
        pusher.start()
        stack.callback(pusher.stop)


def sent_to_gateway(config: settings.Config) -> Callable[[str], int] | None:
    """How far the spool is on the gateway's disk, where the settings name one."""
    if config.text("push") is None:
        return None
    from sobriety.push import sent_of

    return sent_of(config, settings.data_folder())
