"""What others are told of by webhook, and in which forms: ours, Slack's, Microsoft Teams'."""

PERIOD_CLOSED, BADGE_AWARDED, BONUS_APPROVED, LEAD_FALLING_DUE = KINDS = (
    "period.closed",
    "badge.awarded",
    "bonus.approved",
    "lead.falling_due",
)
TEST = "test"
JSON, SLACK, TEAMS = FORMATS = ("json", "slack", "teams")
