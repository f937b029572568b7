"""The funnel: how many deals came into each stage, and what has become of them since."""

import pandas as pd

FUNNEL_COLUMNS = ("group", "stage", "deals", "went_on", "lost", "open", "elsewhere", "won_later")


def stage_funnel(stays: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    """What has become of the deals that ever were in a stage.

    Parameters
    ----------
    stays : DataFrame
        As `stage_stays` makes it, with `group`.
    stages : in their order

    Returns
    -------
    DataFrame, one row a group and stage
        `deals` (ever in it), `went_on` (from it to a later stage, or won, at least once), and of the others
        `lost` (the last thing known is that they were lost), `open` (not over), `elsewhere`. `won_later`: won, by
        whatever way.

    Examples
    --------
    >>> stays = pd.DataFrame({"group": "", "opportunity_id": ["a", "a", "b", "c"],
    ...     "stage": ["Talk", "Offer", "Talk", "Talk"], "exit": ["forward", "won", "lost", ""]})
    >>> stage_funnel(stays, ["Talk", "Offer"])[["stage", "deals", "went_on", "lost", "open", "won_later"]]
       stage  deals  went_on  lost  open  won_later
    0   Talk      3        1     1     1          1
    1  Offer      1        1     0     0          1
    """
    last = stays.groupby(["group", "opportunity_id"], sort=False)["exit"].last().rename("end")
    on = stays["exit"].isin(["forward", "won"])
    each = stays.assign(on=on).groupby(["group", "stage", "opportunity_id"], sort=False)["on"].any()
    each = each.reset_index().merge(last.reset_index(), on=["group", "opportunity_id"])
    left = ~each["on"]
    counted = each.assign(
        deals=1,
        went_on=each["on"],
        lost=left & (each["end"] == "lost"),
        open=left & (each["end"] == ""),
        won_later=each["end"] == "won",
    )
    counted["elsewhere"] = left & ~counted["lost"] & ~counted["open"]
    counts = list(FUNNEL_COLUMNS[2:])
    table = counted.groupby(["group", "stage"], sort=False)[counts].sum().astype("int64").reset_index()
    place = {name: number for number, name in enumerate(stages)}
    table = table.assign(place=table["stage"].map(place)).sort_values(["group", "place"], kind="stable")
    return table[list(FUNNEL_COLUMNS)].reset_index(drop=True)
