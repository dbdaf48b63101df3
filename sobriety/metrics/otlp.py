"""The ledger pushed to an OpenTelemetry collector, by the SDK, over HTTP.

Source: https://opentelemetry.io/docs/specs/semconv/hardware/host/ (hw.host.energy, hw.host.power),
        https://opentelemetry.io/docs/specs/semconv/hardware/common/ (hw.energy); both of status
        Development: the whole host is never hw.energy, so that nobody adds it to its parts

The SDK's thread reads what the daemon's thread left: a frozen list, never the ledger itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sobriety.core import __version__
from sobriety.core.errors import MissingExtra

from .totals import EnergyTotals

HARDWARE = {"package": "cpu", "dram": "memory", "gpu": "gpu", "battery": "battery"}
"""hw.type of a sensor's scope. Others (core, psys, wall) are pieces of these or the whole."""

_GOODBYE_MS = 3000


class OtlpPoints(NamedTuple):
    """What is pushed of one instrument: values by attributes."""

    name: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


class OtlpPush:
    """Sends every `interval_s`, from `open` to `close`. A receiver that is not there holds up
    nothing, and is told of once."""

    def __init__(self, endpoint: str, interval_s: float, say: Callable[[str], None]) -> None:
        self._endpoint, self._interval_s, self._say = endpoint, interval_s, say
        self._told: Mapping[str, OtlpPoints] = {}
        self._before: tuple[float, float] | None = None
        self._provider: Any = None

    def open(self) -> None:
        """Raises MissingExtra."""
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.resources import Resource
        except ImportError:
            raise MissingExtra("opentelemetry-sdk", "otlp") from None
        _quieten(self._endpoint, self._say)
        exporter = OTLPMetricExporter(endpoint=self._endpoint, timeout=_GOODBYE_MS / 1000)
        reader = PeriodicExportingMetricReader(
            exporter, export_interval_millis=self._interval_s * 1000
        )
        # No host name: who wants one sets OTEL_RESOURCE_ATTRIBUTES, as the conventions ask.
        resource = Resource.create({"service.name": "sobriety", "service.version": __version__})
        self._provider = MeterProvider([reader], resource)
        meter = self._provider.get_meter("sobriety", __version__)
        for name, unit, meaning in (
            ("hw.host.energy", "J", "Energy of the whole machine, at the plug."),
            (
                "hw.energy",
                "J",
                "Energy of a component, by its own sensor: a part of the machine's.",
            ),
            ("sobriety.workload.energy", "J", "Energy above idle, by processor time."),
            ("sobriety.idle.energy", "J", "What is left of the machine's energy."),
            ("sobriety.co2e", "g", "CO2e of use, location-based, and of making."),
        ):
            meter.create_observable_counter(name, [self._reader_of(name)], unit, meaning)
        meter.create_observable_gauge(
            "hw.host.power",
            [self._reader_of("hw.host.power")],
            "W",
            "Mean power since the last row.",
        )

    def show(self, ledger: EnergyTotals) -> None:
        """What is sent from now on. Called by whoever changes the ledger."""
        found = [*_told(ledger)]
        power_w = self._power_w(ledger)
        if power_w is not None:
            found.append(OtlpPoints("hw.host.power", ((_HOST, power_w),)))
        self._told = {told.name: told for told in found}

    def close(self) -> None:
        """Send what is there, and end. Harmless when called twice."""
        provider, self._provider = self._provider, None
        if provider is not None:
            provider.shutdown(timeout_millis=_GOODBYE_MS)

    def _reader_of(self, name: str) -> Callable[[Any], Iterable[Any]]:
        from opentelemetry.metrics import Observation

        def read(_options: Any) -> Iterable[Any]:
            told = self._told.get(name)
            return (
                [Observation(value, dict(labels)) for labels, value in told.samples] if told else []
            )

        return read

    def _power_w(self, ledger: EnergyTotals) -> float | None:
        """Since the rows before; None until there were two."""
        seen_s = sum(each.value for each in ledger.seconds.values())
        before, now = self._before, (seen_s, ledger.whole_j)
        if before is None:
            self._before = now
            return None
        if now[0] <= before[0]:
            return None
        self._before = now
        return (now[1] - before[1]) / (now[0] - before[0])


_HOST = {"hw.id": "host", "hw.name": "machine"}


def _told(ledger: EnergyTotals) -> Iterable[OtlpPoints]:
    if ledger.energy_j:
        yield OtlpPoints("hw.host.energy", ((_HOST, ledger.whole_j),))
    sensors = {name.removesuffix("_j"): joules.value for name, joules in ledger.sensor_j.items()}
    yield OtlpPoints(
        "hw.energy",
        tuple(
            ({"hw.id": scope, "hw.name": scope, "hw.type": HARDWARE[scope]}, joules)
            for scope, joules in sensors.items()
            if scope in HARDWARE
        ),
    )
    yield OtlpPoints(
        "sobriety.workload.energy",
        tuple(
            ({"kind": kind, "name": name}, joules.value)
            for (kind, name), joules in ledger.workload_j.items()
        ),
    )
    yield OtlpPoints("sobriety.idle.energy", (({}, ledger.idle_j),))
    carbon: list[tuple[Mapping[str, str], float]] = [({"phase": "embodied"}, ledger.embodied_g)]
    if ledger.use_g is not None:
        carbon.append(({"phase": "use"}, ledger.use_g))
    yield OtlpPoints("sobriety.co2e", tuple(carbon))


def _quieten(endpoint: str, say: Callable[[str], None]) -> None:
    """The SDK logs every attempt that fails, with its traceback: one line says it once an hour."""
    last_s = -3600.0

    class Once(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            nonlocal last_s
            now_s = time.monotonic()
            if now_s - last_s >= 3600:
                last_s = now_s
                say(f"otlp: {endpoint} does not take what is pushed; tried again every time")

    log = logging.getLogger("opentelemetry")
    log.handlers = [Once(logging.WARNING)]
    log.propagate = False
