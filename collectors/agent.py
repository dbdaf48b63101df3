"""Processor time of this toolkit itself.

Source: https://docs.python.org/3/library/time.html#time.process_time
Reads:  this process's own clock
Gives:  agent_cpu_s, a counter
Doubt:  what the kernel does for it in other threads (writing to disk) is not in it
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported
from sobriety.core.host import Host
from sobriety.core.reading import Reading


class Agent:
    """Processor time of this process."""

    name: ClassVar[str] = "agent"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "darwin", "windows"})

    def open(self, host: Host) -> None:
        if not host.is_here:
            raise NotSupported("the agent does not run on the machine that it looks at")

    def read(self) -> Iterable[Reading]:
        return (Reading("agent_cpu_s", time.process_time(), source="process_time"),)

    def close(self) -> None:
        """Nothing was taken."""
