"""Machines that two services call their own: their joules would count twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from itertools import combinations
from typing import NamedTuple

from .services import Service


class Overlap(NamedTuple):
    """What several services claim. `share` is the sum that they declare; None where one declares
    none. `where` is a host, or two patterns that a host could match."""

    services: tuple[str, ...]
    where: str
    share: float | None

    @property
    def says(self) -> str:
        both = " and ".join(self.services)
        if self.share is None:
            return f"{self.where} is in {both}; give each its share"
        return f"{self.where} is in {both}, whose shares add up to {self.share:g}, over 1"


def overlaps(services: Mapping[str, Service], hosts: Iterable[str] = ()) -> tuple[Overlap, ...]:
    """Claims that count something twice.

    Of `hosts` and of those that are named without a pattern each is looked at; of patterns alone
    it is told that a host could match both. Services on one machine whose workloads cannot be the
    same share nothing.
    """
    found: list[Overlap] = []
    named = {h for s in services.values() for h in s.hosts if not _is_pattern(h)}
    told: set[tuple[str, str]] = set()
    for host in sorted({*named, *hosts}):
        claims = [s for s in services.values() if any(fnmatchcase(host, p) for p in s.hosts)]
        clashing = [s for s in claims if any(_clash(s, o) for o in claims if o is not s)]
        told |= {(a.id, b.id) for a, b in combinations(clashing, 2)}
        if clashing:
            found += _of_host(host, clashing)
    for one, other in combinations(services.values(), 2):
        if (one.id, other.id) in told or not _clash(one, other):
            continue
        both = next(((a, b) for a in one.hosts for b in other.hosts if can_both_match(a, b)), None)
        if both and (one.share is None or other.share is None):
            found.append(Overlap((one.id, other.id), f"what matches {both[0]} and {both[1]}", None))
    return tuple(found)


def _of_host(host: str, claims: list[Service]) -> list[Overlap]:
    names = tuple(s.id for s in claims)
    shares = [s.share for s in claims if s.share is not None]
    if len(shares) < len(claims):
        return [Overlap(names, host, None)]
    whole = sum(shares)
    return [Overlap(names, host, whole)] if whole > 1 + 1e-9 else []


def _clash(one: Service, other: Service) -> bool:
    """Whether a workload could be of both; a service without workloads has the whole machine."""
    if not one.workloads or not other.workloads:
        return True
    return any(can_both_match(a, b) for a in one.workloads for b in other.workloads)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def can_both_match(one: str, other: str) -> bool:
    """Whether a name could match both patterns; a set in brackets is taken as any letter."""
    a, b = _plain(one), _plain(other)

    @cache
    def meets(i: int, j: int) -> bool:
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i] == "*":
            return meets(i + 1, j) or (j < len(b) and meets(i, j + 1))
        if j < len(b) and b[j] == "*":
            return meets(i, j + 1) or (i < len(a) and meets(i + 1, j))
        if i == len(a) or j == len(b):
            return False
        return (a[i] == b[j] or "?" in (a[i], b[j])) and meets(i + 1, j + 1)

    return meets(0, 0)


def _plain(pattern: str) -> str:
    import re

    return re.sub(r"\*+", "*", re.sub(r"\[[^\]]+\]", "?", pattern))[:200]
