"""The decision of each deal: who takes part and who sways whom, who is missing, what warns, whom to speak to next."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.people.contacts import (
    APPROVER,
    BLOCKER,
    CHAMPION,
    DECIDER,
    ROLE_WEIGHTS,
    ROLES,
    down_the_line,
)
from crmlib.measure.deals.stays import deals
from crmlib.measure.people import decision_parts, usual_silences
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

GIVEN, OTHER_DEALS, REPORTING = "given", "other deals", "reporting line"
TIE_SOURCES = (GIVEN, OTHER_DEALS, REPORTING)
"""Where it is known from that somebody sways another: stated; stated in other deals of the two; who reports to whom."""

WANTED_SHARE = 0.5
"""A role that at least half of the won deals of a kind had is wanted."""
CLEAR = 1.96
"""So many standard errors more often in won than in lost deals, a role is wanted, too."""
FEWEST_WON = 30
"""With fewer won deals a kind is held against all kinds."""
AGAINST = -0.1
"""Below this a stance counts as against us."""
PULLED = 0.25
"""So much below the decider's own stance is what those who sway the decider make one expect of it."""

NO_DECIDER_HERE, ONE_CONTACT, SILENT_DEAL = "no_decider", "one_contact", "silent"
STANCE_AGAINST, STANCE_PULLED, STRONG_BLOCKER = "stance_against", "stance_pulled_down", "strong_blocker"
RISKS = (STANCE_AGAINST, STRONG_BLOCKER, STANCE_PULLED, SILENT_DEAL, NO_DECIDER_HERE, ONE_CONTACT)
"""What warns of a deal, the gravest first."""

