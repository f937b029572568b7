"""Columns of what customers say: concerns, satisfaction and complaints."""

from crmlib.schema.results.column import Column

# fmt: off
VOICE = (
    # concerns
    Column("theme", "Theme"),
    # the voice of the customer
    Column("grouped_by", "By"),
    Column("opinions", "Opinions", "count"),
    Column("score_pct", "Score", "share_pct", "Mean score, of the best.", digits=0),
    Column("score_gap", "Less the others", "points", digits=1),
    Column("complaints", "Complaints", "count"),
    Column("open_complaints", "Still open", "count"),
    Column("resolved_days", "Days to resolve", "days", "The median of those resolved.", digits=0),
    Column("scored_on", "Last score", "date"),
    Column("complaint_open", "Complaint open"),
    Column("kind_of_text", "Text"),
    Column("texts", "Texts", "count"),
    Column("of_texts_pct", "Of these texts", "share_pct", digits=0),
    Column("lost_deals_pct", "Lost deals", "share_pct", "Lost deals whose notes speak of it.", digits=1),
    Column("won_deals_pct", "Won deals", "share_pct", "Won deals whose notes speak of it.", digits=1),
    Column("term", "Words"),
    Column("lost_share_pct", "Notes of lost deals", "share_pct", digits=1),
    Column("open_share_pct", "Of open deals", "share_pct", digits=1),
    Column("won_share_pct", "Of won deals", "share_pct", digits=1),
    Column("difference", "Lost less won", "points", digits=1),
    Column("recent_share_pct", "Recently", "share_pct", digits=0),
    Column("earlier_share_pct", "Earlier", "share_pct", digits=0),
    Column("trend", "Trend"),
    Column("outcome", "Deal"),
    Column("example", "From a note"),
    Column("reason_share_pct", "Share", "share_pct", digits=0),
)
# fmt: on
