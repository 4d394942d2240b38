"""Agreements for programs: read, checked, and loaded as their files are."""

from typing import Any

from flask import Response

from leaderboard.domain.agreement import Sla
from leaderboard.domain.errors import AgreementRefused
from leaderboard.services.agreeing import check_agreement, load_agreement
from leaderboard.services.reading import is_unfit
from leaderboard.services.versions import AgreedVersion, agreed_versions
from leaderboard.web.api_answers import AgreementChecked, AgreementLoaded, Agreements, AgreementTold, SlaTold
from leaderboard.web.api_bodies import JSON, TOML, json_of, text_of
from leaderboard.web.api_models import LONGEST_DOCUMENT, AgreementSent, PageQuery
from leaderboard.web.api_operations import Answer, Call, operation, read_sent
from leaderboard.web.api_pages import address_of_next, place_of
from leaderboard.web.api_problems import Problem

MOST_MISTAKES = 100  # that are told: of 150 kB of brackets there are 144,000
SENT = {JSON: AgreementSent, TOML: "AgreementDocument"}


@operation("GET", "/agreements", tag="agreements", query=PageQuery, answer=Agreements)
def agreements(call: Call) -> Answer:
    """List the versions of the agreement, by the day on which they take effect."""
    after = place_of(call.query.cursor, (str,), call.filters)
    found = [each for each in _versions(call) if after is None or _day(each) > after]
    page = found[: call.query.limit]
    following = _day(page[-1]) if len(found) > len(page) else None
    return Agreements(items=list(map(_told, page)), next=address_of_next(following, call.filters, call.query.limit))


@operation("GET", "/agreements/{version_id}", tag="agreements", answer=AgreementTold, problems=("not-found",))
def agreement(call: Call, version_id: int) -> Answer:
    """Read one version of the agreement."""
    return _told(_version(call, version_id))


@operation("GET", "/agreements/{version_id}/document", tag="agreements", answer=None, problems=("not-found",))
def agreement_document(call: Call, version_id: int) -> Answer:
    """Read the TOML document of a version, as it was loaded."""
    return Response(_version(call, version_id).document, content_type=TOML)


@operation("POST", "/agreements/check", tag="agreements", takes=SENT, answer=AgreementChecked)
def check(call: Call) -> Answer:
    """Check a document without loading it; every mistake is named."""
    try:
        check_agreement(call.session, _document(call))
    except AgreementRefused as error:
        return AgreementChecked(is_valid=False, mistakes=str(error).split("\n")[:MOST_MISTAKES])
    return AgreementChecked(is_valid=True, mistakes=[])


@operation(
    "POST",
    "/agreements",
    tag="agreements",
    scope="agreements:write",
    takes=SENT,
    answer=AgreementLoaded,
    problems=("under-way", "key-reused"),
    has_key=True,
)
def load(call: Call) -> Answer:
    """Load a version of the agreement, and score again under it.

    A later `effective_from` is a new version; the same one again replaces it while no closed period rests on it.
    """
    try:
        loaded = load_agreement(call.session, _document(call), now=call.now, by=call.bearer.actor)
    except AgreementRefused as error:
        mistakes = [{"where": "/document", "detail": each} for each in str(error).split("\n")[:MOST_MISTAKES]]
        raise Problem("refused", mistakes[0]["detail"], errors=mistakes) from None
    slas = [each.key for each in loaded.slas]
    return AgreementLoaded(title=loaded.title, effective_from=loaded.effective_from, slas=slas)


def _document(call: Call) -> str:
    text = text_of(call.body)
    if call.media_type == JSON:
        text = read_sent(AgreementSent, json_of(text)).document
    if not 1 <= len(text) <= LONGEST_DOCUMENT:
        raise Problem("malformed", f"The document has {len(text):,} characters; send 1 to {LONGEST_DOCUMENT:,}.")
    if is_unfit(text):
        raise Problem("refused", "The document holds a character that is none; remove it.")
    return text.replace("\r\n", "\n")


def _versions(call: Call) -> list[AgreedVersion]:
    return agreed_versions(call.session, now=call.now)


def _version(call: Call, version_id: int) -> AgreedVersion:
    found = next((each for each in _versions(call) if each.id == version_id), None)
    if found is None:
        raise Problem("not-found", f"There is no version {version_id} of the agreement; /agreements lists them.")
    return found


def _day(version: AgreedVersion) -> str:
    return version.agreement.effective_from.isoformat()


def _told(version: AgreedVersion) -> AgreementTold:
    same: dict[str, Any] = {name: getattr(version, name) for name in ("id", "until", "state", "loaded_at", "digest")}
    slas = list(map(_sla, version.agreement.slas))
    same |= {"title": version.agreement.title, "effective_from": version.agreement.effective_from}
    return AgreementTold(**same, signed_by=sorted(version.signatures), slas=slas)  # type: ignore[arg-type]


def _sla(sla: Sla) -> SlaTold:
    same: Any = {name: getattr(sla, name) for name in SlaTold.model_fields if name != "kind"}
    return SlaTold(**same | {"kind": sla.measure.kind})
