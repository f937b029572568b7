"""Shifted beta-geometric: how long customers of a contract stay, when some leave sooner than others."""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import betaln, digamma, hyp2f1

from crmlib.analyse.lifetime_fit import FitError, Objective
from crmlib.analyse.lifetime_model import LifetimeModel
from crmlib.schema.errors import ParameterError, SchemaError


class ShiftedBetaGeoModel(LifetimeModel):
    """sBG: at each renewal a customer leaves with a probability of their own.

    The probability differs between customers as a beta distribution (`alpha`, `beta`), so that those who are
    likely to leave do so first, and the retention rate of those who stay rises, though nobody changes.

    Attributes
    ----------
    params_ : Series with alpha, beta
    standard_errors_ : Series
    log_likelihood_ : float
    converged_ : bool

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2007). How to project customer retention. Journal of Interactive
    Marketing 21(1), 76-90.
    Fader, P. S. & Hardie, B. G. S. (2010). Customer-base valuation in a contractual setting: the perils of
    ignoring heterogeneity. Marketing Science 29(1), 85-93.

    Examples
    --------
    The high-end segment of the paper of 2007, seven renewals of a thousand customers:

    >>> model = ShiftedBetaGeoModel().fit([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> model.params_.round(3).to_dict(), round(model.log_likelihood_, 2)
    ({'alpha': 0.668, 'beta': 3.806}, -1611.16)
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def fit(self, surviving: Sequence[float]) -> Self:
        """Fit by maximum likelihood to the customers of one cohort who are still there.

        Parameters
        ----------
        surviving : counts of customers
            At the beginning, then after each renewal: never rising.

        Raises
        ------
        SchemaError
            If a count cannot be.
        FitError
            If fewer than two renewals were seen, or the likelihood has no summit that the data determine.

        Examples
        --------
        >>> ShiftedBetaGeoModel().fit([1000, 631, 468, 382, 326, 289, 262, 241]).params_.round(3).to_dict()
        {'alpha': 0.704, 'beta': 1.182}
        """
        counts = _checked(surviving)
        lost, periods = -np.diff(counts), np.arange(1.0, len(counts))
        summit = self._climb(
            lambda groups: _objective(lost, periods, last=counts[-1]),
            None,
            None,
            starts=np.log([[1.0, 1.0], [0.5, 4.0], [5.0, 5.0], [2.0, 20.0]]).tolist(),
            customers=float(counts[0]),
        )
        return self._keep(summit, scales=[1.0, 1.0], jacobian=0.0, history=pd.DataFrame())

    def survival(self, periods: object) -> np.ndarray | float:
        """Share of the customers who are still there after so many renewals, 0 to 1.

        Parameters
        ----------
        periods : whole number or array, 0 or more

        Examples
        --------
        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.survival([0, 1, 12]).round(3)
        array([1.   , 0.851, 0.378])
        """
        alpha, beta = self._values()
        times = _periods(periods)
        share = np.exp(betaln(alpha, beta + times) - betaln(alpha, beta))
        return share if times.ndim else float(share)

    def retention_rate(self, period: object) -> np.ndarray | float:
        """Share of those there before a renewal who are there after it, 0 to 1.

        Parameters
        ----------
        period : whole number or array, 1 or more
            Which renewal.

        Examples
        --------
        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.retention_rate([1, 7]).round(3)
        array([0.851, 0.936])
        """
        alpha, beta = self._values()
        times = _periods(period)
        if (times < 1).any():
            raise ParameterError("there is no renewal 0: give 1 for the first.")
        rate = (beta + times - 1) / (alpha + beta + times - 1)
        return rate if times.ndim else float(rate)

    def residual_lifetime(self, renewals: object = 0, *, discount_rate: float) -> np.ndarray | float:
        """Expected periods to come of a customer who is about to renew, each worth less the later it is.

        The period that begins with the renewal ahead counts in full where it is renewed, the next one
        1 / (1 + discount_rate), and so on without end.

        Parameters
        ----------
        renewals : whole number or array, 0 or more
            How often the customer has renewed so far.
        discount_rate : number, 0 or more
            A period. Without discount the sum is finite only where alpha is above 1; else it is infinite.

        Returns
        -------
        float or array of the shape of `renewals`

        Examples
        --------
        A customer who has stayed long is worth more than one who has just come:

        >>> model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
        >>> model.residual_lifetime([0, 4], discount_rate=0.1).round(2)
        array([5.41, 6.9 ])
        """
        alpha, beta = self._values()
        if not (np.isfinite(discount_rate) and discount_rate >= 0):
            raise ParameterError(
                f"discount_rate is {discount_rate!r}: give a rate a period, such as 0.1 for 10 %."
            )
        n = _periods(renewals) + 1
        if discount_rate == 0:
            found = np.where(alpha > 1, (beta + n - 1) / (alpha - 1 if alpha > 1 else 1.0), np.inf)
        else:
            ahead = hyp2f1(1.0, beta + n, alpha + beta + n, 1 / (1 + discount_rate))
            found = (beta + n - 1) / (alpha + beta + n - 1) * ahead
        return found if n.ndim else float(found)


def _objective(lost: np.ndarray, periods: np.ndarray, *, last: float) -> Objective:
    end, customers = periods[-1], lost.sum() + last

    def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
        alpha, beta = np.exp(logs)
        total = lost @ betaln(alpha + 1, beta + periods - 1) + last * betaln(alpha, beta + end)
        total -= customers * betaln(alpha, beta)
        both = lost @ digamma(alpha + beta + periods) + last * digamma(alpha + beta + end)
        both -= customers * digamma(alpha + beta)
        by_alpha = lost.sum() * digamma(alpha + 1) + last * digamma(alpha) - customers * digamma(alpha) - both
        by_beta = lost @ digamma(beta + periods - 1) + last * digamma(beta + end)
        by_beta -= customers * digamma(beta) + both
        return -total / customers, -np.array([by_alpha * alpha, by_beta * beta]) / customers

    return objective


def _checked(surviving: Sequence[float]) -> np.ndarray:
    counts = np.asarray(surviving, dtype=float)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any():
        raise SchemaError("surviving must be one row of counts, 0 or more, none missing.")
    if (np.diff(counts) > 0).any():
        at = int(np.flatnonzero(np.diff(counts) > 0)[0]) + 1
        raise SchemaError(
            f"surviving rises at renewal {at}, from {counts[at - 1]:g} to {counts[at]:g}: "
            "count one cohort, without those who came later."
        )
    if len(counts) < 3 or counts[0] == 0:
        raise FitError(
            "ShiftedBetaGeoModel: fewer than two renewals were seen, so nothing can be said about how "
            "customers differ. Give the count at the beginning and after at least two renewals."
        )
    return counts


def _periods(periods: object) -> np.ndarray:
    times = np.asarray(periods, dtype=float)
    if not (np.isfinite(times) & (times >= 0) & (times == np.floor(times))).all():
        raise ParameterError("renewals are counted: give whole numbers, 0 or more.")
    return times
