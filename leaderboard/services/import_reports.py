"""The report of an import that is not over yet, as the database keeps it."""

import json
from dataclasses import asdict, fields

from leaderboard.services.importing import ImportReport, Refusal


def write_report(report: ImportReport) -> str:
    """Return a report as JSON."""
    return json.dumps(asdict(report), ensure_ascii=False, separators=(",", ":"))


def read_report(text: str | None) -> ImportReport:
    """Return the report that was written, an empty one if there is none."""
    if text is None:
        return ImportReport()
    values = json.loads(text)
    known = {each.name: values[each.name] for each in fields(ImportReport) if each.name in values}
    return ImportReport(**known | {"refusals": [Refusal(*each) for each in known["refusals"]]})
