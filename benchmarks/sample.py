"""CPU per sample of a whole host, against psutil reading the same things, interleaved."""

from __future__ import annotations

import time
from statistics import median

import psutil

from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.host import LocalHost

BATCHES, SAMPLES = 40, 50


def by_psutil() -> None:
    psutil.cpu_times()
    psutil.virtual_memory()
    psutil.disk_io_counters(perdisk=True, nowrap=False)
    psutil.net_io_counters(pernic=True, nowrap=False)


def batch_ms(sample: object) -> float:
    assert callable(sample)
    begun = time.process_time()
    for _ in range(SAMPLES):
        sample()
    return (time.process_time() - begun) / SAMPLES * 1e3


def main() -> None:
    host = LocalHost()
    with Session(host, choose(host.system, None)) as session:
        session.sample()
        by_psutil()
        pairs = [(batch_ms(session.sample), batch_ms(by_psutil)) for _ in range(BATCHES)]
        opened = ", ".join(session.opened)
    print(f"ours    {median(p[0] for p in pairs):.3f} ms a sample, differences and rows included")
    print(f"        ({opened})")
    print(f"psutil  {median(p[1] for p in pairs):.3f} ms, reading only")
    print(f"ratio   {median(a / b for a, b in pairs):.2f}")
    print(f"medians of {BATCHES} interleaved batches of {SAMPLES} samples")


if __name__ == "__main__":
    main()
