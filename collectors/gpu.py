"""Energy of AMD and Intel graphics cards, as their Linux drivers report it.

Source: https://docs.kernel.org/gpu/amdgpu/thermal.html,
        https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon
Reads:  /sys/class/hwmon/hwmon*/name; of amdgpu power1_average or power1_input, and device/
        gpu_busy_percent; of i915 and xe energy*_input, of which a card contains its package
Gives:  gpu_j, a counter (Intel), or gpu_w, a gauge (AMD); gpu_busy_ratio (AMD). Nothing while a
        card sleeps: asking would wake it
Doubt:  graphics within the processor is left out, its joules are in package_j already. i915 and xe
        have hwmon for cards only. For amdgpu we rely on two things: only processors label a
        voltage vddnb, and only a card names the maker of its memory. Its watts are those of the
        SoC: whether memory, regulators and fans are in them differs by generation. Never run on
        real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading, ReadingKind

from ._cards import LARGEST_W
from ._sysfs import MICRO, whole_number, word

HWMON_TREE = "/sys/class/hwmon"
PROCESSORS = frozenset({"0x74a0"})
"""Device numbers of AMD's processors with memory of their own (MI300A), which label no vddnb."""


class _Card(NamedTuple):
    metric: str
    kind: ReadingKind
    subject: str
    path: str
    file: Watched
    device: str
    busy: Watched | None


class Gpu:
    """Cards of which the joules are known together or not at all."""

    name: ClassVar[str] = "gpu"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._host: Host | None = None
        self._cards: list[_Card] = []

    def open(self, host: Host) -> None:
        self._host = host
        try:
            for path in host.glob(f"{HWMON_TREE}/hwmon*"):
                driver = word(host, f"{path}/name")
                if driver in ("i915", "xe") or (driver == "amdgpu" and _is_card(host, path)):
                    self._cards.append(_open_card(host, path))
        except (NotPermitted, NotSupported, ReadError):
            self.close()
            raise
        if not self._cards:
            raise NotSupported(f"there is no AMD or Intel graphics card in {HWMON_TREE}")

    def read(self) -> Iterable[Reading]:
        assert self._host, "read before open"
        host = self._host
        awake = [
            card
            for card in self._cards
            if not word(host, f"{card.device}/power/runtime_status").startswith("suspend")
        ]
        joules = [_joules(card) for card in awake]
        readings = [reading for card in awake for reading in _busy(card)]
        # A card that sleeps, or says 0 while it works: the sum is unknown.
        if len(awake) == len(self._cards) and all(r.value for r in joules):
            readings += joules
        return readings

    def close(self) -> None:
        for card in self._cards:
            card.file.close()
            if card.busy:
                card.busy.close()
        self._cards.clear()


def _is_card(host: Host, path: str) -> bool:
    """Whether an amdgpu is a card of its own. Raises NotSupported where nothing tells."""
    if word(host, f"{path}/in1_label") == "vddnb":
        return False
    if word(host, f"{path}/device/device") in PROCESSORS:
        return False
    if word(host, f"{path}/device/mem_info_vram_vendor") not in ("", "unknown"):
        return True
    raise NotSupported(f"nothing tells whether {path} is a card or within the processor")


def _open_card(host: Host, path: str) -> _Card:
    device = f"{path}/device"
    sensor = _energy(host, path) or _power(host, path)
    if not sensor:
        raise NotSupported(f"{path} is a graphics card that measures no power")
    kind: ReadingKind = "counter" if "energy" in sensor else "gauge"
    load = f"{device}/gpu_busy_percent"
    return _Card(
        "gpu_j" if kind == "counter" else "gpu_w",
        kind,
        _address(host, device) or path.rpartition("/")[2],
        sensor,
        host.watch(sensor),
        device,
        host.watch(load) if host.glob(load) else None,
    )


def _energy(host: Host, path: str) -> str:
    """The widest counter of joules: a card's, else its package's, else the only one; or empty."""
    counters = {word(host, p.replace("_input", "_label")): p
                for p in host.glob(f"{path}/energy*_input")}  # fmt: skip
    return counters.get("card") or counters.get("pkg") or counters.get("", "")


def _power(host: Host, path: str) -> str:
    """The watts of the chip or board; empty where there are none."""
    found = host.glob(f"{path}/power1_average") or host.glob(f"{path}/power1_input")
    return found[0] if found else ""


def _address(host: Host, device: str) -> str:
    """Where the card sits, `0000:03:00.0`: it stays, and hwmon's own numbers do not."""
    for line in word(host, f"{device}/uevent").splitlines():
        key, _, value = line.partition("=")
        if key == "PCI_SLOT_NAME":
            return value
    return ""


def _joules(card: _Card) -> Reading:
    number = whole_number(card.file, card.path)
    most_w = LARGEST_W if card.kind == "counter" else None
    return Reading(card.metric, number * MICRO, card.subject, card.kind, "hwmon", max_per_s=most_w)


def _busy(card: _Card) -> Iterable[Reading]:
    """The share of time that the card works; nothing while it is reset."""
    if card.busy is None:
        return
    try:
        share = whole_number(card.busy, f"{card.device}/gpu_busy_percent") / 100
    except ReadError:
        return  # its joules are worth having without
    if share <= 1:
        yield Reading("gpu_busy_ratio", share, card.subject, "gauge", "amdgpu")
