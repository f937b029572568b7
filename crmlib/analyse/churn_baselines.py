"""What a model has to beat: the share of everybody, the days since the last order, and P(alive)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmlib.analyse.churn_candidates import learn_calibration
from crmlib.analyse.churn_evaluation import area
from crmlib.analyse.churn_features import Encoding, size_of, unbent
from crmlib.analyse.churn_periods import Sample
from crmlib.analyse.lifetime_bgnbd import BetaGeoModel, ModifiedBetaGeoModel
from crmlib.analyse.lifetime_fit import FitError
from crmlib.analyse.lifetime_naive import NaiveRateModel
from crmlib.measure.purchase_history import purchase_history
from crmlib.prepare.crm import Crm

ALIVE_MODELS = {"probability_alive": BetaGeoModel, "probability_alive_modified": ModifiedBetaGeoModel}
"""BG/NBD, and where that cannot be fitted, the modified one, under a name of its own."""


def base_rate(label: np.ndarray, customers: int) -> np.ndarray:
    """The same probability for everybody.

    Examples
    --------
    >>> base_rate(np.array([True, False]), 3).tolist()
    [0.5, 0.5, 0.5]
    """
    return np.full(customers, float(label.mean()))


def single_figure(values: np.ndarray, label: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The probability that one figure alone gives, calibrated on the rows that are learnt from.

    Parameters
    ----------
    values : array, of the rows learnt from; NaN counts as the largest
    label : array of bool
    asked : array, of the rows asked about

    Returns
    -------
    array

    Examples
    --------
    >>> days = np.arange(200.0)
    >>> single_figure(days, days > np.tile([50, 150], 100), np.array([10.0, 190.0])).round(1).tolist()
    [0.0, 0.9]
    """
    from sklearn.linear_model import LogisticRegression

    known = values[~np.isnan(values)]
    most, size = (float(known.max()), size_of(values)) if len(known) else (0.0, 1.0)

    def straight(x: np.ndarray) -> np.ndarray:
        return unbent(np.where(np.isnan(x), most, x), size)[:, None]

    curve = LogisticRegression(C=1e4).fit(straight(values), label)
    return curve.predict_proba(straight(asked))[:, 1]


def recency_alone(samples: Sequence[Sample], test: Sample, *, column: str = "recency_days") -> np.ndarray:
    """The probability that the days since the last order give by themselves.

    Parameters
    ----------
    samples : learnt from
    test : asked about
    column : str

    Examples
    --------
    >>> days = pd.DataFrame({"recency_days": np.arange(200.0)})
    >>> sample = Sample(cutoff=None, until=None, features=days, label=np.arange(200) > 120)
    >>> recency_alone([sample], sample)[[10, 190]].round(1).tolist()
    [0.0, 1.0]
    """
    values = np.concatenate([sample.features[column].to_numpy(dtype="float64") for sample in samples])
    label = np.concatenate([sample.label for sample in samples])
    return single_figure(values, label, test.features[column].to_numpy(dtype="float64"))


def alive_alone(crm: Crm, earlier: Sample, test: Sample, *, horizon_days: int) -> tuple[str, np.ndarray, str]:
    """The probability that P(alive) gives by itself, under the name of the model that could be fitted.

    Fitted on all purchases known at each cut-off; turned into a probability of the outcome by the latest
    cut-off that is learnt from. Where no model of buying and leaving can be fitted at both cut-offs, each
    customer's own pace of buying, drawn to the mean, stands in under the name "own_rate".

    Parameters
    ----------
    crm : Crm
    earlier, test : Sample
    horizon_days : int

    Returns
    -------
    (name, array, note)
        The note says what stands in, and is empty where nothing does.

    Examples
    --------
    >>> from crmlib.analyse.churn import _little_shop
    >>> from crmlib.analyse.churn_periods import Question, sample_at
    >>> shop, asked = _little_shop(), Question(horizon_days=60, stops=True, indicators=())
    >>> days = [shop.as_of - pd.Timedelta(days=days) for days in (120, 60)]
    >>> earlier, test = (sample_at(shop, day, asked) for day in days)
    >>> name, probability, note = alive_alone(shop, earlier, test, horizon_days=60)
    >>> name, len(probability) == len(test.label), note
    ('probability_alive', True, '')
    """
    histories = [_history(crm, sample) for sample in (earlier, test)]
    for name, model in ALIVE_MODELS.items():
        try:
            alive = [
                model().fit(history).probability_alive(history).reindex(sample.features.index).to_numpy()
                for history, sample in zip(histories, (earlier, test), strict=True)
            ]
        except FitError as error:
            why = str(error).partition(". ")[0]
            continue
        learnt, asked = (np.clip(np.nan_to_num(p, nan=0.5), 0.001, 0.999) for p in alive)
        note = "" if name == "probability_alive" else f"The first model could not be fitted: {why}"
        return name, learn_calibration(learnt, earlier.label)(asked), note
    learnt, asked = (
        NaiveRateModel().fit(history).expected_purchases(history, horizon_days / 7).reindex(ids).to_numpy()
        for history, ids in zip(histories, (earlier.features.index, test.features.index), strict=True)
    )
    note = "No model of buying and leaving could be fitted, so each customer's own pace of buying stands in."
    return "own_rate", single_figure(learnt, earlier.label, asked), note


def best_single(
    matrix: np.ndarray, encoding: Encoding, label: np.ndarray, asked: np.ndarray
) -> tuple[str, np.ndarray]:
    """The one column that ranks customers best by itself, chosen on the rows that are learnt from.

    Parameters
    ----------
    matrix, asked : arrays (rows, columns)
    encoding : what made them
    label : array of bool

    Returns
    -------
    (feature, array of probabilities)

    Examples
    --------
    >>> from crmlib.analyse.churn_features import learn_encoding
    >>> days = np.arange(200.0)
    >>> encoding = learn_encoding(pd.DataFrame({"odd": days % 2, "days": days}))
    >>> matrix = encoding.matrix(pd.DataFrame({"odd": days % 2, "days": days}))
    >>> best_single(matrix, encoding, days > 120, matrix)[0]
    'days'
    """
    filled = np.where(np.isnan(matrix), np.where(np.isnan(matrix), -np.inf, matrix).max(axis=0), matrix)
    best = int(np.argmax([abs(area(column, label) - 0.5) for column in filled.T]))
    return encoding.columns[best][0], single_figure(matrix[:, best], label, asked[:, best])


def _history(crm: Crm, sample: Sample) -> pd.DataFrame:
    then = crm.at(sample.cutoff)
    return purchase_history(then.table("transactions"), as_of=then.as_of, time_zone=then.time_zone)
