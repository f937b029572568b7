"""How likely a deal leaves its stage on a day, where to, and what that makes of its chance to be won in time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

AGE_EDGES = (0, 1, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365)
"""Days in a stage at which the rate of leaving may change; it is constant in between and after the last."""

OLDEST = AGE_EDGES[-1]

LOOK_BACK_DAYS = 730
"""Only so many days before the closing moment are learnt from."""

PRIOR_EXITS = 3.0
"""A rate counts as if so many exits at the stage's own mean rate had been seen beside what was."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StageHazards:
    """Rates of leaving each stage by days in it, to every other stage and to won and lost.

    Parameters
    ----------
    stages : tuple of str
    rates : array (stages, age bands, stages + 2)
        A day; the last two columns are won and lost.
    exits : array, same shape
        How often each was seen.
    exposure_days : array (stages, age bands)
    entry : array (stages,)
        Shares of the stages in which deals begin.

    Examples
    --------
    See `learn_hazards`.
    """

    stages: tuple[str, ...]
    rates: np.ndarray
    exits: np.ndarray
    exposure_days: np.ndarray
    entry: np.ndarray

    @property
    def table(self) -> pd.DataFrame:
        """One row a stage and age band: `stage`, `from_days`, `exposure_days`, and a rate a day to each end.

        Examples
        --------
        See `learn_hazards`.
        """
        rows = pd.DataFrame(
            self.rates.reshape(-1, self.rates.shape[2]), columns=[*self.stages, "won", "lost"]
        )
        names = np.repeat(np.array(self.stages, dtype=object), len(AGE_EDGES))
        rows.insert(0, "stage", names)
        rows.insert(1, "from_days", np.tile(AGE_EDGES, len(self.stages)))
        rows.insert(2, "exposure_days", self.exposure_days.ravel())
        return rows


def learn_hazards(
    stays: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    stages: tuple[str, ...],
    look_back_days: float = LOOK_BACK_DAYS,
) -> StageHazards:
    """Rates of leaving a stage, from stays that are over and stays that are not.

    A stay counts for every day it lasted within the time looked back on; one that goes on counts its days and no
    exit. Each rate is shrunk to the stage's own mean, and that to the mean of all stages, as if
    `PRIOR_EXITS` exits at that rate had been seen.

    Parameters
    ----------
    stays : DataFrame
        As `stage_stays` gives them at `as_of`.
    as_of : Timestamp
    stages : tuple of str
    look_back_days : float

    Returns
    -------
    StageHazards

    References
    ----------
    Kalbfleisch, J. D. & Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd ed.,
    ch. 8 (competing risks, piecewise constant hazards).

    Examples
    --------
    Two of four stays of ten days each end with a win on the tenth:

    >>> stays = pd.DataFrame({"stage": "Offer", "entered_at": pd.Timestamp("2024-01-01"),
    ...     "exited_at": pd.to_datetime(["2024-01-11", "2024-01-11", None, None]), "visit_no": 1,
    ...     "opportunity_id": list("abcd"),
    ...     "next_stage": ["won", "won", "", ""], "is_over": [True, True, False, False]})
    >>> found = learn_hazards(stays, as_of=pd.Timestamp("2024-01-11"), stages=("Offer",))
    >>> float(found.exposure_days.sum()), float(found.exits.sum())
    (40.0, 2.0)
    """
    place = {name: number for number, name in enumerate(stages)}
    ends = place | {"won": len(stages), "lost": len(stages) + 1}
    known = stays[stays["stage"].isin(place)]
    here = known["stage"].map(place).to_numpy(int)
    leaves = known["is_over"].to_numpy(bool) & known["next_stage"].isin(ends).to_numpy(bool)
    there = known["next_stage"].map(ends).fillna(0).to_numpy(int)
    begun = _days(known["entered_at"], as_of)
    last = np.where(known["is_over"], begun - _days(known["exited_at"].fillna(as_of), as_of), begun)
    first = np.maximum(begun - look_back_days, 0.0)
    in_view = last >= first
    edges = np.append(np.array(AGE_EDGES, float), np.inf)
    shape = (len(stages), len(AGE_EDGES), len(stages) + 2)
    exposure = np.zeros(shape[:2])
    for band in range(shape[1]):
        spent = np.minimum(last, edges[band + 1]) - np.maximum(first, edges[band])
        np.add.at(exposure[:, band], here, np.clip(spent, 0, None))
    exits = np.zeros(shape)
    seen = leaves & in_view
    band = np.searchsorted(edges, last[seen], side="right") - 1
    # An exit at the very edge belongs to the band in which its days were spent.
    band = np.where((edges[band] == last[seen]) & (band > 0), band - 1, band)
    np.add.at(exits, (here[seen], band, there[seen]), 1.0)
    return StageHazards(
        stages=stages, rates=_shrunk(exits, exposure), exits=exits, exposure_days=exposure,
        entry=_entries(known, place, as_of=as_of, look_back_days=look_back_days),
    )  # fmt: skip


