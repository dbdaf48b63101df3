"""The same books of an earlier period, and why the total has changed since: an exact sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sobriety.core.period import Period, before, cut, year_earlier
from sobriety.estimators import (
    CAUSES,
    UG_PER_KG,
    Asset,
    Cause,
    Change,
    ChangeDays,
    ChangeTerm,
    bridge,
    joined_changes,
    making_change,
    micrograms,
)
from sobriety.lake import Lake

from ..accounts.accounts import Books, books_of
from ..accounts.carbon import Accounts, making_of
from ..accounts.hosts import HostUse
from ..model.figures import Missing
from ..model.findings import Comparison, Earlier
from ..model.settings import ReportSettings

CauseGroup = tuple[str, ...]


def comparisons(
    lake: Lake, settings: ReportSettings, books: Books, now: datetime
) -> tuple[Comparison, ...]:
    """With the period before and with the same one a year earlier, where anything is known."""
    found: list[Comparison] = []
    wanted: tuple[tuple[Earlier, Period | None], ...] = (
        ("before", before(books.period)),
        ("year_earlier", year_earlier(books.period)),
    )
    for kind, period in wanted:
        if period and books.period.end > now:
            # A part is compared with as many days, and not with a whole.
            period = cut(period, now - books.period.start + timedelta(days=1))
        earlier = books_of(lake, settings, period, now, books.stock) if period else None
        if earlier and earlier.hosts:
            found.append(_comparison(kind, earlier, books, settings))
    return tuple(found)


def _comparison(kind: Earlier, old: Books, new: Books, settings: ReportSettings) -> Comparison:
    published_kg = settings.published.get(old.period.label)
    return Comparison(
        kind, old.period, old.footprint(), old.coverage.ratio,
        change_between(old, new, published_kg), published_kg,
    )  # fmt: skip


def change_between(old: Books, new: Books, published_kg: float | None) -> Change | None:
    """None where the carbon of use is not known in both."""
    if isinstance(old.footprint().use_co2e_kg, Missing):
        return None
    if isinstance(new.footprint().use_co2e_kg, Missing):
        return None
    before_of = {h.name: h for h in old.hosts}
    after_of = {h.name: h for h in new.hosts}
    # Who was declared and is watched now is computed in another way, and did not change.
    moved = {
        name
        for name in before_of.keys() & after_of.keys()
        if before_of[name].has_agent != after_of[name].has_agent
    }
    unlisted = {_group(h) for h in (*old.hosts, *new.hosts) if h.device is None}
    use = bridge(
        terms([h for h in old.hosts if h.name not in moved], old.accounts),
        terms([h for h in new.hosts if h.name not in moved], new.accounts),
        unlisted,
    )
    changes = [use, _moved(moved, before_of, after_of, old.accounts, new.accounts)]
    changes.append(_making(old, new))
    published_ug = None if published_kg is None else micrograms(published_kg)
    return joined_changes(changes, published_ug)


def terms(hosts: Sequence[HostUse], accounts: Accounts) -> list[ChangeTerm]:
    """Hosts by place, category and grid, as products that give their carbon of use."""
    groups: dict[CauseGroup, list[HostUse]] = {}
    for host in hosts:
        groups.setdefault(_group(host), []).append(host)
    return [_term(group, of_group, accounts) for group, of_group in groups.items()]


def _group(host: HostUse) -> CauseGroup:
    if host.device is None:
        return ("unlisted", host.name)
    watched = "watched" if host.has_agent else "declared"
    return (host.site.id, host.site.zone or "", host.machine.category or "", watched)


def _term(group: CauseGroup, hosts: Sequence[HostUse], accounts: Accounts) -> ChangeTerm:
    energy_j = sum(h.energy.value for h in hosts)
    observed_s = sum(h.observed_s * h.quantity for h in hosts)
    awake_s = sum(h.awake_s for h in hosts) or observed_s
    held_s = max(observed_s, sum(h.held_s for h in hosts))
    supplied_j = accounts.supplied(hosts).value
    use_kg = accounts.use_kg(hosts)
    return ChangeTerm(
        group,
        fleet_s=held_s,
        coverage_ratio=observed_s / held_s if held_s else 0.0,
        activity_ratio=awake_s / observed_s if observed_s else 0.0,
        awake_w=energy_j / awake_s if awake_s else 0.0,
        pue=supplied_j / energy_j if energy_j else 1.0,
        factor=use_kg / supplied_j if supplied_j else 0.0,
    )


def _moved(
    names: Iterable[str],
    before_of: dict[str, HostUse],
    after_of: dict[str, HostUse],
    old: Accounts,
    new: Accounts,
) -> Change:
    before_ug = after_ug = 0
    for name in names:
        before_ug += micrograms(old.use_kg([before_of[name]]))
        after_ug += micrograms(new.use_kg([after_of[name]]))
    return _all_of("method", before_ug, after_ug)


def _making(old: Books, new: Books) -> Change:
    """By the ledger; what is spread over the time observed follows what was observed."""
    charged_ug = [0, 0]
    for place, books in enumerate((old, new)):
        for host in books.hosts:
            if host.charge is None:
                charged_ug[place] += micrograms(making_of(host).value)
    spread = _all_of("coverage", *charged_ug)
    by_row: dict[int, Asset] = {
        h.device.row: h.asset for books in (old, new) for h in books.holdings.held
    }
    if not by_row or not (old.days.whole and new.days.whole):
        return spread
    first, second = (ChangeDays(b.days.first, b.days.last) for b in (old, new))
    return joined_changes([spread, making_change(first, second, by_row.values())])


def _all_of(cause: Cause, before_ug: int, after_ug: int) -> Change:
    parts: dict[Cause, int] = dict.fromkeys(CAUSES, 0)
    parts[cause] = after_ug - before_ug
    return Change(before_ug, after_ug, parts)


def kilograms(change_ug: int) -> float:
    return change_ug / UG_PER_KG
