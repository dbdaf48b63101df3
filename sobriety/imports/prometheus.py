"""Reads node_exporter's history as usage rows, from Prometheus or a compatible server.

A point of the grid holds the last scrape before it, up to five minutes old. So the time of each
scrape is asked too: between two scrapes a counter's change and the time that it took are exact,
a scrape that is asked twice is one. Where none came for two steps nobody looked: there is no row.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/ and
        https://github.com/prometheus/node_exporter, 1.9
Doubt:  node_exporter's RAPL counters fall back to 0 without saying at what height, which costs
        that step; disks and cards are told from what lies above them by their names alone
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from sobriety.core.counting.difference import Difference
from sobriety.core.counting.rows import Rows
from sobriety.core.errors import ConfigError, ReadError
from sobriety.core.host import Instant
from sobriety.core.machine import Machine
from sobriety.core.reading import Reading, ReadingKind
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

HOUR_S = 3600
LONGEST_B = 256_000_000
PATIENCE_S = 120.0
MOST_POINTS = 240
"""Of a series in one answer: Prometheus gives 11,000, and a fleet's must be held."""

RAPL_STEP_S = 120
"""A package may turn its counter over at 65,532 J: in longer steps, perhaps twice."""

_NO_DISK = "dm-.*|md.*|loop.*|sr.*|z?ram.*|fd.*|nbd.*|rbd.*|drbd.*|bcache.*|zd.*"
_NO_CARD = (
    "lo|veth.*|docker.*|br.*|virbr.*|vnet.*|tap.*|tun.*|wg.*|bond.*|team.*|cali.*|cni.*|cilium.*"
    "|lxc.*|flannel.*|ovs.*|dummy.*|vlan.*|vxlan.*|kube.*|ifb.*|sit.*|.*[.].*"
)
_SCRAPED = 'max by ({by}) (timestamp(node_cpu_seconds_total{{mode="idle"{match}}}))'
_QUERIES = {
    "cpu_busy_s": 'sum by ({by}) (node_cpu_seconds_total{{mode!~"idle|iowait|steal"{match}}})',
    "cpu_capacity_s": 'sum by ({by}) (node_cpu_seconds_total{{mode!=""{match}}})',
    "memory_used_b": 'sum by ({by}) (node_memory_MemTotal_bytes{{job!=""{match}}}'
    ' - node_memory_MemAvailable_bytes{{job!=""{match}}})',
    "disk_read_b": f'node_disk_read_bytes_total{{{{device!~"{_NO_DISK}"{{match}}}}}}',
    "disk_written_b": f'node_disk_written_bytes_total{{{{device!~"{_NO_DISK}"{{match}}}}}}',
    "network_received_b": f'node_network_receive_bytes_total{{{{device!~"{_NO_CARD}"{{match}}}}}}',
    "network_sent_b": f'node_network_transmit_bytes_total{{{{device!~"{_NO_CARD}"{{match}}}}}}',
}
_RAPL = {
    f"{scope}_j": f'node_rapl_{scope}_joules_total{{{{job!=""{{match}}}}}}'
    for scope in ("package", "core", "uncore", "dram", "psys")
}
_SUBJECTS = ("device", "index", "path")
_VIRTUAL = ("qemu", "kvm", "vmware", "xen", "virtualbox", "innotek", "amazon ec2", "google compute",
            "openstack", "virtual machine")  # fmt: skip


class Client(Protocol):
    """Gives the JSON of an address, or raises ReadError."""

    def get(self, url: str) -> Any: ...


class PrometheusSeries(NamedTuple):
    """One of an answer: its labels, and values by seconds since 1970."""

    labels: Mapping[str, str]
    values: dict[int, float]


@dataclass(slots=True)
class _Host:
    """What is known of a machine up to the last scrape."""

    rows: Rows
    difference: Difference = field(default_factory=Difference)
    last_ns: int | None = None