MEET, INTRODUCE, GAIN = "meet", "ask_to_introduce", "gain_champion"
WIN_OVER, BREAK_SILENCE, GO_ON = "win_over", "break_silence", "go_on"
MOVES = (WIN_OVER, MEET, INTRODUCE, GAIN, BREAK_SILENCE, GO_ON)
"""What the next conversation is for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decisions:
    """The decisions of all deals.

    Attributes
    ----------
    parts : DataFrame
        Everybody's part in every deal: `opportunity_id`, `contact_id`, `decision_role`, `stance`, `influence`,
        `sways_contact_id`, `tie_source` (of `TIE_SOURCES`, missing where none is known), `touch_count`, `last_on`.
    deals : DataFrame indexed by opportunity_id, open deals only
        `customer_id`, `owner_id`, `stage`, `amount`, `kind`, `people`, `spoken_to`, `stance` (mean, weighted by
        influence), `missing_roles` (tuple), `coverage_pct` (of the wanted roles), `silent_days`, `usual_days`,
        `risks` (tuple of `RISKS`), `next_move` (of `MOVES`), `next_contact_id`, `via_contact_id`, `next_role`.
    roles : DataFrame indexed by kind and decision_role
        `won_pct`, `lost_pct`, `won`, `lost` (deals), `z`, `is_wanted`.
    sway : float
        How far the stance of who is swayed follows the stance of who sways (slope), with `sway_low` and
        `sway_high` (95 %); NaN where too few ties are stated.
    as_of_on : Timestamp
    """

    parts: pd.DataFrame = field(repr=False)
    deals: pd.DataFrame
    roles: pd.DataFrame = field(repr=False)
    sway: float
    sway_low: float
    sway_high: float
    as_of_on: pd.Timestamp

    def __repr__(self) -> str:
        return f"Decisions(open_deals={len(self.deals)}, sway={self.sway:.2f})"

    def _repr_html_(self) -> str:
        return self.deals.head(20).to_html()


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionTree:
    """The decision of one deal.

    Attributes
    ----------
    opportunity_id : str
    people : DataFrame indexed by contact_id, who decides first, then who sways whom
        `decision_role`, `stance`, `influence`, `sways_contact_id`, `tie_source`, `depth` (0: sways nobody),
        `touch_count`, `last_on`.
    deal : Series or None
        The deal's row of `Decisions.deals`; None where it is closed.

    Examples
    --------
    See `decision_tree`.
    """

    opportunity_id: str
    people: pd.DataFrame
    deal: pd.Series | None = field(default=None, repr=False)

    def _repr_html_(self) -> str:
        return self.people.to_html()


def decision_tree(crm: Crm, opportunity_id: str, *, known: Decisions | None = None) -> DecisionTree:
    """Who decides about one deal, with which stance, who sways whom, and whom to speak to next.

    Parameters
    ----------
    crm : Crm
        With `opportunities` and `opportunity_contacts`.
    opportunity_id : str
    known : Decisions, optional
        As `decisions` makes it; one for many trees saves its time.

    Returns
    -------
    DecisionTree

    Raises
    ------
    SchemaError
        If it is not kept who takes part in decisions.
    ParameterError
        If nobody is known to take part in that deal.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["d"], "stage": "x", "outcome": "open", "customer_id": "c"})
    >>> who = pd.DataFrame({"opportunity_id": "d", "contact_id": ["ann", "bob"], "stance": [0.2, 0.6],
    ...     "decision_role": ["decider", "champion"], "influences_contact_id": [None, "ann"]})
    >>> found = decision_tree(
    ...     Crm.from_frames(as_of="2024-01-31", opportunities=sold, opportunity_contacts=who), "d")
    >>> found.people[["decision_role", "sways_contact_id", "depth"]]
               decision_role sways_contact_id  depth
    contact_id
    ann              decider              NaN      0
    bob             champion              ann      1
    """
    known = decisions(crm) if known is None else known
    own = known.parts[known.parts["opportunity_id"] == opportunity_id]
    if own.empty:
        raise ParameterError(f"Nobody is known to take part in the decision of deal {opportunity_id!r}.")
    columns = [
        "decision_role",
        "stance",
        "influence",
        "sways_contact_id",
        "tie_source",
        "touch_count",
        "last_on",
    ]
    people = _in_sway(own.drop_duplicates("contact_id").set_index("contact_id")[columns])
    deal = known.deals.loc[opportunity_id] if opportunity_id in known.deals.index else None
    return DecisionTree(opportunity_id=opportunity_id, people=people, deal=deal)


def decisions(crm: Crm, *, parts: pd.DataFrame | None = None) -> Decisions:
    """The decisions of all deals: coverage, warnings and the next conversation of each open one."""
    if "opportunity_contacts" not in crm or "opportunities" not in crm:
        raise SchemaError(
            f"{crm.name} does not say who takes part in decisions. Map [tables.opportunity_contacts] in crm.toml."
        )
    parts = decision_parts(crm) if parts is None else parts
    parts = sway_ties(parts)
    table = deals(crm)
    kinds = _kinds(crm, table)
    roles = _roles(parts, table, kinds)
    slope = sway_slope(parts)
    as_of_on = closing_day(crm)
    found = _judged(parts, table[table["outcome"] == "open"], kinds, roles, usual_silences(crm), slope[0])
    return Decisions(
        parts=parts, deals=found, roles=roles, sway=slope[0], sway_low=slope[1], sway_high=slope[2],
        as_of_on=as_of_on,
    )  # fmt: skip


def sway_ties(parts: pd.DataFrame) -> pd.DataFrame:
    """Who sways whom in each deal: as stated; else as the same two did most often in other deals, or by the
    reporting line. Nobody is said to sway in a circle, and a decider of whom nothing is stated sways nobody."""
    given = parts["influences_contact_id"]
    pairs = parts.loc[given.notna(), ["contact_id", "influences_contact_id"]]
    counts = pairs.value_counts().rename("n").reset_index()
    counts = counts.sort_values(["n", "influences_contact_id"], ascending=[False, True], kind="stable")
    usual: dict[str, list[str]] = {}
    for who, whom in zip(counts["contact_id"], counts["influences_contact_id"], strict=True):
        usual.setdefault(who, []).append(whom)
    members: dict[str, set[str]] = {}
    for deal, who in zip(parts["opportunity_id"], parts["contact_id"], strict=True):
        members.setdefault(deal, set()).add(who)
    stated = {
        (row.opportunity_id, row.contact_id): row.influences_contact_id
        for row in parts[given.notna()].itertuples(index=False)
    }
    rows = []
    for row in parts.itertuples(index=False):
        key, there = (row.opportunity_id, row.contact_id), members[row.opportunity_id]
        if key in stated:
            rows.append((stated[key], GIVEN))
            continue
        found = (None, None)
        if row.decision_role != DECIDER:
            for one, source in [
                *((one, OTHER_DEALS) for one in usual.get(row.contact_id, ())),
                (row.reports_to_contact_id, REPORTING),
            ]:
                if one in there and one != row.contact_id and not _leads_back(stated, key, one):
                    found = (one, source)
                    stated[key] = one
                    break
        rows.append(found)
    made = pd.DataFrame(rows, columns=["sways_contact_id", "tie_source"], index=parts.index, dtype="str")
    return parts.assign(**made)


def _leads_back(stated: dict[tuple[str, str], str], key: tuple[str, str], one: str) -> bool:
    """Whether a tie would close a circle."""
    deal, who = key
    seen = {who}
    while one not in seen:
        seen.add(one)
        one = stated.get((deal, one), "")
        if not one:
            return False
    return True


def sway_slope(parts: pd.DataFrame) -> tuple[float, float, float]:
    """How far a stance follows the stance of who sways it, from stated ties; slope and its 95 % interval."""
    stated = parts[parts["tie_source"] == GIVEN]
    stance = parts.drop_duplicates(["opportunity_id", "contact_id"]).set_index(
        ["opportunity_id", "contact_id"]
    )
    at = pd.MultiIndex.from_frame(stated[["opportunity_id", "sways_contact_id"]])
    pair = pd.DataFrame(
        {"x": stated["stance"].to_numpy(), "y": stance["stance"].reindex(at).to_numpy()}
    ).dropna()
    if len(pair) < FEWEST_WON or not pair["x"].std() > 0:
        return np.nan, np.nan, np.nan
    x, y = (pair[name] - pair[name].mean() for name in ("x", "y"))
    slope = float((x * y).sum() / (x**2).sum())
    error = float(np.sqrt(((y - slope * x) ** 2).sum() / (len(pair) - 2) / (x**2).sum()))
    return slope, slope - CLEAR * error, slope + CLEAR * error


def _kinds(crm: Crm, table: pd.DataFrame) -> pd.Series:
    """The kind of each deal: the category of its product, where enough deals of it were won."""
    if "products" not in crm or "category" not in crm.columns("products") or "product_id" not in table:
        return pd.Series("", index=table.index)
    category = crm.frame("products", ["product_id", "category"]).drop_duplicates("product_id")
    kind = table["product_id"].map(category.set_index("product_id")["category"]).astype("object").fillna("")
    won = kind[table["outcome"] == "won"].value_counts()
    return kind.where(kind.map(won).fillna(0) >= FEWEST_WON, "").astype("str")


def _roles(parts: pd.DataFrame, table: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """How often each role takes part in won and in lost deals of a kind; "" is all kinds."""
    closed = table[table["outcome"].isin(["won", "lost"]) & table.index.isin(parts["opportunity_id"])]
    has = pd.crosstab(parts["opportunity_id"], parts["decision_role"]).reindex(closed.index).fillna(0) > 0
    is_won = closed["outcome"] == "won"
    rows = []
    for kind in sorted(set(kinds) | {""}):
        of_kind = (kinds.reindex(closed.index) == kind) if kind else pd.Series(True, index=closed.index)
        won, lost = int((of_kind & is_won).sum()), int((of_kind & ~is_won).sum())
        for role in (role for role in ROLES if role in has):
            with_won, with_lost = (int((has[role] & of_kind & side).sum()) for side in (is_won, ~is_won))
            p, q = with_won / max(won, 1), with_lost / max(lost, 1)
            both = (with_won + with_lost) / max(won + lost, 1)
            error = np.sqrt(both * (1 - both) * (1 / max(won, 1) + 1 / max(lost, 1)))
            z = (p - q) / error if error > 0 else 0.0
            wanted = role != BLOCKER and won > 0 and (p >= WANTED_SHARE or z > CLEAR)
            rows.append((kind, role, 100 * p, 100 * q, won, lost, z, wanted))
    names = ["kind", "decision_role", "won_pct", "lost_pct", "won", "lost", "z", "is_wanted"]
    return (
        pd.DataFrame(rows, columns=names).astype({"is_wanted": "bool"}).set_index(["kind", "decision_role"])
    )


def _judged(
    parts: pd.DataFrame,
    table: pd.DataFrame,
    kinds: pd.Series,
    roles: pd.DataFrame,
    usual: pd.Series,
    slope: float,
) -> pd.DataFrame:
    of_deal: dict[str, list[Any]] = {}
    for part in _weighed(parts[parts["opportunity_id"].isin(table.index)]).itertuples(index=False):
        of_deal.setdefault(part.opportunity_id, []).append(part)
    wanted = {
        kind: [role for role in ROLES if (kind, role) in roles.index and roles.at[(kind, role), "is_wanted"]]
        for kind in set(kinds)
    }
    rows = []
    for deal, kind in zip(table.itertuples(), kinds.reindex(table.index), strict=True):
        own, limit = of_deal.get(deal.Index, []), usual.get(deal.stage, np.nan)
        row = _judge(own, wanted[kind], deal.last_touch_days > limit, slope)
        first = (deal.Index, deal.customer_id, deal.owner_id, deal.stage, deal.amount, kind)
        rows.append((*first, *row, deal.last_touch_days, limit))
    names = [
        *("opportunity_id", "customer_id", "owner_id", "stage", "amount", "kind", "people", "spoken_to"),
        *(
            "stance",
            "missing_roles",
            "coverage_pct",
            "risks",
            "next_move",
            "next_contact_id",
            "via_contact_id",
        ),
        *("next_role", "silent_days", "usual_days"),
    ]
    made = pd.DataFrame(rows, columns=names).set_index("opportunity_id")
    return made.sort_values("amount", ascending=False, kind="stable", na_position="last")


def _weighed(parts: pd.DataFrame) -> pd.DataFrame:
    """The parts with a weight: the influence, or that of the role."""
    weight = parts["influence"].fillna(parts["decision_role"].map(ROLE_WEIGHTS)).fillna(0.5)
    return parts.assign(weight=weight.astype("float64"))


def _judge(own: list[Any], wanted: list[str], is_silent: bool, slope: float) -> tuple[Any, ...]:
    """What there is to say of one deal's people."""
    spoken = [part for part in own if part.touch_count > 0]
    missing = tuple(role for role in wanted if role not in {part.decision_role for part in spoken})
    coverage = 100 * (1 - len(missing) / len(wanted)) if wanted else np.nan
    said = [part for part in own if part.stance == part.stance]
    weight = sum(part.weight for part in said)
    stance = sum(part.weight * part.stance for part in said) / weight if weight > 0 else np.nan
    risks = _risks(own, len(spoken), stance, is_silent, slope)
    return len(own), len(spoken), stance, missing, coverage, risks, *_next_move(own, missing, risks)


