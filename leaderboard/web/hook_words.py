"""What webhooks in are called on a page, what to enter in each CRM, and why something cannot be."""

from typing import NamedTuple
from urllib.parse import urlsplit

from flask_babel import gettext as _

from leaderboard.domain.errors import AdjustmentRefused, HookRefused, PersonRefused, Refused
from leaderboard.services.hooks import HookShown
from leaderboard.web import user_words
from leaderboard.web.user_words import Fault

USER = "leaderboard"  # of HTTP Basic; any name is taken


class Step(NamedTuple):
    """Something to do in a CRM: in words, and what to enter there, by name."""

    words: str
    entries: tuple[tuple[str, str], ...] = ()


def kind_words() -> dict[str, tuple[str, str]]:
    """Return what each kind of webhook is called, and by what it is known to be genuine."""
    return {
        "hubspot": ("HubSpot", _("Webhooks of an app; signed by HubSpot.")),
        "salesforce": ("Salesforce", _("Outbound messages, or a flow's HTTP callout; known by a secret of ours.")),
        "odoo": ("Odoo", _("Webhook notifications of automation rules; known by a secret of ours.")),
        "pipedrive": ("Pipedrive", _("Webhooks, version 2 or 1; known by a password of ours.")),
        "generic": (
            _("Another program"),
            _("Signed requests, as of your own scripts or of Standard Webhooks."),
        ),
    }


def state_words() -> dict[str, tuple[str, str]]:
    """Return what each state of a delivery is called, and the kind of its chip."""
    return {
        "waiting": (_("Waits"), "wait"),
        "taken": (_("Taken"), "good"),
        "failed": (_("Failed"), "wrong"),
    }


def outcome_words() -> dict[str, tuple[str, str]]:
    """Return what becomes of a row, in a word, and the kind of its chip."""
    return {
        "new": (_("New"), "good"),
        "duplicate": (_("Known already"), "plain"),
        "parked": (_("Would wait for a name"), "wait"),
        "refused": (_("Refused"), "wrong"),
    }


def steps(hook: HookShown, address: str, secret: str | None) -> list[Step]:
    """Return what to do in the CRM. secret: if it was made just now; else a word stands in its place."""
    shown = secret or _("THE-SECRET")
    by_kind = {
        "hubspot": _hubspot,
        "salesforce": _salesforce,
        "odoo": _odoo,
        "pipedrive": _pipedrive,
        "generic": _generic,
    }
    return by_kind[hook.kind](address, shown)


def _hubspot(address: str, _secret: str) -> list[Step]:
    contact = "hubspot_owner_id, lifecyclestage, hs_lead_status"
    return [
        Step(_("In HubSpot, open the app whose client secret you have given here, and there Webhooks.")),
        Step(_("Enter this as the target URL."), ((_("Target URL"), address),)),
        Step(
            _("Subscribe to these events, and activate them."),
            (
                (_("Contacts"), _("created; property changed: %(names)s", names=contact)),
                (_("Deals"), _("created; property changed: %(names)s", names="dealstage")),
            ),
        ),
        Step(_("Change the owner of a contact: within seconds a delivery stands below.")),
    ]


def _salesforce(address: str, secret: str) -> list[Step]:
    fields = "Id, OwnerId, Status, CreatedDate, LastModifiedDate"
    deal = "Id, OwnerId, StageName, Amount, CreatedDate, LastModifiedDate"
    return [
        Step(
            _(
                "In Setup, open Outbound Messages and add one for Lead, and another for Opportunity. "
                "Leave “Send Session ID” off."
            ),
            ((_("Endpoint URL"), f"{address}/{secret}"), ("Lead", fields), ("Opportunity", deal)),
        ),
        Step(
            _(
                "Add a record-triggered flow for each, when a record is created or its owner, status or stage "
                "changes, with the action that sends the message."
            )
        ),
        Step(
            _(
                "Or let the flow make an HTTP callout instead: POST, the same fields as JSON, and “object” with "
                "Lead or Opportunity."
            ),
            (("URL", address), ("Authorization", f"Bearer {secret}")),
        ),
    ]


def _odoo(address: str, secret: str) -> list[Step]:
    parts = urlsplit(address)
    with_password = f"{parts.scheme}://{USER}:{secret}@{parts.netloc}{parts.path}"
    fields = (
        "id, create_date, date_open, date_last_stage_update, date_closed, user_id, stage_id, expected_revenue, "
        "lost_reason_id"
    )
    return [
        Step(_("In Odoo, open Settings, Technical, Automation Rules, and add one for the model Lead/Opportunity.")),
        Step(_("Let it run when a record is created or updated; fields to watch: Salesperson, Stage, Active.")),
        Step(
            _("As the action choose “Send Webhook Notification”, and enter this."),
            (("URL", with_password), (_("Fields"), fields)),
        ),
        Step(
            _("Odoo sends numbers for people and stages: put yours into the mapping. It sends each notification once.")
        ),
    ]


def _pipedrive(address: str, secret: str) -> list[Step]:
    return [
        Step(_("In Pipedrive, open Tools and apps, Webhooks, and create one for leads and another for deals.")),
        Step(
            _("Enter this in both; choose every action, and version 2."),
            (
                (_("Endpoint URL"), address),
                (_("HTTP Auth username"), USER),
                (_("HTTP Auth password"), secret),
            ),
        ),
    ]


def _generic(address: str, secret: str) -> list[Step]:
    signs = "hex(HMAC-SHA256(secret, timestamp + '.' + body))"
    return [
        Step(
            _("POST JSON to this address: one event, a list of them, or any JSON that the mapping makes events of."),
            (("URL", address), (_("Secret"), secret)),
        ),
        Step(
            _("Sign each request, and send it within five minutes."),
            (("X-Leaderboard-Timestamp", _("seconds since 1970")), ("X-Leaderboard-Signature", signs)),
        ),
        Step(_("Standard Webhooks are taken too: webhook-id, webhook-timestamp, webhook-signature.")),
    ]


def fault_of(error: Refused) -> Fault:
    """Return in words, and at which field, what was refused."""
    if isinstance(error, AdjustmentRefused):
        return user_words.fault_of(error)
    if isinstance(error, PersonRefused):
        taken = _("This name is somebody's already: look at the list again.")
        return Fault("member", taken if error.problem == "id-taken" else _("This cannot be an id of theirs."))
    if not isinstance(error, HookRefused):
        return Fault("", str(error))
    words = {
        "kind": _("Choose one of these."),
        "name": _("Give a name of up to 100 characters."),
        "slug": _("Take up to 40 small letters, digits and hyphens, and none that another webhook has."),
        "secret": _("This is too short or too long for a client secret: copy all of it."),
        "organisation": _("This is no id of an organisation: it begins with 00D and has 15 or 18 characters."),
        "reason": _("Give a reason of 3 to 500 characters, on one line."),
    }
    is_at_field = error.problem in words
    gone = _("This is not there any more: look at the list again.")
    return Fault(error.problem if is_at_field else "", words.get(error.problem, gone))
