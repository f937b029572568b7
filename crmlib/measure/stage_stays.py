"""Stays of deals in stages: how long each lasted, or lasts so far, and where it led."""

import pandas as pd

from crmlib.measure.deal_steps import deal_steps, visit_steps
from crmlib.measure.steps import Steps, ask, local_day, local_days
from crmlib.prepare.crm import Crm

WHOLE_DEAL = "deal"
"""The one stage of a workspace that keeps no history of stages."""

EXITS = ("forward", "back", "won", "lost")
"""How a stay may end."""

STAY_COLUMNS = (
    *("opportunity_id", "stage", "entered_at", "exited_at", "next_stage", "exit", "stay_days", "is_over"),
    "visit_no",
)

_STAYS = {
    "ended_visits": """
        select
            *,
            case
                when exited_at is not null then exited_at
                when next_entered_at is not null then next_entered_at
                when outcome in ('won', 'lost') and closed_at < entered_at then entered_at
                when outcome in ('won', 'lost') then closed_at
            end as left_at,
            case
                when next_end in ('won', 'lost') then next_end
                when next_end = 'closed' then outcome
                when next_key is not null then next_key
                when outcome in ('won', 'lost') then outcome
                else ''
            end as next_stage,
            next_end is not null or next_key is null as is_last
        from stage_visits
        where end_kind is null
    """,
    "judged_stays": """
        select
            opportunity_id,
            stage_key,
            stage,
            entered_at,
            left_at as exited_at,
            next_stage,
            is_last,
            {days} as stay_days,
            left_at is not null as is_over,
            visit_no,
            entry_no,
            row_count,
            case
                when left_at is null and outcome in ('won', 'lost') then 'no_end'
                when left_at is not null and next_stage = '' then 'nowhere'
                when next_entered_at < left_at and (next_end is null or {next_day} < {left_day}) then 'overlapping'
            end as reason
        from ended_visits
    """,
}
_WHOLE = {
    "whole_deals": """
        select
            *,
            case when outcome in ('won', 'lost') then closed_at end as left_at,
            case when outcome in ('won', 'lost') then outcome else '' end as way
        from known_deals
    """,
    "judged_stays": """
        select
            opportunity_id,
            'deal' as stage_key,
            'deal' as stage,
            created_at as entered_at,
            left_at as exited_at,
            way as next_stage,
            true as is_last,
            {days} as stay_days,
            way <> '' as is_over,
            1 as visit_no,
            1 as entry_no,
            1 as row_count,
            case
                when created_at is null then 'no_begin'
                when way <> '' and left_at is null then 'no_end'
                when left_at < created_at then 'negative'
            end as reason
        from whole_deals
    """,
}
_STAY_ROWS = "select * from judged_stays order by opportunity_id, entry_no"
_FLAGGED = """
select reason, count(*) as row_count from stage_entries where reason is not null group by reason
"""
_PREPARED = {"stage_history": "left_before_entered", "opportunities": "closed_before_created"}


def stage_stays(crm: Crm) -> pd.DataFrame:
    """Each stay of a deal in a stage, as it was known at the closing moment.

    A stay ends when the history says so; where it does not say, when the next one begins, or with the deal.
    Rows of one stage that follow each other are one stay; rows whose stage means won, lost or closed are ends.

    Parameters
    ----------
    crm : Crm
        With `stage_history`, and `opportunities` for the outcome. Without a history every deal is one stay in
        a stage "deal", from its opening to its end.

    Returns
    -------
    DataFrame, one row a stay, sorted by deal and time
        `opportunity_id`, `stage`, `entered_at`, `exited_at` (NaT: still there), `next_stage` (a stage, "won",
        "lost", or "" while it is still there), `exit` ("forward", "back", "won", "lost" or ""), `stay_days`
        (to the exit or the closing moment, by the clocks of the workspace's zone, with fractions), `is_over`,
        `visit_no` (1 for the first time in that stage).
        ``.attrs["stages"]``: the stages in their order, by ``[pipeline] stages`` of crm.toml, others by the mean
        place of the first entry. ``.attrs["set_aside"]``: rows that were left out and why, all those of the
        preparation included: "negative" (left before entered), "overlapping" (left after the next stage was
        entered), "orphan" (of no deal), "after_close" (entered after the deal was closed), "unclear_end",
        "no_end" and "no_begin" (no moment for it), "nowhere" (left, and nothing says where to).
        ``.attrs["joined"]``: rows that only repeat the stage of the row before.

    Raises
    ------
    SchemaError
        If there are neither opportunities nor a stage history.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                       "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> history = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": ["2024-01-01", "2024-01-05", "2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=deals, stage_history=history)
    >>> stays = stage_stays(crm)
    >>> stays[["opportunity_id", "stage", "next_stage", "exit", "stay_days", "is_over"]].round(1)
      opportunity_id  stage next_stage     exit  stay_days  is_over
    0              1   Talk      Offer  forward        4.0     True
    1              1  Offer        won      won        7.0     True
    2              2   Talk                           31.0    False
    >>> stays.attrs["stages"]
    ('Talk', 'Offer')
    """
    found = ask(crm, _STAY_ROWS, steps=stay_steps(crm))
    flagged = pd.Series(dtype="int64")
    if "stage_history" in crm:
        flagged = ask(crm, _FLAGGED, steps=visit_steps(crm)).set_index("reason")["row_count"]
    return _finished(crm, found, flagged)