def _risks(own: list[Any], spoken: int, stance: float, is_silent: bool, slope: float) -> tuple[str, ...]:
    blockers = [part.weight for part in own if part.decision_role == BLOCKER]
    friends = [part.weight for part in _friends(own)]
    found = {
        STANCE_AGAINST: stance < AGAINST,
        STRONG_BLOCKER: max(blockers, default=0.0) > max(friends, default=0.0),
        STANCE_PULLED: _is_pulled(own, slope),
        SILENT_DEAL: is_silent,
        NO_DECIDER_HERE: not any(part.decision_role in (DECIDER, APPROVER) for part in own),
        ONE_CONTACT: spoken <= 1,
    }
    return tuple(risk for risk in RISKS if found[risk])


def _friends(own: list[Any]) -> list[Any]:
    """Who is for us, the warmest first."""
    found = [part for part in own if part.stance > 0 and part.decision_role != BLOCKER]
    return sorted(found, key=lambda part: (-part.stance, part.contact_id))


def _is_pulled(own: list[Any], slope: float) -> bool:
    """Whether those who sway the decider are so much cooler that the decider is likely to follow them."""
    if not slope > 0:
        return False
    for decider in (part for part in own if part.decision_role == DECIDER):
        by = [p.stance for p in own if p.sways_contact_id == decider.contact_id and p.stance == p.stance]
        if by and decider.stance - slope * min(by) > PULLED:
            return True
    return False


