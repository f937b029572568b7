"""Who responds to a campaign: the share that answered and the extra spend, group by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from crmlib.analyse.campaigns.comparison import MATCHED, Comparison, Difference, mean_of_pairs, welch
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.small_groups import NESTED, NOT_STATED, OTHER, shown_groups, widest_first
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.campaigns import CONTACTED, CONTROL, DURING
from crmlib.measure.indicators.catalogue import HEAVY_DISCOUNT_PCT
from crmlib.prepare.crm import Crm
from crmlib.schema.fields import MINIMUM_GROUP

MEANT = ("campaign_contacts.responded_at", "transactions.campaign_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """How many of those contacted answered within a campaign's time.

    `rate_pct`, `low`, `high`: Percent of those contacted, with its interval of 95 %; NaN where answers are
        not known, or nobody was contacted.
    `reason`: Why answers are not known, in a code; empty where they are.
    `days_median`: Days from contact to answer of those who answered; NaN where nobody did, or contacts have
        no day.
    `curve` (one row a day on which somebody answered): `day` (after contact), `responded` (that day),
        `responded_pct` (of those contacted, up to that day).
    `control_pct`: Percent of those held out who answered all the same.
    `uplift`, `uplift_low`, `uplift_high`: Percentage points by which more of those contacted answered, with their
        interval of 95 % (Newcombe); NaN where no answer of those held out is on record.
    `early`, `late`: Answers dated before the contact, and after the campaign's time: not counted.
    `who` (of bool indexed by customer_id): Whether each customer contacted answered.
    """

    contacted: int
    responded: int
    rate_pct: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    reason: str = ""
    days_median: float = float("nan")
    curve: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["day", "responded", "responded_pct"], dtype="float64")
    )
    control_pct: float = float("nan")
    uplift: float = float("nan")
    uplift_low: float = float("nan")
    uplift_high: float = float("nan")
    early: int = 0
    late: int = 0
    who: pd.Series = field(default_factory=lambda: pd.Series(dtype="bool"))


NO_ANSWERS = "no answers"
"""Why nobody knows who answered: none of `MEANT` is mapped."""


def answers_known(crm: Crm) -> str:
    """Why nobody knows who answered a campaign, in a code; nothing where it is known."""
    for place in MEANT:
        table, column = place.split(".")
        if table in crm and column in crm.columns(table):
            return ""
    return NO_ANSWERS


def response_of(people: pd.DataFrame, *, until_on: pd.Timestamp, unknown: str = "") -> Response:
    """Count the answers of those contacted: from the day of the contact to the last day that counts."""
    rows = people[people["span"] == DURING]
    early = rows["responded_on"] < rows["contact_on"]
    late = rows["responded_on"] > until_on
    in_time = rows["responded_on"].notna() & ~early & ~late
    ours = rows[rows["arm"] == CONTACTED]
    n, counts = len(ours), in_time[ours.index]
    if unknown:
        return Response(contacted=n, responded=0, reason=unknown)
    hits = int(counts.sum())
    low, high = share_interval(hits, n)
    days = (ours.loc[counts, "responded_on"] - ours.loc[counts, "contact_on"]).dt.days.dropna()
    return Response(
        contacted=n,
        responded=hits,
        rate_pct=100 * hits / n if n else float("nan"),
        low=100 * low,
        high=100 * high,
        days_median=float(days.median()) if len(days) else float("nan"),
        curve=_curve(days, n),
        **_uplift(hits, n, in_time[rows["arm"] == CONTROL]),
        early=int(early[ours.index].sum()),
        late=int(late[ours.index].sum()),
        who=pd.Series(counts.to_numpy(), index=pd.Index(ours["customer_id"], name="customer_id")),
    )


def _uplift(hits: int, n: int, held: pd.Series) -> dict[str, float]:
    if not n or not held.any():
        return {}
    others, m = int(held.sum()), len(held)
    low, high = confint_proportions_2indep(hits, n, others, m, method="newcomb", compare="diff")
    uplift = 100 * (hits / n - others / m)
    return {
        "control_pct": 100 * others / m,
        "uplift": uplift,
        "uplift_low": 100 * low,
        "uplift_high": 100 * high,
    }


def _curve(days: pd.Series, contacted: int) -> pd.DataFrame:
    counted = days.value_counts().sort_index()
    return pd.DataFrame(
        {
            "day": counted.index.to_numpy(dtype=float),
            "responded": counted.to_numpy(dtype=float),
            "responded_pct": 100 * np.cumsum(counted.to_numpy(dtype=float)) / max(contacted, 1),
        }
    )


SPEND_BAND, DISCOUNT_BAND = "spend_band", "discount_band"
ANSWERED_BAND, CAMPAIGNS_BAND = "answered_band", "campaigns_band"
"""Groupings by what was known before contact."""


COLUMNS = (
    *("grouping", "group", "contacted", "responded", "response_pct", "response_low", "response_high"),
    *("response_q", "response_judged", "compared", "effect", "effect_low", "effect_high"),
    *("gap", "gap_low", "gap_high", "gap_q", "effect_judged"),
)


def known_groups(people: pd.DataFrame, traits: pd.DataFrame) -> dict[str, pd.Series]:
    """The groups that customers belonged to before they were contacted."""
    rows = people[(people["span"] == DURING) & people["arm"].isin([CONTACTED, CONTROL])]
    rows = rows.drop_duplicates("customer_id").set_index("customer_id")
    found: dict[str, pd.Series] = {}
    ours = rows.loc[rows["arm"] == CONTACTED, ["spend_before", "known_days"]]
    bought = ours.loc[ours["known_days"].notna(), "spend_before"]
    if len(bought) and bought.nunique() > 2:
        edges = bought.quantile([1 / 3, 2 / 3]).to_numpy()
        bands = np.array(["lowest third", "middle third", "highest third"])
        values = bands[np.searchsorted(edges, rows["spend_before"].to_numpy(), side="left")]
        found[SPEND_BAND] = pd.Series(values, index=rows.index).where(
            rows["known_days"].notna(), "no purchase yet"
        )
    if rows["discount_before_pct"].notna().any():
        heavy = np.where(
            rows["discount_before_pct"] > HEAVY_DISCOUNT_PCT, "heavy discount", "little discount"
        )
        bands = pd.Series(heavy, index=rows.index).where(
            rows["discount_before_pct"].notna(), "no purchase lately"
        )
        found[DISCOUNT_BAND] = bands.where(rows["known_days"].notna(), "no purchase yet")
    if rows["campaigns_before"].sum() > 0:
        answered = np.where(rows["responses_before"] > 0, "yes", "no")
        found[ANSWERED_BAND] = pd.Series(answered, index=rows.index)
        counted = pd.cut(rows["campaigns_before"], [-1, 0, 2, np.inf], labels=["none", "1 or 2", "3 or more"])
        found[CAMPAIGNS_BAND] = counted.astype("str")
    for trait in traits:
        # Of all customers: other pages tell of them, too.
        found[str(trait)] = traits[trait].reindex(traits.index.union(rows.index))
    return found


def who_responds(
    people: pd.DataFrame,
    response: Response,
    comparison: Comparison,
    groups: Mapping[str, pd.Series],
    *,
    min_group: int = MINIMUM_GROUP,
) -> pd.DataFrame:
    """Response and extra spend of each group, and whether they differ from those of all others contacted.

    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.
    """
    rows = people[people["span"] == DURING].drop_duplicates("customer_id")
    ours = pd.Index(rows.loc[rows["arm"] == CONTACTED, "customer_id"])
    named: dict[str, pd.Series] = {}
    for grouping in widest_first(groups):
        within = [named[name] for name in NESTED if name in named] if grouping in NESTED else []
        named[grouping] = _safe_names(groups[grouping], ours, min_group=min_group, within=within)
    found = []
    for grouping in groups:
        names = named[grouping]
        mine = names.reindex(ours)
        units = names.reindex(comparison.units["customer_id"]).to_numpy()
        for group in _ordered(mine):
            found.append(
                {"grouping": grouping, "group": group}
                | _response(mine == group, response)
                | _extra(units == group, comparison)
            )
    table = pd.DataFrame(found, columns=[*COLUMNS, "response_p", "gap_p"])
    for kind in ("response", "gap"):
        known = table[f"{kind}_p"].notna()
        table[f"{kind}_q"] = np.nan
        if known.any():
            table.loc[known, f"{kind}_q"] = benjamini_hochberg(
                table.loc[known, f"{kind}_p"].to_numpy(dtype=float)
            )
    return table[list(COLUMNS)]


def _safe_names(
    given: pd.Series, ours: pd.Index, *, min_group: int, within: Sequence[pd.Series] = ()
) -> pd.Series:
    """The groups as they may be shown, judged by those contacted; the held out go along."""
    given = given[~given.index.duplicated()]
    raw = given.reindex(ours.union(given.index)).astype("object")
    beside = raw[~raw.index.isin(ours)] if len(raw) > len(ours) else None
    shown = shown_groups(raw.reindex(ours), min_group=min_group, beside=beside, within=within)
    said = raw.reindex(ours).astype("object")
    names = dict(zip(said[said.notna()].astype("str"), shown[said.notna().to_numpy()], strict=True))
    unstated = shown[said.isna().to_numpy()]
    missing = unstated.iloc[0] if len(unstated) else NOT_STATED
    return pd.Series(
        [missing if pd.isna(value) else names.get(str(value), OTHER) for value in raw], index=raw.index
    )


_ORDER = ("no purchase yet", "lowest third", "middle third", "highest third", "none", "1 or 2", "3 or more")


def _ordered(values: pd.Series) -> list[str]:
    last = {OTHER: 1, NOT_STATED: 2}
    return sorted(
        set(values), key=lambda name: (last.get(name, 0), _ORDER.index(name) if name in _ORDER else -1, name)
    )


def _response(inside: pd.Series, response: Response) -> dict[str, object]:
    n = int(inside.sum())
    row = {"contacted": n, "responded": 0, "response_judged": False, "response_p": np.nan}
    row |= dict.fromkeys(("response_pct", "response_low", "response_high"), np.nan)
    if response.reason:
        return row
    who = response.who.reindex(inside.index).fillna(False).to_numpy(dtype=bool)
    mine, others = who[inside.to_numpy()], who[~inside.to_numpy()]
    low, high = share_interval(int(mine.sum()), n)
    row |= {
        "responded": int(mine.sum()),
        "response_pct": 100 * mine.sum() / max(n, 1),
        "response_low": 100 * low,
        "response_high": 100 * high,
    }
    if min(n, len(others)) >= FEWEST:
        cells = [[mine.sum(), n - mine.sum()], [others.sum(), len(others) - others.sum()]]
        row |= {"response_judged": True, "response_p": float(stats.fisher_exact(cells)[1])}
    return row


def _extra(inside: np.ndarray, comparison: Comparison) -> dict[str, object]:
    row: dict[str, object] = {"compared": 0, "effect_judged": False, "gap_p": np.nan}
    row |= dict.fromkeys(("effect", "effect_low", "effect_high", "gap", "gap_low", "gap_high"), np.nan)
    units = comparison.units
    if units.empty:
        return row
    side, value = units["side"].to_numpy() == 1, units["value"].to_numpy(dtype=float)
    if comparison.kind == MATCHED:
        sizes = [int(inside.sum()), int((~inside).sum())]
        mine, others = mean_of_pairs(value[inside]), mean_of_pairs(value[~inside])
    else:
        sizes = [int((part & one).sum()) for part in (inside, ~inside) for one in (side, ~side)]
        mine, others = (welch(value[part & side], value[part & ~side]) for part in (inside, ~inside))
    row["compared"] = int((inside & side).sum())
    if min(sizes) < FEWEST:
        return row
    gap = difference_of(mine, others)
    return row | {
        "effect": mine.value,
        "effect_low": mine.low,
        "effect_high": mine.high,
        "gap": gap.value,
        "gap_low": gap.low,
        "gap_high": gap.high,
        "gap_p": gap.p_value,
        "effect_judged": True,
    }


def difference_of(one: Difference, other: Difference) -> Difference:
    """How much one difference is larger than another that rests on other customers.

    Altman, D. G. & Bland, J. M. (2003). Interaction revisited: the difference between two estimates. BMJ 326.
    """
    parts = np.array([one.error**2, other.error**2])
    error = float(np.sqrt(parts.sum()))
    if not np.isfinite(error):
        return Difference.unknown()
    with np.errstate(invalid="ignore"):
        shares = parts**2 / np.array([one.freedom, other.freedom])
    total = float(np.nansum(shares))
    return Difference.of(one.value - other.value, error, parts.sum() ** 2 / total if total else float("inf"))
