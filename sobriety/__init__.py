"""Measures what machines and programs consume: joules and CO2e, each figure with its interval."""

from __future__ import annotations

from .core import __version__

TYPE_CHECKING = False  # type checkers know the name; importing typing for it takes 3 ms


__all__ = [
    "ConfigError",
    "Estimate",
    "FactorNotFound",
    "LocalHost",
    "Machine",
    "PaperHost",
    "Reading",
    "Session",
    "SobrietyError",
    "Usage",
    "__version__",
    "profile",
    "track",
]

if TYPE_CHECKING:
    from sobriety.agent.session import Session as Session
    from sobriety.core.errors import ConfigError as ConfigError
    from sobriety.core.errors import FactorNotFound as FactorNotFound
    from sobriety.core.errors import SobrietyError as SobrietyError
    from sobriety.core.estimate import Estimate as Estimate
    from sobriety.core.host import LocalHost as LocalHost
    from sobriety.core.machine import Machine as Machine
    from sobriety.core.paper import PaperHost as PaperHost
    from sobriety.core.reading import Reading as Reading
    from sobriety.core.usage import Usage as Usage
    from sobriety.profiling.profiler import profile as profile
    from sobriety.tracking.tracker import track as track

_HOME = {
    "ConfigError": "core.errors",
    "FactorNotFound": "core.errors",
    "SobrietyError": "core.errors",
    "Estimate": "core.estimate",
    "LocalHost": "core.host",
    "Machine": "core.machine",
    "PaperHost": "core.paper",
    "Reading": "core.reading",
    "Usage": "core.usage",
    "profile": "profiling.profiler",
    "Session": "agent.session",
    "track": "tracking.tracker",
    "load_ipython_extension": "tracking.ipython",
    "unload_ipython_extension": "tracking.ipython",
}


def __getattr__(name: str) -> object:
    """Names are fetched when they are used: `import sobriety` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