def _next_move(own: list[Any], missing: tuple[str, ...], risks: tuple[str, ...]) -> tuple[Any, ...]:
    """What the next conversation is for, with whom, through whom, and about which role."""
    friend = next((part.contact_id for part in _friends(own)), None)
    if {STANCE_AGAINST, STRONG_BLOCKER} & set(risks):
        coldest = min(own, key=lambda part: (np.nan_to_num(part.stance), part.contact_id))
        return WIN_OVER, coldest.contact_id, _opener(own, coldest.contact_id, friend), coldest.decision_role
    for role in missing:
        known = next((part.contact_id for part in own if part.decision_role == role), None)
        if known:
            return MEET, known, _opener(own, known, friend), role
    if missing and missing[0] != CHAMPION:
        return INTRODUCE, friend, None, missing[0]
    if missing and friend:
        return GAIN, friend, None, CHAMPION
    if SILENT_DEAL in risks or STANCE_PULLED in risks:
        first = [part.contact_id for part in own if part.decision_role in (CHAMPION, DECIDER)]
        return BREAK_SILENCE, friend or next(iter(first), None), None, None
    return GO_ON, friend, None, None


def _opener(own: list[Any], contact: str, friend: str | None) -> str | None:
    """Who can open the door to somebody: who sways them, else the friendliest of the others."""
    by = next((part.contact_id for part in own if part.sways_contact_id == contact), None)
    return by or (friend if friend != contact else None)


def _in_sway(people: pd.DataFrame) -> pd.DataFrame:
    """Who sways nobody first, by the weight of the role; below each, those who sway them."""
    rank = people["decision_role"].map({role: i for i, role in enumerate(ROLES)}).fillna(len(ROLES))
    ordered = people.assign(_rank=rank, _id=people.index).sort_values(["_rank", "_id"], kind="stable").index
    order = down_the_line(people["sways_contact_id"], ordered)
    return people.loc[list(order)].assign(depth=pd.Series(order, dtype="int64"))