def stay_steps(crm: Crm) -> Steps:
    """The steps whose last one is `judged_stays`: every stay, with a `reason` where it is set aside.

    Parameters
    ----------
    crm : Crm
        With `stage_history` or `opportunities`.

    Returns
    -------
    Steps
        `judged_stays` has the columns of `stage_stays` but `exit`, and `stage_key`, `is_last` (in its deal so
        far), `entry_no`, `row_count`, `reason`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": ["x"], "outcome": ["open"],
    ...                      "created_at": ["2024-01-30"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold)
    >>> ask(crm, "select stage, round(stay_days) as days from judged_stays", steps=stay_steps(crm))
      stage  days
    0  deal   2.0
    """
    if "stage_history" not in crm:
        return deal_steps(crm).add(_WHOLE, days=local_days("created_at", "coalesce(left_at, $as_of)"))
    return visit_steps(crm).add(
        _STAYS,
        days=local_days("entered_at", "coalesce(left_at, $as_of)"),
        next_day=local_day("next_entered_at"),
        left_day=local_day("left_at"),
    )


def stage_order(crm: Crm, visits: pd.DataFrame) -> tuple[str, ...]:
    """The stages in their order: those of crm.toml, then others by the mean place of their first entry.

    Parameters
    ----------
    crm : Crm
    visits : DataFrame
        `opportunity_id`, `stage_key`, `stage`, `entry_no`.

    Returns
    -------
    tuple of str
        As they are written in crm.toml, or in the data.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> visits = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "entry_no": [1, 2, 1],
    ...                        "stage_key": ["talk", "offer", "talk"], "stage": ["Talk", "Offer", "Talk"]})
    >>> stage_order(SimpleNamespace(config=None), visits)
    ('Talk', 'Offer')
    """
    settings = getattr(getattr(crm, "config", None), "pipeline", None)
    stated = tuple(getattr(settings, "stages", ()))
    taken = {plain_stage(name) for name in stated}
    if all(plain_stage(key) in taken for key in visits["stage_key"].unique()):
        return stated
    names = visits.drop_duplicates("stage_key").set_index("stage_key")["stage"]
    first = visits.groupby(["opportunity_id", "stage_key"], as_index=False)["entry_no"].min()
    first["place"] = first.groupby("opportunity_id")["entry_no"].rank()
    place = first.groupby("stage_key")["place"].mean().reset_index().sort_values(["place", "stage_key"])
    return stated + tuple(names[key] for key in place["stage_key"] if plain_stage(key) not in taken)


def stage_name(crm: Crm, names: pd.Series) -> pd.Series:
    """Stages as crm.toml writes them, whatever the capitals and blanks in the data.

    Parameters
    ----------
    crm : Crm
    names : Series of str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> asked = SimpleNamespace(config=SimpleNamespace(pipeline=SimpleNamespace(stages=("Offer",))))
    >>> stage_name(asked, pd.Series(["OFFER ", "Talk", None])).tolist()
    ['Offer', 'Talk', nan]
    """
    settings = getattr(getattr(crm, "config", None), "pipeline", None)
    stated = {plain_stage(name): name for name in getattr(settings, "stages", ())}
    known = {name: stated.get(plain_stage(name), name) for name in names.dropna().unique()}
    return names.map(known).astype("str")


def plain_stage(name: str) -> str:
    """The name of a stage without what capitals and blanks make different.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> plain_stage(" First  TALK")
    'first talk'
    """
    return " ".join(str(name).split()).casefold()


def _finished(crm: Crm, found: pd.DataFrame, flagged: pd.Series) -> pd.DataFrame:
    stages = stage_order(crm, found)
    place = {plain_stage(name): number for number, name in enumerate(stages)}
    written = {plain_stage(name): name for name in stages}
    plain = {name: plain_stage(name) for name in {*found["stage_key"], *found["next_stage"]}}
    here, there = found["stage_key"].map(plain), found["next_stage"].map(plain)
    moved = ~found["is_last"].to_numpy(bool)
    ahead = there.map(place).fillna(-1) > here.map(place).fillna(-1)
    way = ahead.map({True: "forward", False: "back"})
    stays = found.assign(
        stage=here.map(written),
        next_stage=found["next_stage"].where(~moved, there.map(written)),
        exit=way.where(moved, found["next_stage"]),
        entered_at=found["entered_at"].astype("datetime64[us]"),
        exited_at=found["exited_at"].astype("datetime64[us]"),
        stay_days=found["stay_days"].astype("float64"),
        is_over=found["is_over"].astype("bool"),
    )
    reasons = pd.concat([found["reason"].dropna().value_counts(), flagged])
    kept = stays[found["reason"].isna()].reset_index(drop=True)[list(STAY_COLUMNS)]
    kept.attrs = {
        "stages": stages,
        "set_aside": count_set_aside(crm, reasons),
        "joined": int((found["row_count"] - 1).sum()),
    }
    return kept


def count_set_aside(crm: Crm, reasons: pd.Series) -> dict[str, int]:
    """Rows set aside, those of the preparation included.

    Parameters
    ----------
    crm : Crm
    reasons : Series reason -> rows
        A reason may come twice.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": ["x"], "outcome": ["open"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold)
    >>> count_set_aside(crm, pd.Series([2, 1], index=["orphan", "orphan"]))
    {'negative': 0, 'overlapping': 0, 'orphan': 3}
    """
    counts = {"negative": 0, "overlapping": 0} | {
        str(reason): int(rows) for reason, rows in reasons.groupby(level=0).sum().items()
    }
    summary = crm.checks.summary
    table = "stage_history" if "stage_history" in crm else "opportunities"
    if len(summary):
        dropped = (
            (summary["table"] == table)
            & (summary["check"] == _PREPARED[table])
            & (summary["policy"] == "set_aside")
        )
        counts["negative"] += int(summary.loc[dropped, "rows"].sum())
    return counts
