"""Market-based carbon and cost of electricity, by the contracts of sites.

Both stand beside the location-based figures and are never mixed with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sobriety.core.estimate import Estimate, total
from sobriety.core.method import MethodKind, significant
from sobriety.core.units import J_PER_KWH

from ..model.figures import Cost, Market
from .carbon import Accounts
from .hosts import HostUse

COST = MethodKind("cost", "energy with overhead × {price:number} a kilowatt-hour")


def market(hosts: Sequence[HostUse], accounts: Accounts) -> Market | None:
    """By each site's contract; where one has none, by its grid, as the GHG Protocol's Scope 2
    Guidance allows where no residual mix is published. None where no site has a contract."""
    bound = [h for h in hosts if h.site.market is not None]
    if not bound:
        return None
    names = {h.site.id: f"{h.site.zone}, contract of {h.site.id or 'all'}" for h in bound}
    moved = [
        replace(h, site=replace(h.site, zone=names[h.site.id])) if h.site.id in names else h
        for h in hosts
    ]
    factors = dict(accounts.factors)
    for host in bound:
        assert host.site.market is not None
        for year in host.energy_by_year:
            factors[names[host.site.id], year] = host.site.market
    by_host = {
        key: value
        for key, value in accounts.by_host.items()
        if key[0] not in {h.name for h in bound}
    }
    found = Accounts(factors, accounts.missing, by_host)
    whole = accounts.supplied(hosts).value
    share = accounts.supplied(bound).value / whole if whole else 0.0
    intensities = {h.site.market for h in bound}
    only = next(iter(intensities)) if len(intensities) == 1 and len(bound) == len(hosts) else None
    return Market(only, found.footprint(moved).use_co2e_kg, min(1.0, share))


def costs(hosts: Sequence[HostUse], accounts: Accounts) -> tuple[Cost, ...]:
    """By currency: energy with its rooms' overhead, at each site's price. Sites without one are in
    no cost, and `priced_ratio` says how much of the energy has one."""
    whole = accounts.supplied(hosts).value
    by_currency: dict[str, list[HostUse]] = {}
    for host in hosts:
        if host.site.price_per_kwh is not None and host.site.currency:
            by_currency.setdefault(host.site.currency, []).append(host)
    return tuple(
        Cost(currency, _price(using, accounts), _ratio(accounts.supplied(using), whole))
        for currency, using in sorted(by_currency.items())
    )


def cost_of(energy: Estimate, host: HostUse) -> Estimate | None:
    """Of some energy of a host, overhead not yet added; None where its site has no price."""
    if host.site.price_per_kwh is None:
        return None
    return energy.scaled(host.site.price_per_kwh / J_PER_KWH, "cost_money")


def _price(hosts: Sequence[HostUse], accounts: Accounts) -> Estimate:
    prices: dict[float, list[HostUse]] = {}
    for host in hosts:
        assert host.site.price_per_kwh is not None
        prices.setdefault(host.site.price_per_kwh, []).append(host)
    return total(
        "cost_money",
        [
            replace(
                accounts.supplied(using).scaled(price / J_PER_KWH, "cost_money"),
                method=COST(price=significant(price, 6)),
            )
            for price, using in prices.items()
        ],
        shared_error=False,
    )


def _ratio(part: Estimate, whole: float) -> float:
    return min(1.0, part.value / whole) if whole else 0.0
