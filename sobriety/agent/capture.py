"""A real machine written down, so that a bug report is a test."""

from __future__ import annotations

from sobriety.agent.recording_host import CapturingHost
from sobriety.collectors import Presence, Processes, choose, machine_facts
from sobriety.core.host import Host
from sobriety.core.paper import PaperHost
from sobriety.core.units import NS_PER_S

from .session import Session
from .sources import Reporter

HOSTNAME = "/proc/sys/kernel/hostname"


def capture(
    host: Host, *, moments: int, interval_s: float, keep_name: bool, tell: Reporter
) -> PaperHost:
    """Everything that the collectors read of `host`, at several moments. Its name only if asked."""
    witness = CapturingHost(host)
    witness.begin_moment()
    machine_facts(witness)
    # What runs on a machine, and who uses it, is its owner's own affair: no bug report needs it.
    private = (Presence, Processes)
    collectors = [c for c in choose(host.system, None) if c not in private]
    with Session(witness, collectors, tell=tell) as session:
        session.sample()
        for _ in range(moments - 1):
            witness.sleep_until(host.now().monotonic_ns + int(interval_s * NS_PER_S))
            session.sample()
    page = witness.page()
    for moment in page.moments:
        if not keep_name and HOSTNAME in moment.files:
            moment.files[HOSTNAME] = "captured-host\n"
        moment.instant = moment.instant._replace(boot_id="captured-boot")
    return page
