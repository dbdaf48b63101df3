"""Runs CodeCarbon's offline tracker beside ours, for the same command.

It runs in a process of its own: its three seconds of start-up and its threads must not be part of
what we measure. Nothing is sent anywhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from sobriety.core.errors import ConfigError, MissingExtra, SobrietyError
from sobriety.estimators import country_of

_TRACKER = """
import json, logging, sys
try:
    from codecarbon import OfflineEmissionsTracker
except ImportError:
    sys.exit(3)
logging.disable(logging.CRITICAL)
tracker = OfflineEmissionsTracker(
    country_iso_code=sys.argv[1], measure_power_secs=1, save_to_file=False,
    allow_multiple_runs=True, log_level="critical")
tracker.start()
print("ready", flush=True)
sys.stdin.read()
tracker.stop()
data = tracker.final_emissions_data
print(json.dumps({
    "energy_j": data.energy_consumed * 3.6e6, "cpu_j": data.cpu_energy * 3.6e6,
    "memory_j": data.ram_energy * 3.6e6, "gpu_j": data.gpu_energy * 3.6e6,
    "co2e_kg": data.emissions, "version": data.codecarbon_version,
    "country": sys.argv[1], "cpu_model": data.cpu_model, "wall_s": data.duration}))
"""


class CodeCarbon:
    """Starts the tracker and returns when it is ready. `stop` gives its figures.

    Its zones are countries: asked for a Canadian province it answers with Canada.
    """

    def __init__(self, zone: str | None) -> None:
        import importlib.util

        if importlib.util.find_spec("codecarbon") is None:
            raise MissingExtra("codecarbon", "codecarbon")
        if zone is None:
            raise ConfigError(
                "CodeCarbon wants a country and no grid zone is set", hint="add --zone CA-QC"
            )
        self._country = country_of(zone)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TRACKER, self._country],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        if self._process.stdout.readline() != "ready\n":
            self._process.wait()
            raise SobrietyError(f"CodeCarbon did not start for the country {self._country}")

    def stop(self) -> dict[str, Any]:
        """Its figures for the time between: joules of the whole machine as it sees them."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise SobrietyError("CodeCarbon stopped without figures")
        figures: dict[str, Any] = json.loads(output)
        figures["method"] = f"CodeCarbon {figures.pop('version')}, offline, {self._country}"
        return figures
