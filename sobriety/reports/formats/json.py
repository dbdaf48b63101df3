"""The report for machines, as `docs/schema/report.json` describes it. Nothing is rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from sobriety.core import __version__
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.period import Period, from_ns
from sobriety.core.text import Tongue
from sobriety.estimators import GridFactor

from ..language.language import Language
from ..language.methods import with_methods
from ..model.figures import Cost, Figure, Footprint, Missing, Slice
from ..model.findings import Action, Comparison, ServiceUse, Standing
from ..model.report import SCHEMA_VERSION, Report
from ..model.warnings import Caution
from ..views import sentences as wording
from ..views.goals import status_words

_FACTS = tuple(f.name for f in fields(Machine))


def as_json(report: Report, language: Tongue = "en") -> dict[str, Any]:
    """Figures as `docs/schema/figure.json` has them, plain facts as they are.

    What has no figure is `{"missing": code, "why": …, "hint": …}`. Sentences are in `language`;
    codes and keys never change with it.
    """
    words = Language(language)
    content = {
        **_heading(report, words),
        **_totals(report, words),
        **_coverage(report),
        **_parts(report, words),
        **_advice(report, words),
        **_methods(report, words),
        **_organisation(report, words),
        "warnings": [_warning(w, words) for w in report.cautions],
    }
    return with_methods(words, content)


def _heading(report: Report, words: Language) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION, "tool": {"name": "sobriety", "version": __version__},
        "language": words.tongue, "status": report.status,
        "made_at": report.made_at.isoformat(),
        "period": _period(report.period),
        "machines": [_machine(m) for m in report.machines],
        "zone": report.zone,
        "factor_kind": report.factor_kind,
    }  # fmt: skip


def _totals(report: Report, words: Language) -> dict[str, Any]:
    return {
        "totals": {
            **_footprint(report.totals, words),
            "mean_power_w": report.mean_power_w.as_dict(),
            "measured_ratio": report.measured_ratio,
        },
        "other_factor_kind": {
            "kind": report.other_kind,
            "use_co2e_kg": _figure(report.other_use_co2e_kg, words),
        },
        "year_at_this_pace": _pace(report, words),
    }


def _coverage(report: Report) -> dict[str, Any]:
    seen = report.coverage
    return {
        "coverage_ratio": seen.ratio, "observed_s": seen.observed_s, "span_s": seen.span_s,
        "gaps": [asdict(g) for g in seen.gaps],
    }  # fmt: skip


def _parts(report: Report, words: Language) -> dict[str, Any]:
    zone = report.period.start.tzinfo
    return {
        "breakdown": {
            dimension: [_slice(part, words) for part in parts]
            for dimension, parts in report.breakdown.items()
        },
        "power_series": [
            {"start": from_ns(p.start_ns).astimezone(zone).isoformat(),
             "duration_s": p.duration_s, "value_w": p.value_w, "low_w": p.low_w, "high_w": p.high_w}
            for p in report.series
        ],
    }  # fmt: skip


def _advice(report: Report, words: Language) -> dict[str, Any]:
    return {
        "indicators": [
            {"id": i.id, "figure": _figure(i.figure, words), "goals": list(i.goals)}
            for i in report.indicators
        ],
        "actions": [_action(a, words) for a in report.actions],
        "outcomes": [
            {"id": o.id, "period": o.period.label, "says": wording.outcome(words, o)[0],
             "expected_j_per_year": o.expected_j.as_dict(),
             "left_j_per_year": o.left_j.as_dict() if o.left_j else None,
             "saved_j_per_year": o.saved_j.as_dict()}
            for o in report.outcomes
        ],
        "narrowings": [asdict(n) for n in report.narrowings],
    }  # fmt: skip


def _action(action: Action, words: Language) -> dict[str, Any]:
    return {
        "id": action.id,
        "site": action.site.id if action.site else None,
        "job": asdict(action.job) if action.job else None,
        "hosts": list(action.hosts),
        "machines": action.machines,
        "says": wording.action(words, action)[0],
        "energy_j_per_year": action.energy_j.as_dict() if action.energy_j else None,
        "co2e_kg_per_year": _figure(action.co2e_kg, words),
        "costs_per_year": [_cost(c) for c in action.costs],
    }


def _methods(report: Report, words: Language) -> dict[str, Any]:
    own, network, market = report.own, report.network, report.market
    return {
        "work": _work(report),
        "own": None if own is None else {
            "cpu_s": own.cpu_s, "energy_j": own.energy_j.as_dict(), "ratio": own.ratio.as_dict(),
        },
        "factors": [_factor(f) for f in report.factors],
        "other_factors": [_factor(f) for f in report.other_factors],
        "network": None if network is None else {
            "transferred_b": network.transferred_b,
            "energy_j": network.energy_j.as_dict(),
            "co2e_kg": _figure(network.co2e_kg, words),
        },
        "market": None if market is None else {
            "intensity_g_per_kwh": market.intensity_g_per_kwh.as_dict()
            if market.intensity_g_per_kwh else None,
            "use_co2e_kg": _figure(market.use_co2e_kg, words),
            "contract_ratio": market.contract_ratio,
        },
    }  # fmt: skip


def _organisation(report: Report, words: Language) -> dict[str, Any]:
    return {
        "organisation": report.organisation,
        "signatures": [s._asdict() for s in report.signatures],
        "devices": report.devices,
        "costs": [_cost(c) for c in report.costs],
        "ledger": None if report.ledger is None else asdict(report.ledger),
        "comparisons": [_comparison(c, words) for c in report.comparisons],
        "standings": [_standing(s, words) for s in report.standings],
        "services": [_service(s, words) for s in report.services],
        "week_w": None if report.heat is None else list(report.heat.hours_w),
    }


def _figure(figure: Figure, words: Language) -> dict[str, Any]:
    if isinstance(figure, Estimate):
        return figure.as_dict()
    why = figure.because
    return {"missing": why.code, "why": why.title(words), "hint": why.hint(words)}


def _footprint(footprint: Footprint, words: Language) -> dict[str, Any]:
    return {
        "energy_j": footprint.energy_j.as_dict(),
        "use_co2e_kg": _figure(footprint.use_co2e_kg, words),
        "embodied_share_kg": footprint.embodied_share_kg.as_dict(),
        "total_co2e_kg": _figure(footprint.total_co2e_kg, words),
        "embodied_ratio": _figure(footprint.embodied_ratio, words),
    }


def _slice(part: Slice, words: Language) -> dict[str, Any]:
    return {
        "name": part.name, "machines": part.machines, "observed_s": part.observed_s,
        "measured_ratio": part.measured_ratio,
        **_footprint(part.footprint, words),
    }  # fmt: skip


def _cost(cost: Cost) -> dict[str, Any]:
    money = cost.cost_money.as_dict()
    return {"currency": cost.currency, "cost_money": money, "priced_ratio": cost.priced_ratio}


def _comparison(comparison: Comparison, words: Language) -> dict[str, Any]:
    change = comparison.change
    return {
        "kind": comparison.kind,
        "period": _period(comparison.period),
        "coverage_ratio": comparison.coverage_ratio,
        "published_kg": comparison.published_kg,
        **_footprint(comparison.footprint, words),
        "change": None if change is None else {
            "before_ug": change.before_ug, "after_ug": change.after_ug,
            "parts_ug": dict(change.parts),
        },
    }  # fmt: skip


def _standing(standing: Standing, words: Language) -> dict[str, Any]:
    goal, position = standing.goal, standing.position
    return {
        "goal": goal.id,
        "text": goal.text.of(words.tongue),
        "indicator": goal.indicator,
        "framework": goal.framework,
        "status": position.status,
        "says": status_words(words, standing),
        "figure": standing.figure.as_dict() if standing.figure else None,
        "expected": position.expected,
        "unit": position.unit,
        "late_by": position.late_by,
        "late_months": position.late_months,
        "of_a_year_at_this_pace": standing.by_pace,
    }


def _service(service: ServiceUse, words: Language) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name.of(words.tongue),
        "hosts": list(service.hosts),
        "unit": service.unit.of(words.tongue) if service.unit else None,
        "units": service.units,
        "units_from": service.units_from,
        "sci_kg": _figure(service.sci_kg, words),
        **_footprint(service.footprint, words),
    }


def _work(report: Report) -> dict[str, Any] | None:
    work = report.work
    return None if work is None else {
        "workloads": [
            {"kind": w.kind, "name": w.name, "machines": w.hosts, "cpu_s": w.cpu_s,
             "energy_j": w.energy_j.as_dict()}
            for w in work.workloads
        ],
        "idle_by": work.idle_by,
        "unattributed_energy_j": work.unattributed.as_dict() if work.unattributed else None,
        "idle_energy_j": work.idle.as_dict() if work.idle else None,
    }  # fmt: skip


def _pace(report: Report, words: Language) -> dict[str, Any]:
    if isinstance(report.pace, Missing):
        return _figure(report.pace, words)
    return {"machines": report.pace.machines, **_footprint(report.pace.footprint, words)}


def _period(period: Period) -> dict[str, Any]:
    return {
        "label": period.label, "kind": period.kind, "start": period.start.isoformat(),
        "end": period.end.isoformat(), "duration_s": period.duration_s,
    }  # fmt: skip


def _machine(machine: Machine) -> Mapping[str, Any]:
    return {name: value for name in _FACTS if (value := getattr(machine, name)) is not None}


def _factor(factor: GridFactor) -> dict[str, Any]:
    return {
        "zone": factor.zone, "year": factor.year, "kind": factor.kind, "status": factor.status,
        "basis": factor.basis, "retrieved": factor.edition or None, "licence": factor.licence,
        "own": factor.own,
        "intensity_g_per_kwh": factor.estimate.as_dict(),
        "notes": list(factor.notes),
    }  # fmt: skip


def _warning(warning: Caution, words: Language) -> dict[str, Any]:
    return {
        "code": warning.code,
        "facts": asdict(warning),  # type: ignore[call-overload]
        "title": warning.title(words), "what": warning.what(words), "hint": warning.hint(words),
    }  # fmt: skip