def win_chances(hazards: StageHazards, *, days: int) -> np.ndarray:
    """The chance to be won on each of the coming days, for a deal in each stage that has been there so long.

    Parameters
    ----------
    hazards : StageHazards
    days : int

    Returns
    -------
    array (days, stages, OLDEST + 1)
        By day ahead, stage, and whole days in the stage.

    Examples
    --------
    A stage that is left by a win at a constant rate of 0.1 a day:

    >>> rates = np.zeros((1, len(AGE_EDGES), 3)); rates[..., 1] = 0.1
    >>> hazards = StageHazards(stages=("Offer",), rates=rates, exits=rates, exposure_days=rates[..., 0],
    ...                        entry=np.ones(1))
    >>> win_chances(hazards, days=30).sum(axis=0)[0, [0, 200]].round(4).tolist()
    [0.9502, 0.9502]
    """
    leave = daily_exits(hazards)
    count = len(hazards.stages)
    won, moved = leave[:, :, count], leave[:, :, :count]
    stay = 1 - leave.sum(axis=2)
    ahead = np.empty((days, *won.shape))
    ahead[0] = won
    for day in range(1, days):
        before = ahead[day - 1]
        older = np.concatenate([before[:, 1:], before[:, -1:]], axis=1)
        ahead[day] = stay * older + moved @ before[:, 0]
    return ahead


def daily_exits(hazards: StageHazards) -> np.ndarray:
    """Chances to leave a stage within a day, by whole days in it: competing rates made into probabilities.

    Parameters
    ----------
    hazards : StageHazards

    Returns
    -------
    array (stages, OLDEST + 1, stages + 2)

    Examples
    --------
    >>> rates = np.zeros((1, len(AGE_EDGES), 3)); rates[..., 1] = 0.1; rates[..., 2] = 0.3
    >>> hazards = StageHazards(stages=("Offer",), rates=rates, exits=rates, exposure_days=rates[..., 0],
    ...                        entry=np.ones(1))
    >>> daily_exits(hazards)[0, 5].round(4).tolist()
    [0.0, 0.0824, 0.2473]
    """
    band = np.searchsorted(np.array(AGE_EDGES), np.arange(OLDEST + 1), side="right") - 1
    rates = hazards.rates[:, band]
    total = rates.sum(axis=2, keepdims=True)
    share = np.divide(rates, total, out=np.zeros_like(rates), where=total > 0)
    return share * -np.expm1(-total)


def _days(moments: pd.Series, as_of: pd.Timestamp) -> np.ndarray:
    return ((as_of - moments).dt.total_seconds() / 86_400).to_numpy(float)


def _shrunk(exits: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    overall = exits.sum(axis=(0, 1)).sum() / max(exposure.sum(), 1.0)
    total = exits.sum(axis=1)
    ends = np.zeros_like(total)
    ends[:, -2:] = exits.sum(axis=(0, 1))[-2:] / max(exits.sum(axis=(0, 1))[-2:].sum(), 1.0)
    weight = PRIOR_EXITS / overall if overall > 0 else 1.0
    own = (total + PRIOR_EXITS * ends * (overall > 0)) / (exposure.sum(axis=1) + weight)[:, None]
    rate = own.sum(axis=1)
    days = np.divide(PRIOR_EXITS, rate, out=np.ones_like(rate), where=rate > 0)
    return (exits + (own * days[:, None])[:, None]) / (exposure + days[:, None])[:, :, None]


def _entries(
    stays: pd.DataFrame, place: dict[str, int], *, as_of: pd.Timestamp, look_back_days: float
) -> np.ndarray:
    first = stays.drop_duplicates("opportunity_id")
    recent = first[first["entered_at"] > as_of - pd.Timedelta(days=look_back_days)]
    counts = np.bincount(recent["stage"].map(place).to_numpy(int), minlength=len(place)).astype(float)
    return counts / counts.sum() if counts.sum() else np.full(len(place), 1 / max(len(place), 1))
