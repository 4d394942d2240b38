"""Writes an agreement as the TOML that `agreement_file` reads: what was read comes back the same."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from leaderboard.domain.agreement import (
    Agreement,
    BonusProgramme,
    Completion,
    EventRate,
    Levels,
    Measure,
    ResponseTime,
    Sla,
    SlaRate,
)
from leaderboard.domain.money import format_amount
from leaderboard.domain.toml_writing import toml_lines

UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))
Document = dict[str, Any]
"""An agreement as its file has it: tables of texts, whole numbers, exact numbers, dates and lists."""


def write_agreement(agreement: Agreement, currency: str) -> str:
    """Return an agreement as TOML; `parse_agreement` of it, with the same currency, is the same agreement."""
    return write_document(document_of(agreement, currency))


def document_of(agreement: Agreement, currency: str) -> Document:
    """Return an agreement as the tables of its file. currency: what its amounts are written in."""
    head: Document = {"title": agreement.title, "effective_from": agreement.effective_from}
    if agreement.review_every_months is not None:
        head["review_every_months"] = agreement.review_every_months
    return {
        "agreement": head,
        "definitions": dict(agreement.definitions),
        "sla": [_sla(sla, currency) for sla in agreement.slas],
        "bonus": [_bonus(bonus, currency) for bonus in agreement.bonuses],
    }


def write_document(document: Mapping[str, Any]) -> str:
    """Return the tables of an agreement as TOML, in their order; those that are empty are left out."""
    parts = [_table(f"[{name}]", document[name]) for name in ("agreement", "definitions") if document.get(name)]
    parts += [_table(f"[[{name}]]", each) for name in ("sla", "bonus") for each in document.get(name, ())]
    return "\n".join(parts)


def write_duration(duration: timedelta, *, is_working: bool = False) -> str:
    """Return a duration of whole seconds as the file writes it, such as 90m.

    is_working: of working time, which is told in hours: a day of 24 of them is nobody's.
    """
    for unit, length in UNITS[is_working:]:
        if duration and not duration % length:
            return f"{duration // length}{unit}"
    return f"{duration // timedelta(seconds=1)}s"


def _sla(sla: Sla, currency: str) -> Document:
    points: Document = {"per": "month" if sla.is_monthly else "occurrence", "met": sla.met_points}
    if sla.exceeded_points != sla.met_points:
        points["exceeded"] = sla.exceeded_points
    remind = {} if sla.remind is None else {"remind": write_duration(sla.remind, is_working=_is_working(sla.measure))}
    return {
        "key": sla.key,
        "title": sla.title,
        "side": sla.side,
        "participant": sla.participant,
        "measure": {"kind": sla.measure.kind, **_measure(sla.measure)},
        "levels": levels_of(sla.measure, sla.levels, currency),
        "points": points,
        **remind,
    }


def levels_of(measure: Measure, levels: Levels, currency: str) -> Document:
    """Return targets of a measure as the table of them that a file has."""
    targets = {"met": levels.met, "exceeded": levels.exceeded}
    return {name: _target(measure, each, currency) for name, each in targets.items() if each is not None}


def _measure(measure: Measure) -> Document:
    if isinstance(measure, ResponseTime):
        return _response_time(measure)
    if isinstance(measure, SlaRate):
        return {"of_sla": measure.of_sla, "at_least": measure.at_least}
    if isinstance(measure, EventRate):
        types = {"of": sorted(measure.of_types), "in": sorted(measure.in_types)}
        return {**types, "at_least": measure.at_least}
    return {} if isinstance(measure, Completion) else {"of": sorted(measure.types)}


def _response_time(measure: ResponseTime) -> Document:
    written: Document = {"from": sorted(measure.from_types), "to": sorted(measure.to_types)}
    more = {"pause": measure.pause_types, "resume": measure.resume_types, "void_by": measure.void_types}
    written |= {name: sorted(types) for name, types in more.items() if types}
    written["void_within"] = write_duration(measure.void_within)
    written["clock"] = "working" if measure.is_working else "elapsed"
    written["credit"] = measure.credit
    return written


def _is_working(measure: Measure) -> bool:
    return isinstance(measure, ResponseTime) and measure.is_working


def _target(measure: Measure, target: Any, currency: str) -> Any:
    if isinstance(target, timedelta):
        return write_duration(target, is_working=_is_working(measure))
    return format_amount(target, currency) if measure.kind == "sum" else target


def _bonus(bonus: BonusProgramme, currency: str) -> Document:
    written: Document = {"key": bonus.key, "period": bonus.period, "participant": bonus.participant}
    if bonus.places:
        written["places"] = [format_amount(amount, currency) for amount in bonus.places]
    else:
        written["prizes"] = list(bonus.prizes)
    if bonus.side is not None:
        written["side"] = bonus.side
    return {**written, "tie": bonus.tie, "divide": bonus.divide}


def _table(head: str, content: Mapping[str, Any]) -> str:
    return "\n".join([head, *toml_lines(content), ""])
