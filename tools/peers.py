"""Estimates the same servers by other methods: CodeCarbon, Teads' four points, a line.

Watts at eleven loads, rows × 11; NaN where a peer says nothing.

Sources: https://github.com/mlco2/codecarbon (its own code, called);
https://medium.com/teads-engineering/estimating-aws-ec2-instances-power-consumption-c9745e347959
"""

from __future__ import annotations

import logging
from importlib.metadata import version

import numpy as np

from tools.fit_power import LOADS, Servers
from tools.kernel_fit import Array, Fold

TEADS = (0.12, 0.32, 0.75, 1.02)
"""Watts over design power at 0, 10, 50 and 100 %; straight between them."""


def codecarbon_label() -> str:
    return f"CodeCarbon {version('codecarbon')}, load mode: processors and memory"


def codecarbon(servers: Servers) -> Array:
    """Design power that it finds by /proc/cpuinfo's name, its cubic, and its memory."""
    from codecarbon.core.cpu import TDP
    from codecarbon.external.ram import RAM

    logging.getLogger("codecarbon").setLevel(logging.ERROR)
    names = object.__new__(TDP)  # its constructor looks at this machine's processor
    memory = RAM()
    memory.is_arm_cpu = False
    powers = {
        name: names._get_cpu_power_from_registry(name)  # there is no public way
        for name in set(servers.table["cpuinfo_name"])
    }
    tdp_w = np.array([powers[n] or np.nan for n in servers.table["cpuinfo_name"]], np.float64)
    chips = servers.table["chips"].to_numpy(np.float64)
    memory_w = np.array([memory._calculate_ram_power(gb) for gb in servers.table["memory_gb"]])
    found: Array = (chips * tdp_w)[:, None] * (0.1 + 0.9 * LOADS**3) + memory_w[:, None]
    return found


def teads(servers: Servers) -> Array:
    """Of the processors alone, at the design power that the data gives."""
    found: Array = _design_w(servers)[:, None] * np.interp(LOADS, (0, 0.1, 0.5, 1), TEADS)
    return found


def line(servers: Servers, fold: Fold) -> Array:
    """Idle and full load each in proportion to design power, fitted on the other folds."""
    found = np.zeros_like(servers.watts)
    design_w = _design_w(servers)
    for k in np.unique(fold):
        test, rest = fold == k, fold != k
        idle, full = (
            np.median(servers.watts[rest][:, at] / design_w[rest]) for at in (0, len(LOADS) - 1)
        )
        found[test] = design_w[test][:, None] * (idle + (full - idle) * LOADS)
    return found


def _design_w(servers: Servers) -> Array:
    found: Array = (servers.table["chips"] * servers.table["tdp_w"]).to_numpy(np.float64)
    return found
