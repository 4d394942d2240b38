"""Who may come in where: an entry for each endpoint there is. test_access.py tries them all."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

READERS = ("visitor", "caio", "fabio", "ana", "dora", "enzo")  # who is refused comes first, who changes things last
IN, DOOR, REFUSED, UNKNOWN, KEPT = "in", "door", "refused", "unknown", "kept"
Who = Mapping[str, str]
"""What becomes of each reader: let in, led to the door, 403, 404; or told no (400, 409, 422), and nothing changed."""


def _who(visitor: str, caio: str, fabio: str, ana: str, dora: str, enzo: str = IN) -> Who:
    return dict(zip(READERS, (visitor, caio, fabio, ana, dora, enzo), strict=True))


EVERYBODY = _who(IN, IN, IN, IN, IN)
NOBODY = _who(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
SIGNED_IN = _who(DOOR, IN, IN, IN, IN)
MANAGERS = _who(DOOR, REFUSED, IN, REFUSED, IN)
# What is said of no team alone: administrators, and managers who answer for all teams; those here answer for their own.
ALL_TEAMS = ADMINISTRATORS = _who(DOOR, REFUSED, REFUSED, REFUSED, REFUSED)
# What North has: its manager, and not the other.
MANAGERS_OF_TEAM = _who(DOOR, REFUSED, UNKNOWN, REFUSED, IN)
WITH_TEAM = ("team={team}", MANAGERS_OF_TEAM)  # a list of what a team has: to others there is no such team
# What Ana has: she, and her manager.
THEIRS = _who(DOOR, UNKNOWN, UNKNOWN, IN, IN)
ASKED_ABOUT = THEIRS | {"dora": REFUSED, "enzo": REFUSED}  # nobody asks for somebody else
UNPAIRED = _who(KEPT, KEPT, KEPT, KEPT, KEPT, KEPT)  # a screen's own; a browser that is none gets 401

NO_TOKEN = _who(KEPT, KEPT, KEPT, KEPT, KEPT, KEPT)  # programs bring a token: a browser's session is none

UNFIT = dict.fromkeys(("fabio", "dora", "enzo"), KEPT)  # let in, but what they send cannot be taken


class Entry(NamedTuple):
    """What is asked for, and what becomes of each who asks.

    values: what stands in the address, as the world names it; or itself where the world has no such name; of a tuple
    each is tried. form: what is sent. asks: what may stand behind the address, each with what becomes of whom. shows:
    what of North its manager reads there, so that it is known that it would be found.
    """

    who: Who
    values: Mapping[str, Any] = {}
    form: Mapping[str, Any] = {}
    asks: Sequence[tuple[str, Who]] = ()
    shows: Sequence[str] = ()


WRONG = {"enzo": KEPT}
USER = {"user_id": "colleague"}  # of Ana, who signs in no more after this
FILES = ("csv", "xlsx")
TABLES = ("slas", "teams", "people")
DRAFT = {"draft_id": "draft"}
STALE = {"revision": "999"}
AWARD = {"award_id": "award"}
DISPLAY = {"display_id": "display"}
WEBHOOK = {"target_id": "webhook"}
EXPORT = {"export_id": "export"}
UPLOAD = {"upload_id": "upload"}
HOOK = {"hook_id": "hook"}
DELIVERY = HOOK | {"delivery_id": "delivery"}
STATEMENT = {"member_id": "member", "period": "2026-11"}
ACCESS: dict[str, Entry] = {
    "static": Entry(EVERYBODY, {"filename": "img/mark.svg"}),
    "health.healthz": Entry(EVERYBODY),
    "health.readyz": Entry(EVERYBODY),
    # Of the company's sign-in, where there is none
    "oidc.begin": Entry(_who(*[UNKNOWN] * 6)),
    "oidc.finish": Entry(_who(*[UNKNOWN] * 6)),
    "oidc.sign_out": Entry(_who(*[UNKNOWN] * 6)),
    # What everybody sees who has signed in: what stands on the board, and what was won
    "board.index": Entry(SIGNED_IN, asks=[("scope=member", SIGNED_IN), ("period=2026-10", SIGNED_IN)]),
    "board.find_me": Entry(SIGNED_IN),
    "streams.of_board": Entry(SIGNED_IN, asks=[("scope=member", SIGNED_IN)]),
    "badges.index": Entry(SIGNED_IN),
    "certificates.show": Entry(SIGNED_IN, {"badge_id": "badge"}),
    "awards.index": Entry(SIGNED_IN, asks=[("period=2026-10", SIGNED_IN)]),
    "awards.show": Entry(SIGNED_IN, AWARD),
    "awards.ask": Entry(SIGNED_IN | dict.fromkeys(READERS[1:], KEPT), AWARD, {"question": "Why?"}),
    "members.me": Entry(SIGNED_IN),
    "members.show": Entry(
        SIGNED_IN, {"member_id": "member"}, asks=[("period=2026-10", SIGNED_IN)], shows=["north reason"]
    ),
    "members.results": Entry(
        THEIRS,
        {"member_id": "member"},
        asks=[("period=2026-10", THEIRS), ("level=missed&sla=speed", THEIRS), ("page=2", THEIRS)],
        shows=["kestrel-ana-11-05"],
    ),
    "members.entries": Entry(
        THEIRS, {"member_id": "member"}, asks=[("period=2026-10", THEIRS)], shows=["kestrel-ana-11-03", "north reason"]
    ),
    "members.my_questions": Entry(SIGNED_IN),
    "members.choose_own": Entry(SIGNED_IN, form={"nickname": ""}),
    "members.choose_for": Entry(MANAGERS_OF_TEAM, {"member_id": "member"}, {"nickname": "Aninha"}),
    # What somebody is told outside the pages; the ways in without signing in need an address that only they know
    "notices.index": Entry(SIGNED_IN),
    "notices.choose": Entry(SIGNED_IN, form={"kind": "day"}),
    "notices.renew": Entry(SIGNED_IN),
    "notices.end": Entry(SIGNED_IN),
    "notices.soon": Entry(SIGNED_IN),
    **dict.fromkeys(("notices.ask", "notices.leave", "calendar_feed.show"), Entry(NOBODY, {"token": "guessed"})),
    "statements.show": Entry(THEIRS, STATEMENT, shows=["north reason", "kestrel-ana-10-20"]),
    "statements.ledger": Entry(THEIRS, STATEMENT),
    "points.result": Entry(THEIRS, {"attainment_id": ("attainment", "open_lead", "rate")}, shows=["kestrel"]),
    "points.entry": Entry(THEIRS, {"entry_id": "entry"}, shows=["kestrel"]),
    "points.ask_about_result": Entry(ASKED_ABOUT, {"attainment_id": "attainment"}, {"question": "North question"}),
    "points.ask_about_entry": Entry(ASKED_ABOUT, {"entry_id": "entry"}, {"question": "North question"}),
    # The agreement: everybody reads it; managers write the next one together, whatever their teams
    "agreements.in_force": Entry(SIGNED_IN),
    "agreements.show": Entry(SIGNED_IN, {"version_id": "version"}),
    "agreements.download": Entry(SIGNED_IN, {"version_id": "version"}),
    "agreements.sign": Entry(MANAGERS | UNFIT, {"version_id": "version"}, {"side": "sales", "digest": "none"}),
    "agreements.index": Entry(MANAGERS),
    "agreements.load": Entry(ADMINISTRATORS | WRONG),
    "drafts.new": Entry(MANAGERS),
    "drafts.start": Entry(MANAGERS | UNFIT),
    "drafts.show": Entry(MANAGERS, DRAFT),
    "drafts.changes": Entry(MANAGERS, DRAFT),
    "drafts.document": Entry(MANAGERS, DRAFT),
    "drafts.download": Entry(MANAGERS, DRAFT),
    "drafts.head": Entry(MANAGERS, DRAFT),
    "drafts.save_head": Entry(MANAGERS | UNFIT, DRAFT, STALE),
    "drafts.edit": Entry(MANAGERS, DRAFT | {"part": ("definitions", "sla", "bonus")}),
    "drafts.save": Entry(MANAGERS | UNFIT, DRAFT | {"part": "sla"}, STALE),
    "drafts.remove_entry": Entry(MANAGERS | UNFIT, DRAFT | {"part": "sla"}, STALE | {"key": "speed"}),
    "drafts.move_entry": Entry(MANAGERS | UNFIT, DRAFT | {"part": "sla"}, STALE | {"key": "speed"}),
    "drafts.add": Entry(MANAGERS | UNFIT, DRAFT, STALE | {"start": "none"}),
    "drafts.discard": Entry(MANAGERS | UNFIT, DRAFT, STALE),
    "proposals.propose": Entry(MANAGERS | UNFIT, DRAFT, STALE),
    "proposals.sign": Entry(MANAGERS | UNFIT, DRAFT, {"side": "sales", "digest": "none"}),
    "proposals.take_back": Entry(MANAGERS | UNFIT, DRAFT),
    # What managers of a team see and do
    "due.index": Entry(MANAGERS, asks=[WITH_TEAM], shows=["kestrel"]),
    "due.more": Entry(MANAGERS, {"name": ("waiting", "overdue")}, asks=[WITH_TEAM], shows=["kestrel"]),
    "due.file": Entry(MANAGERS, {"name": ("waiting", "overdue"), "kind": FILES}, asks=[WITH_TEAM], shows=["kestrel"]),
    "due.load_file": Entry(MANAGERS, {"name": ("teams", "people"), "kind": FILES}, asks=[WITH_TEAM]),
    "compliance.index": Entry(MANAGERS, asks=[WITH_TEAM, ("period=2026-Q4", MANAGERS)]),
    "compliance.people": Entry(MANAGERS, asks=[WITH_TEAM], shows=["ana lima"]),
    "compliance.sla": Entry(MANAGERS, {"key": "speed"}, asks=[WITH_TEAM]),
    "compliance.leads": Entry(MANAGERS, asks=[WITH_TEAM, ("member={member}", MANAGERS_OF_TEAM)], shows=["kestrel"]),
    "compliance_files.table": Entry(MANAGERS, {"name": TABLES, "kind": FILES}, asks=[WITH_TEAM]),
    "compliance_files.leads": Entry(
        MANAGERS, {"kind": FILES}, asks=[WITH_TEAM, ("member={member}", MANAGERS_OF_TEAM)], shows=["kestrel"]
    ),
    "comparing.index": Entry(MANAGERS, asks=[WITH_TEAM]),
    "comparing.file": Entry(MANAGERS, {"table": ("slas", "teams", "people"), "kind": FILES}, asks=[WITH_TEAM]),
    "report.show": Entry(MANAGERS, {"month": "2026-10"}, asks=[WITH_TEAM]),
    "report.file": Entry(MANAGERS, {"month": "2026-10", "table": ("teams", "people"), "kind": FILES}, asks=[WITH_TEAM]),
    "questions.index": Entry(MANAGERS, asks=[("state=answered", MANAGERS)], shows=["north question"]),
    "questions.answer": Entry(
        MANAGERS_OF_TEAM | {"enzo": KEPT},
        {"question_id": "point_question"},
        {"answer": "North answer", "points": "", "month": ""},
    ),
    "people.index": Entry(MANAGERS, asks=[("team={team}", MANAGERS)], shows=["ana@example.com"]),
    "people.show": Entry(MANAGERS_OF_TEAM, {"member_id": "member"}),
    "manage.index": Entry(MANAGERS),
    "bonuses.index": Entry(
        MANAGERS,
        asks=[("status=approved", MANAGERS), ("period=2026-10", MANAGERS)],
        shows=["678.79", "52.21", "north question"],
    ),
    "bonuses.show": Entry(MANAGERS_OF_TEAM, AWARD, shows=["678.79", "52.21", "north question"]),
    "bonuses.approve": Entry({**MANAGERS_OF_TEAM, "dora": KEPT, "enzo": KEPT}, AWARD),
    "bonuses.decline": Entry({**MANAGERS_OF_TEAM, "dora": KEPT, "enzo": KEPT}, AWARD, {"reason": "It was not so"}),
    "bonuses.answer": Entry(
        {**MANAGERS_OF_TEAM, "enzo": KEPT}, AWARD | {"question_id": "question"}, {"answer": "North answer"}
    ),
    "bonuses.confirm": Entry(MANAGERS | UNFIT, asks=[("step=paid&award={award}", MANAGERS_OF_TEAM)]),
    "bonuses.decide": Entry(MANAGERS_OF_TEAM, form={"step": "paid", "award": "award"}),
    "bonuses.pay": Entry({**MANAGERS_OF_TEAM, "dora": KEPT, "enzo": KEPT}, AWARD),
    "adjustments.index": Entry(MANAGERS, shows=["north reason"]),
    "adjustments.make": Entry(
        {**MANAGERS, "fabio": KEPT, "enzo": KEPT},
        form={"member": "bia@example.com", "points": "5", "month": "2026-11", "reason": "North reason again"},
    ),
    "adjustments.take_back": Entry(
        {**MANAGERS_OF_TEAM, "enzo": KEPT}, {"adjustment_id": "adjustment"}, {"reason": "North reason"}
    ),
    "table_files.standings": Entry(MANAGERS, {"kind": FILES}, asks=[("scope=member", MANAGERS)]),
    "table_files.corrections": Entry(MANAGERS, {"kind": FILES}, shows=["kestrel-ana-10-20"]),
    "table_files.adjustments": Entry(MANAGERS, {"kind": FILES}, shows=["north reason"]),
    "table_files.audit_trail": Entry(ADMINISTRATORS),
    "corrections.index": Entry(MANAGERS, asks=[("corrects=2026-10", MANAGERS)], shows=["kestrel-ana-10-20"]),
    # What administrators do; those here send what cannot be taken, so that the others try it too
    "people.add": Entry(ADMINISTRATORS | WRONG, form={"name": ""}),
    "people.add_team": Entry(ADMINISTRATORS | WRONG, form={"name": ""}),
    "people.rename_team": Entry(ADMINISTRATORS | WRONG, {"team_id": "team"}, {"name": ""}),
    "people.change": Entry(ADMINISTRATORS | WRONG, {"member_id": "member"}, {"name": ""}),
    "people.add_id": Entry(ADMINISTRATORS | WRONG, {"member_id": "member"}, {"external_id": ""}),
    "people.remove_id": Entry(ADMINISTRATORS | WRONG, {"member_id": "member"}, {"external_id": "x"}),
    "people.move": Entry(ADMINISTRATORS | WRONG, {"member_id": "member"}, {"team": "0"}),
    "people.file": Entry(ADMINISTRATORS),
    "people.load": Entry(ADMINISTRATORS | WRONG),
    "people.export": Entry(ADMINISTRATORS, {"kind": FILES}),
    **dict.fromkeys(("settings.index", "settings.download", "settings.calendar"), Entry(ADMINISTRATORS)),
    **dict.fromkeys(("settings.change", "settings.load", "settings.change_calendar"), Entry(ADMINISTRATORS | WRONG)),
    "settings.team_calendar": Entry(ADMINISTRATORS, {"team_id": "team"}),
    "settings.change_team_calendar": Entry(ADMINISTRATORS | WRONG, {"team_id": "team"}),
    "settings.remove_team_calendar": Entry(ADMINISTRATORS | WRONG, {"team_id": "team"}),
    "users.index": Entry(ADMINISTRATORS),
    "users.show": Entry(ADMINISTRATORS, USER),
    "users.add": Entry(ADMINISTRATORS | WRONG, form={"email": ""}),
    "users.change_email": Entry(ADMINISTRATORS | WRONG, USER, {"email": ""}),
    "users.change_role": Entry(ADMINISTRATORS | WRONG, USER, {"role": ""}),
    "users.give_teams": Entry(ADMINISTRATORS, USER, {"teams_seen": "own"}),
    "users.link": Entry(ADMINISTRATORS | WRONG, USER, {"member": "nobody"}),
    "users.reset_password": Entry(ADMINISTRATORS, USER),
    "users.revoke_token": Entry(ADMINISTRATORS | {"enzo": UNKNOWN}, USER | {"token_id": 0}),
    "users.unlink": Entry(ADMINISTRATORS, USER),
    "users.sign_out": Entry(ADMINISTRATORS, USER),
    "users.deactivate": Entry(ADMINISTRATORS, USER),
    "users.reactivate": Entry(ADMINISTRATORS, USER),
    # What is about everybody
    "payroll.index": Entry(ALL_TEAMS),
    "payroll.as_csv": Entry(ALL_TEAMS, EXPORT),
    "payroll.as_xlsx": Entry(ALL_TEAMS, EXPORT),
    "payroll.create": Entry(ALL_TEAMS),
    "payroll.pay": Entry(ALL_TEAMS, EXPORT),
    "audit.index": Entry(ADMINISTRATORS),
    "audit.export": Entry(ADMINISTRATORS),
    "readiness.index": Entry(MANAGERS),
    "readiness.look": Entry(MANAGERS),
    "jobs.index": Entry(MANAGERS),
    "jobs.run": Entry(ADMINISTRATORS, {"name": "clean-up"}),
    "hook_targets.index": Entry(ADMINISTRATORS),
    "hook_targets.add": Entry(ADMINISTRATORS | WRONG, form={"name": ""}),
    "hook_targets.show": Entry(ADMINISTRATORS, WEBHOOK),
    "hook_targets.confirm": Entry(ADMINISTRATORS, WEBHOOK),
    "hook_targets.change": Entry(ADMINISTRATORS | WRONG, WEBHOOK, {"name": ""}),
    "hook_targets.test": Entry(ADMINISTRATORS | WRONG, WEBHOOK),  # its address cannot be opened
    "hook_targets.renew_secret": Entry(ADMINISTRATORS, WEBHOOK),
    "hook_targets.resend": Entry(ADMINISTRATORS | WRONG, WEBHOOK | {"message_id": 0}),
    "hook_targets.pause": Entry(ADMINISTRATORS, WEBHOOK),
    "hook_targets.resume": Entry(ADMINISTRATORS, WEBHOOK),
    "hook_targets.remove": Entry(ADMINISTRATORS, WEBHOOK),
    # Files of people, personal data, the organisation
    **dict.fromkeys(("settings.index", "settings.download", "settings.calendar"), Entry(ADMINISTRATORS)),
    **dict.fromkeys(("settings.change", "settings.load", "settings.change_calendar"), Entry(ADMINISTRATORS | WRONG)),
    "personal.own": Entry(SIGNED_IN),
    "personal.take_own": Entry(SIGNED_IN),
    "personal.of_member": Entry(ADMINISTRATORS, {"member_id": "member"}),
    "personal.of_account": Entry(ADMINISTRATORS, USER),
    "personal.confirm": Entry(ADMINISTRATORS, {"member_id": "member"}),
    "personal.anonymise": Entry(ADMINISTRATORS | WRONG, {"member_id": "member"}, {"understood": "1"}),
    # Displays show what the board shows: every manager looks after them
    "displays.index": Entry(MANAGERS),
    "displays.pair": Entry(MANAGERS),
    "displays.pair_now": Entry(MANAGERS | UNFIT, form={"code": "AAAAAAAA"}),
    "displays.show": Entry(MANAGERS, DISPLAY),
    "displays.preview": Entry(MANAGERS, DISPLAY),
    "displays.confirm": Entry(MANAGERS, DISPLAY),
    "displays.change": Entry(MANAGERS | UNFIT, DISPLAY),
    "displays.message": Entry(MANAGERS, DISPLAY, {"message": "Cake at four", "until": "2026-11-19T12:00"}),
    "displays.celebrate": Entry(MANAGERS, DISPLAY),
    "displays.revoke": Entry({**MANAGERS, "dora": UNKNOWN, "enzo": UNKNOWN}, DISPLAY),  # once
    "display_streams.of_preview": Entry(MANAGERS, DISPLAY),
    "display.index": Entry(EVERYBODY),
    "display.slides": Entry(UNPAIRED),
    "display.worker": Entry(EVERYBODY),
    "display_streams.of_display": Entry(UNPAIRED),
    "pairing.poll": Entry(EVERYBODY),
    # Webhooks in: whoever sends proves it, and nobody here does; administrators keep them
    "hooks.deliver": Entry(dict.fromkeys(READERS, KEPT), {"slug": "crm", "key": "x"}),
    "hook_settings.index": Entry(ADMINISTRATORS),
    "hook_settings.show": Entry(ADMINISTRATORS, HOOK, asks=[("state=failed", ADMINISTRATORS)]),
    "hook_settings.delivery": Entry(ADMINISTRATORS, DELIVERY),
    "hook_mappings.edit": Entry(ADMINISTRATORS, HOOK, asks=[("standard=1", ADMINISTRATORS)]),
    "unknown_names.index": Entry(ADMINISTRATORS),
    "hook_settings.add": Entry(ADMINISTRATORS, form={"kind": "generic", "name": "Another"}),
    "hook_mappings.attempt": Entry(ADMINISTRATORS, HOOK),
    "hook_mappings.save": Entry(ADMINISTRATORS | WRONG, HOOK),
    "hook_settings.again": Entry(ADMINISTRATORS, DELIVERY),
    "hook_settings.rotate": Entry(ADMINISTRATORS, HOOK),
    "hook_settings.end_former": Entry(ADMINISTRATORS, HOOK),
    "hook_settings.set_organisation": Entry(ADMINISTRATORS, HOOK),
    "hook_settings.pause": Entry(ADMINISTRATORS, HOOK),
    "hook_settings.resume": Entry(ADMINISTRATORS, HOOK),
    "hook_settings.remove": Entry(ADMINISTRATORS, HOOK),
    "unknown_names.claim": Entry(ADMINISTRATORS, form={"unknown": "crm-7", "member": "ana@example.com"}),
    "unknown_names.discard": Entry(
        ADMINISTRATORS, form={"column": "member", "unknown": "crm-8", "reason": "They have left"}
    ),
    "trying.show": Entry(MANAGERS, DRAFT, asks=[("quarters=1", MANAGERS)]),
    "trying.steps": Entry(MANAGERS, DRAFT),
    "targets.index": Entry(MANAGERS, asks=[("months=3", MANAGERS)]),
    "targets.show": Entry(MANAGERS, {"key": "speed"}),
    "targets.take": Entry(MANAGERS, {"key": "speed"}, {"met": "4h", "exceeded": "30m", "draft": ""}),
    # Programs, and the tokens that they bring; what each sees with one: test_api_access.py
    **dict.fromkeys(
        (
            *("api.send_events", "api.people", "api.load_people", "api.agreements", "api.check", "api.load"),
            *("api.standings", "api.attainments", "api.waiting", "api.points", "api.badges", "api.bonuses"),
            *("api.periods", "api.token"),
        ),
        Entry(NO_TOKEN),
    ),
    "api.agreement": Entry(NO_TOKEN, {"version_id": "version"}),
    "api.agreement_document": Entry(NO_TOKEN, {"version_id": "version"}),
    **dict.fromkeys(("api.health", "api_docs.openapi", "api_docs.docs"), Entry(EVERYBODY)),
    "tokens.own": Entry(SIGNED_IN),
    "tokens.issue": Entry(
        SIGNED_IN | dict.fromkeys(READERS[1:], KEPT), form={"name": "", "scope": "read", "days": "365"}
    ),
    "tokens.revoke": Entry(SIGNED_IN | dict.fromkeys(READERS[1:], UNKNOWN), {"token_id": 999}),
    "tokens.index": Entry(ADMINISTRATORS),
    "users.issue_token": Entry(ADMINISTRATORS | WRONG, USER, {"name": "", "scope": "read", "days": "365"}),
    # Imports: what comes in is about everybody
    "uploads.index": Entry(ADMINISTRATORS),
    "uploads.send": Entry(ADMINISTRATORS | WRONG),
    "uploads.begin": Entry(ADMINISTRATORS | WRONG, form={"name": "a.csv", "size": "x"}),
    "uploads.piece": Entry(ADMINISTRATORS | WRONG, UPLOAD | {"number": 0}),
    "uploads.show": Entry(ADMINISTRATORS, UPLOAD, asks=[("again=1", ADMINISTRATORS)]),
    "upload_mappings.edit": Entry(ADMINISTRATORS, UPLOAD, {"do": "preview"}),
    "uploads.start": Entry(ADMINISTRATORS, UPLOAD, {"do": "preview", "mapping": "ours"}),
    "uploads.refused": Entry(ADMINISTRATORS, UPLOAD),
    "uploads.resume": Entry(ADMINISTRATORS, UPLOAD),
    "uploads.import_tried": Entry(ADMINISTRATORS, UPLOAD),
    "uploads.stop": Entry(ADMINISTRATORS, UPLOAD),
    "uploads.discard": Entry(ADMINISTRATORS, UPLOAD),
    "uploads.confirm_undo": Entry(ADMINISTRATORS, {"import_id": 1}),
    "uploads.undo": Entry(ADMINISTRATORS | {"enzo": UNKNOWN}, {"import_id": 0}),
    "uploads.rename": Entry(ADMINISTRATORS | WRONG, {"mapping_id": 0}, {"name": ""}),
    "uploads.remove": Entry(ADMINISTRATORS | {"enzo": UNKNOWN}, {"mapping_id": 0}),
    # The door
    "accounts.sign_in": Entry(EVERYBODY),
    "accounts.language": Entry(EVERYBODY, form={"language": "en"}),
    "accounts.password": Entry(SIGNED_IN),
    "accounts.change_password": Entry(
        SIGNED_IN | dict.fromkeys(READERS[1:], KEPT), form={"old": "x", "new": "y", "again": "z"}
    ),
    "accounts.sign_in_now": Entry(dict.fromkeys(READERS, KEPT), form={"email": "nobody@example.com", "password": "x"}),
    "accounts.sign_out": Entry(SIGNED_IN),
}