class Prometheus:
    """Reads usage of every machine, hour by hour.

    label    the label that names a machine; a port at its end is cut
    match    more matchers of labels, as in job="node",site="montreal"
    step_s   seconds between two points: not less than between two scrapes
    """

    def __init__(
        self,
        url: str,
        client: Client,
        *,
        label: str = "instance",
        match: str = "",
        step_s: int = 60,
    ) -> None:
        if not (label.isascii() and label.isidentifier()):
            raise ConfigError(
                f"{label!r} is no label of Prometheus", hint="write it as in nodename"
            )
        self._url, self._client, self._step_s = url.rstrip("/"), client, step_s
        self._label = label
        self._words = {"by": f"job, {label}", "match": f",{match}" if match else ""}
        self._hosts: dict[str, _Host] = {}

    def usage(self, start_s: int, end_s: int) -> Iterator[list[Usage]]:
        """Rows that start within whole hours [start_s, end_s), in portions as they are complete.
        The same window in parts gives the same rows. Raises ReadError."""
        kept: list[Usage] = []
        step_s, portion_s = self._step_s, max(HOUR_S, MOST_POINTS * self._step_s // HOUR_S * HOUR_S)
        first_s = start_s - 2 * step_s
        while first_s <= end_s + step_s:
            last_s = min(first_s + portion_s - step_s, end_s + 2 * step_s)
            kept += self._portion(first_s, last_s)
            first_s = last_s + step_s
            # Rows of the last hour may still be open, or come behind others of it.
            done_ns = (last_s // HOUR_S - 1) * HOUR_S * NS_PER_S
            yield [r for r in kept if start_s * NS_PER_S <= r.start_ns < done_ns]
            kept = [r for r in kept if r.start_ns >= done_ns]
        kept += [row for host in self._hosts.values() for row in host.rows.finish()]
        yield [r for r in kept if start_s * NS_PER_S <= r.start_ns < end_s * NS_PER_S]

    def machines(self, start_s: int, end_s: int, category: str | None) -> list[Machine]:
        """What is known of the machines that were there at the end of the time, or in its last
        day."""
        window = f"[{min(end_s - start_s, 86_400)}s]"
        plain = f'{{job!=""{self._words["match"]}}}{window}'
        found: dict[str, dict[str, Any]] = {}

        def ask(metric: str) -> Iterator[tuple[dict[str, Any], Mapping[str, str], float]]:
            query = f"last_over_time({metric}{plain})"
            for series in self._ask("query", query, {"time": end_s}):
                facts = found.setdefault(self._name(series.labels), {})
                for value in series.values.values():
                    yield facts, series.labels, value

        for facts, _, value in ask("node_memory_MemTotal_bytes"):
            facts["memory_b"] = value
        for facts, labels, _ in ask("node_cpu_info"):
            facts["cpu_model"] = labels.get("model_name")
            facts.setdefault("packages", set()).add(labels.get("package"))
        for facts, labels, _ in ask("node_dmi_info"):
            facts["manufacturer"] = labels.get("system_vendor")
            facts["model"] = labels.get("product_name")
            named = f"{facts['manufacturer']} {facts['model']}".lower()
            facts["virtual"] = any(word in named for word in _VIRTUAL)
        for facts, labels, _ in ask("node_uname_info"):
            facts["system"] = labels.get("sysname", "").lower() or None
        idle = (
            f'last_over_time(node_cpu_seconds_total{{mode="idle"{self._words["match"]}}}{window})'
        )
        counted = f"count by ({self._words['by']}) ({idle})"
        for series in self._ask("query", counted, {"time": end_s}):
            facts = found.setdefault(self._name(series.labels), {})
            facts["threads"] = int(max(series.values.values()))
        return [_machine(name, category, facts) for name, facts in sorted(found.items())]

    def _portion(self, first_s: int, last_s: int) -> list[Usage]:
        grid = {"start": first_s, "end": last_s, "step": self._step_s}
        scraped: dict[str, PrometheusSeries] = {}
        for series in self._ask("query_range", _SCRAPED.format(**self._words), grid):
            name = self._name(series.labels)
            if name in scraped:
                jobs = sorted((scraped[name].labels.get("job", ""), series.labels.get("job", "")))
                raise ConfigError(
                    f"{name} is scraped by the jobs {' and '.join(jobs)}: it would count twice",
                    hint=f"name one of them: --match 'job=\"{jobs[0]}\"'",
                )
            scraped[name] = series
        readings: dict[tuple[str, int], list[Reading]] = {}
        queries = _QUERIES | (_RAPL if self._step_s <= RAPL_STEP_S else {})
        for metric, query in queries.items():
            kind: ReadingKind = "gauge" if metric == "memory_used_b" else "counter"
            for series in self._ask("query_range", query.format(**self._words), grid):
                name = self._name(series.labels)
                subject = " ".join(series.labels.get(s, "") for s in _SUBJECTS).strip()
                for at_s, value in series.values.items():
                    reading = Reading(metric, value, subject, kind, source=query)
                    readings.setdefault((name, at_s), []).append(reading)
        rows: list[Usage] = []
        for name, series in sorted(scraped.items()):
            for at_s, scraped_s in sorted(series.values.items()):
                rows += self._take(
                    name,
                    round(scraped_s * 1000) * (NS_PER_S // 1000),
                    readings.get((name, at_s), []),
                )
        return rows + self._silent(last_s)

    def _take(self, name: str, at_ns: int, readings: list[Reading]) -> list[Usage]:
        """One scrape of one machine; the rows that it completes."""
        host = self._hosts.setdefault(name, _Host(Rows(name, HOUR_S)))
        if host.last_ns is not None and at_ns <= host.last_ns:
            return []
        rows: list[Usage] = []
        if host.last_ns is not None and at_ns - host.last_ns > 2 * self._step_s * NS_PER_S:
            rows = host.rows.finish()
            host.difference = Difference()
        host.last_ns = at_ns
        step = host.difference.step(readings, Instant(at_ns, at_ns, at_ns))
        return rows if step is None else rows + host.rows.add(step)

    def _silent(self, now_s: int) -> list[Usage]:
        """Rows of machines that ceased to answer are not added to any more."""
        limit_ns = (now_s - 2 * self._step_s) * NS_PER_S
        gone = [h for h in self._hosts.values() if h.last_ns is not None and h.last_ns < limit_ns]
        return [row for host in gone for row in host.rows.finish()]

    def _name(self, labels: Mapping[str, str]) -> str:
        value = labels.get(self._label, "")
        name, colon, port = value.rpartition(":")
        return name if colon and port.isdigit() and name else value or "unnamed"

    def _ask(self, what: str, query: str, when: Mapping[str, int]) -> Iterator[PrometheusSeries]:
        url = f"{self._url}/api/v1/{what}?{urlencode({'query': query, **when})}"
        answer = self._client.get(url)
        try:
            for one in answer["data"]["result"]:
                values = one["values"] if "values" in one else [one["value"]]
                points = {round(float(at)): float(text) for at, text in values}
                yield PrometheusSeries(
                    one["metric"], {at: v for at, v in points.items() if isfinite(v)}
                )
        except (KeyError, TypeError, ValueError):
            raise ReadError(
                f"{self._url} does not answer as Prometheus does", hint="check the address"
            ) from None


def _machine(name: str, category: str | None, facts: dict[str, Any]) -> Machine:
    packages = facts.pop("packages", set()) - {None, ""}
    kind = category or ("server" if facts.get("virtual") else None)
    return Machine(name, kind, chips=len(packages) or None, **facts)
