"""Segments of customers who behave alike: found, tried on resamples, named; and who is in each."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from html import escape
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from crmlib.analyse.customers.states import is_late
from crmlib.analyse.segments.choice import (
    KEPT,
    METHODS,
    NEW,
    SMALLEST_COUNT,
    STABLE,
    Candidate,
    Carried,
    Published,
    candidate_table,
    carried_order,
    choose,
    confirm,
    draw_rows,
    find_clusters,
    match_segments,
    order_clusters,
    refine_clusters,
    try_candidates,
    try_clusters,
    weigh,
)
from crmlib.analyse.segments.names import NO_PURCHASE, advice_codes, own_names, segment_names, shown
from crmlib.analyse.segments.preparation import (
    DESCRIBED,
    HABITS,
    MOST_LEARNT,
    choose_columns,
    learn_preparation,
    learn_shares,
    numeric_table,
    steady_shares,
    telling,
    usable_columns,
    who_bought,
)
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import BUYING


class SegmentModel(ClusterMixin, TransformerMixin, BaseEstimator):
    """Groups of customers in a numeric table of any units.

    Columns are prepared (see `crmlib.analyse.segments.preparation.Preparation`: missing values filled by the
    median, outliers capped, skewed columns unbent, scaled, near copies left out), then grouped. The starts
    are tried on at most 3,000 rows, the best is settled on at most 100,000; every row is then put into one.

    Parameters
    ----------
    n_segments : int
    method : "kmeans" or "mixture"
        A mixture is of Gaussians whose columns are independent within a segment.
    n_init : int
        Starts of k-means; the mixture, which begins from k-means, takes a third of them.
    near_copy : float
        Of columns correlated more strongly than this the first is kept.
    random_state : int, RandomState or None

    Attributes
    ----------
    labels_ : array (rows,)
        0 to `n_segments` - 1.
    centres_ : array (n_segments, kept columns)
        Means of the prepared columns: standard deviations from the average customer.
    preparation_ : Preparation
    clusters_ : Clusters
    dropped_ : dict of column name to reason
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    References
    ----------
    Hastie, T., Tibshirani, R. and Friedman, J. (2009). The Elements of Statistical Learning, chapter 14.
    """

    def __init__(self, n_segments=4, *, method="kmeans", n_init=9, near_copy=0.9, random_state=None):
        self.n_segments = n_segments
        self.method = method
        self.n_init = n_init
        self.near_copy = near_copy
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the preparation and the segments."""
        self._check_parameters()
        X = validate_data(self, X, dtype="float64", ensure_all_finite="allow-nan")
        if len(X) < self.n_segments:
            raise ParameterError(
                f"n_samples={len(X)} is less than n_segments={self.n_segments}. Ask for fewer segments."
            )
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(X.shape[1])])
        self.preparation_ = learn_preparation(X, names, near_copy=self.near_copy)
        self.dropped_ = self.preparation_.dropped
        if not len(self.preparation_.kept):
            raise ParameterError(
                f"No column differs between the n_samples={len(X)} rows (1 sample can never do). "
                "Give columns that do."
            )
        rows = self.preparation_.apply(X)
        self._keep(_search(rows, self.n_segments, self.method, self.n_init, self._seed()), rows)
        return self

    def predict(self, X):
        """The segment of each row, which need not have been there at the fit."""
        rows = self._prepared(X)
        return self.clusters_.assign(rows)

    def transform(self, X):
        """The prepared columns, as the segments see them: means 0, standard deviations 1 at the fit."""
        return self._prepared(X)

    def get_feature_names_out(self, input_features=None):
        """The columns that count: those given, without the dropped ones."""
        check_is_fitted(self)
        names = np.asarray(self.preparation_.names, dtype=object)
        if input_features is not None:
            given = np.asarray(input_features, dtype=object)
            if len(given) != self.n_features_in_:
                raise ParameterError(
                    "input_features should have length equal to number of features (n_features_in_)."
                )
            if hasattr(self, "feature_names_in_") and not np.array_equal(given, names):
                raise ParameterError("input_features is not equal to feature_names_in_. Leave it out.")
            names = given
        return names[self.preparation_.kept]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self):
        if (
            isinstance(self.n_segments, bool)
            or not isinstance(self.n_segments, Integral)
            or self.n_segments < 1
        ):
            raise ParameterError(f"n_segments={self.n_segments!r}: give a whole number, at least 1.")
        if self.method not in METHODS:
            raise ParameterError(f"method={self.method!r} is none.{nearest(self.method, METHODS)}")
        if isinstance(self.n_init, bool) or not isinstance(self.n_init, Integral) or self.n_init < 1:
            raise ParameterError(f"n_init={self.n_init!r}: give a whole number, at least 1.")
        if not 0 < self.near_copy <= 1:
            raise ParameterError(f"near_copy={self.near_copy!r}: give a correlation, above 0 and at most 1.")

    def _prepared(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype="float64", ensure_all_finite="allow-nan", reset=False)
        return self.preparation_.apply(X)

    def _seed(self):
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _take(self, preparation, clusters, rows):
        """As `fit` leaves it, where the preparation was learnt before."""
        self.preparation_, self.dropped_ = preparation, preparation.dropped
        self.n_features_in_ = len(preparation.names)
        self.feature_names_in_ = np.array(preparation.names, dtype=object)
        self._keep(clusters, rows)
        return self

    def _keep(self, clusters, rows):
        self.clusters_ = clusters
        self.centres_ = clusters.centres
        self.labels_ = clusters.assign(rows)


def reorder_segments(model: SegmentModel, order) -> SegmentModel:
    """The same fitted model with its segments renumbered: segment 0 is what `order[0]` was."""
    order = np.asarray(order, dtype=int)
    if sorted(order.tolist()) != list(range(len(model.centres_))):
        raise ParameterError(
            f"{order.tolist()} is no order of the {len(model.centres_)} segments. Name each once."
        )
    renumbered = copy(model)
    renumbered.clusters_ = order_clusters(model.clusters_, order)
    renumbered.centres_ = renumbered.clusters_.centres
    renumbered.labels_ = np.argsort(order)[model.labels_]
    return renumbered


@threadpool_limits.wrap(limits=1)
def _search(rows, n_segments, method, starts, seed):
    sample = draw_rows(len(rows), seed=seed)
    clusters = find_clusters(rows[sample], n_segments, method=method, seed=seed, starts=starts)
    if len(sample) == len(rows):
        return clusters
    return refine_clusters(clusters, rows[draw_rows(len(rows), seed=seed, most=MOST_LEARNT)])


CUSTOMERS_PER_SEGMENT = 30
MOST_SEGMENTS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Segmentation:
    """Segments of customers, and how far to trust them.

    Parameters
    ----------
    labels : Series customer_id -> segment, in the rows' order
    profile : DataFrame indexed by segment, the most valuable first
        `customers`, `share_pct`, `spend_share_pct` (where `spend_total` is there), then the medians, in their own
        units, of `features` and of what else describes the segments.
    everyone : Series column -> median of all customers with a purchase
    deviations : DataFrame segment -> the columns of `everyone`
        Where the segment lies, in standard deviations from the average customer with a purchase.
    silhouette : float
        Mean over customers: 1 far apart, 0 touching.
    silhouettes : Series segment -> mean silhouette
    stability : DataFrame indexed by segment
        `jaccard` (mean overlap with the nearest segment when customers are drawn again), `low`, `high` (its
        5th and 95th percentile), `published` (False where jaccard is below 0.6: not to be relied on).
        `stability.attrs["adjusted_rand"]` is (mean, low, high) for the whole.
    candidates : DataFrame
        Every number of segments and method that was tried, with its figures, a `verdict` and `why` (codes).
    features : list of the columns that count
    missing : tuple of the columns that were asked for and could not be computed
    dropped : Series column -> why it does not count, as a code
    outliers : Series customer_id -> which of their figures were capped
    coordinates : DataFrame customer_id -> x, y
        The first two principal components of the prepared columns; x grows with value.
    model : SegmentModel
        Fitted; its segment i is `profile.index[i]`.
    shares : dict of column -> share of all orders, orders that it weighs against a customer's own
    called : dict of segment -> the name that the rules give it
    carried : Carried
        Whether the last published model was kept.

    Notes
    -----
    Customers without a purchase are a segment by rule ("No purchase", last): no coordinates, and no
    figure for silhouette or stability. `profile.attrs` has the `units` of the columns and the `currency`.

    Examples
    --------
    >>> draw = np.random.default_rng(0).normal
    >>> indicators = pd.DataFrame(
    ...     {
    ...         "spend_total": np.r_[draw(900, 90, 40), draw(100, 10, 80)].round(),
    ...         "order_count": np.r_[draw(20, 2, 80), draw(60, 6, 40)].round(),
    ...     }
    ... )
    >>> segment_customers(indicators, n_segments=3).profile[["customers", "spend_share_pct"]].round(1)
                     customers  spend_share_pct
    segment
    Top customers           40             81.5
    Average customers       40              9.4
    Many orders             40              9.1
    """

    labels: pd.Series
    profile: pd.DataFrame
    everyone: pd.Series
    deviations: pd.DataFrame
    silhouette: float
    silhouettes: pd.Series
    stability: pd.DataFrame
    candidates: pd.DataFrame
    features: list[str]
    missing: tuple[str, ...]
    dropped: pd.Series
    outliers: pd.Series
    coordinates: pd.DataFrame
    model: SegmentModel
    shares: dict[str, tuple[float, float]] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)

    def _repr_html_(self) -> str:
        spend = self.profile.get("spend_share_pct", pd.Series(np.nan, self.profile.index))
        rows = "".join(
            f"<tr><th scope='row'>{escape(str(name))}</th><td>{int(row['customers']):,}</td>"
            f"<td>{row['share_pct']:.1f}</td><td>{spend[name]:.1f}</td>"
            f"<td>{'yes' if self.stability.loc[name, 'published'] else 'no: not repeatable'}</td></tr>"
            for name, row in self.profile.iterrows()
        )
        heads = "".join(
            f"<th scope='col'>{head}</th>"
            for head in ("Segment", "Customers", "Share, %", "Share of spend, %", "Stable")
        )
        return (
            f"<table><caption>{len(self.profile)} segments of {len(self.labels):,} customers, "
            f"silhouette {self.silhouette:.2f}</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def segment_customers(
    indicators: pd.DataFrame,
    *,
    columns: Iterable[str] | None = None,
    n_segments: int | str = "auto",
    seed: int = 0,
    names: Mapping[str, str] | None = None,
    published: Published | None = None,
) -> Segmentation:
    """Group customers who behave alike, choose how many groups by what repeats itself, and name them.

    The report on segments shows what this makes with its defaults. Columns are prepared by
    `SegmentModel`, shares of few orders drawn to the share of all; k-means and a Gaussian mixture are
    tried with 2 to 8 segments (fewer where there would be under 30 customers a segment), each on 20
    resamples. Of those that hold up (every segment has a mean Jaccard index of 0.6, 5 % of the customers
    and 10 customers) a mixture whose groups are surely told apart is taken, the one that describes
    customers best; else the finest of those with the best balance of separation, stability and detail:
    see `crmlib.analyse.segments.choice.choose`. With more than 3,000 customers the choice is made on a
    sample of 3,000; the segments then settle on at most 100,000, and everybody is put into one. Names follow
    the rules of `crmlib.analyse.segments.names`.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        As `crmlib.compute_indicators` makes it. A customer whose `order_count` is 0 or missing (without that
        column: whose `recency_days`, else everything, is missing) has no purchase yet.
    columns : names of columns, optional
        What the segments are made from; without them the habits of buying: orders a year while buying, value,
        lines and pieces of an order, share of discount and of the year's end, as far as they are there. Of a
        table that knows no pace of orders: spend, orders, recency, value of an order, share of discount and of
        margin; of one that has none of these, every numeric column.
    n_segments : "auto" or int
        Without the segment of those who have not bought.
    names : mapping, optional
        Your own names for those that the rules give, as `[segments.names]` of crm.toml has them.
    published : Published, optional
        The model of the last report. It is kept, with its names and order, unless a new one explains 5 percentage
        points more of how customers differ; of a new one, segments that carry on earlier ones keep name and place.

    Raises
    ------
    ParameterError
        If there are fewer than 50 customers with a purchase, customer ids come twice, no column can be used,
        a column that is named is not known, or `n_segments` does not fit.

    References
    ----------
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics and Data
    Analysis 52.

    Rousseeuw, P. J. (1987). Silhouettes. Journal of Computational and Applied Mathematics 20.

    Examples
    --------
    >>> draw = np.random.default_rng(0).normal
    >>> indicators = pd.DataFrame(
    ...     {
    ...         "spend_total": np.r_[draw(900, 90, 40), draw(100, 10, 80)].round(),
    ...         "order_count": np.r_[draw(20, 2, 80), draw(60, 6, 40)].round(),
    ...     }
    ... )
    >>> segment_customers(indicators, n_segments=3).labels.iloc[0]
    'Top customers'
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**31:
        raise ParameterError(f"seed={seed!r}: give a whole number, 0 or more.")
    ready = _make_ready(indicators, columns)
    bought, values = ready.bought, ready.values
    fewest = max(SMALLEST_COUNT, indicators.attrs.get("min_group", SMALLEST_COUNT))
    model, tried, best = _choose_model(values, n_segments, int(seed), fewest)
    candidate, order, taken, carried = _carry_on(model, tried[best], ready, published, fewest, int(seed))
    if carried.verdict == KEPT:
        model, values = _published_model(published, bought, int(seed)), published.values(bought)
    model = reorder_segments(model, order)
    shares = dict(published.shares) if carried.verdict == KEPT else ready.shares
    prepared = _prepared(model, values)
    coordinates = principal_coordinates(prepared)
    prepared = prepared.join(_placed(bought[[one for one in ready.told if bought[one].nunique() > 1]]))
    everyone = bought[list(prepared.columns)].median()
    deviations, called = _deviations(prepared, bought, model.labels_, everyone, names or {}, taken)
    labels = _labels(ready.chosen, values, deviations.index[model.labels_])
    profile = _profile(labels, ready.table, list(prepared.columns), deviations.index)
    profile.attrs = {
        "units": dict(indicators.attrs.get("units", {})),
        "currency": str(indicators.attrs.get("currency", "")),
    }
    return Segmentation(
        labels=labels,
        profile=profile,
        everyone=everyone,
        deviations=deviations,
        silhouette=candidate.silhouette,
        silhouettes=pd.Series(
            candidate.silhouettes_per_segment[order], deviations.index, name="silhouette"
        ).reindex(profile.index),
        stability=_stability(candidate, order, profile, deviations.index),
        candidates=candidate_table(tried, best),
        features=list(model.get_feature_names_out()),
        missing=ready.missing,
        dropped=_reasons({**ready.left_out, **model.dropped_}, ready.chosen),
        outliers=_outliers(model, values),
        coordinates=coordinates.reindex(ready.chosen.index).dropna(),
        model=model,
        shares=shares,
        called=called,
        carried=carried,
    )


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """Figures of customers, ready to be grouped: `told` only describe; `left_out` do not count, and why."""

    chosen: pd.DataFrame
    missing: tuple[str, ...]
    told: list[str]
    table: pd.DataFrame
    bought: pd.DataFrame
    values: pd.DataFrame
    shares: dict[str, tuple[float, float]]
    left_out: dict[str, str]


def _make_ready(indicators: pd.DataFrame, columns: Iterable[str] | None) -> _Ready:
    chosen, missing = choose_columns(indicators, columns)
    told = DESCRIBED if columns is None and HABITS[0] in chosen else ()
    told = [name for name in told if name in indicators and name not in chosen]
    table, left_out = numeric_table(chosen.join(indicators[told]))
    bought = table[who_bought(table)]
    shares = learn_shares(bought) if told else {}
    chance = telling(bought, shares)
    used, unusable = usable_columns(bought.drop(columns=[*told, *chance]))
    shares = {name: shares[name] for name in used if name in shares}
    return _Ready(
        chosen=chosen,
        missing=missing,
        told=told,
        table=table,
        bought=bought,
        values=steady_shares(bought, shares)[used],
        shares=shares,
        left_out={**left_out, **chance, **unusable},
    )


def _carry_on(
    model: SegmentModel,
    candidate: Candidate,
    ready: _Ready,
    published: Published | None,
    fewest: int,
    seed: int,
) -> tuple[Candidate, np.ndarray, dict[int, str], Carried]:
    """What was tried of the model to take, the order of its segments, names they bear already, and why."""
    prepared = _prepared(model, ready.values)
    order = _value_order(model.labels_, ready.bought, principal_coordinates(prepared)["x"])
    if published is None:
        return candidate, order, {}, Carried()
    carried = weigh(published, ready.bought, prepared.to_numpy(), model.labels_, fewest=fewest)
    if carried.verdict == KEPT:
        rows = published.preparation.apply(published.values(ready.bought).to_numpy())
        again = try_clusters(rows[draw_rows(len(rows), seed=seed)], published.clusters, seed=seed)
        if again.smallest_jaccard < STABLE <= candidate.smallest_jaccard:
            matched = match_segments(published.assign(ready.bought), model.labels_)
            carried = replace(carried, verdict=NEW, since="", matched=matched)
    if carried.verdict == KEPT:
        return again, np.arange(len(published.names)), dict(enumerate(published.names)), carried
    order = np.array(carried_order(order.tolist(), carried.matched))
    taken = {
        place: published.names[carried.matched[one]]
        for place, one in enumerate(order.tolist())
        if one in carried.matched
    }
    return candidate, order, taken, carried


def _published_model(published: Published, bought: pd.DataFrame, seed: int) -> SegmentModel:
    """A fitted model of what was published, with the segments of the customers of today."""
    clusters, preparation = published.clusters, published.preparation
    model = SegmentModel(n_segments=len(clusters.centres), method=clusters.method, random_state=seed)
    return model._take(preparation, clusters, preparation.apply(published.values(bought).to_numpy()))


def _prepared(model: SegmentModel, values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(model.transform(values), index=values.index, columns=model.get_feature_names_out())


def published_of(segmentation: Segmentation, *, as_of: str) -> Published:
    """What to keep of a segmentation, so that the next can carry it on."""
    model, since = segmentation.model, segmentation.carried.since
    names = [segmentation.called.get(name, name) for name in segmentation.deviations.index]
    return Published(
        names=tuple(names),
        as_of=as_of,
        since=since or as_of,
        preparation=model.preparation_,
        clusters=model.clusters_,
        shares=segmentation.shares,
    )


def late_in_segments(
    segmentation: Segmentation, indicators: pd.DataFrame, states: pd.Series | None = None
) -> pd.DataFrame:
    """Of each segment: `late`, who did not buy for `LATE_TIMES` their usual gap; of them `buying` by their state,
    with their `spend`.
    """
    if "gap_overdue_ratio" not in indicators:
        return pd.DataFrame(0, index=segmentation.profile.index, columns=["late", "buying", "spend"])
    labels = segmentation.labels
    late = is_late(indicators["gap_overdue_ratio"].reindex(labels.index))
    buying = late if states is None else late & states.reindex(labels.index).isin(BUYING)
    spend = indicators.get("spend_total", pd.Series(0.0, indicators.index)).reindex(labels.index)
    counted = pd.DataFrame({"late": late, "buying": buying, "spend": spend.where(buying, 0.0)})
    counted = counted.groupby(labels).sum().reindex(segmentation.profile.index, fill_value=0)
    return counted.astype({"late": "int64", "buying": "int64"})


def segment_advice(segmentation: Segmentation) -> pd.Series:
    """What to do with each segment, as codes."""
    said = {name: advice_codes(row.to_dict()) for name, row in segmentation.deviations.iterrows()}
    return pd.Series(
        [said.get(name, ["invite"]) for name in segmentation.profile.index], segmentation.profile.index
    )


def segment_list(crm: Crm, segmentation: Segmentation, indicators: pd.DataFrame) -> pd.DataFrame:
    """Every customer with the segment, most spend first; segments that do not repeat themselves are left out."""
    shown = [
        name
        for name in ("spend_total", "order_count", "recency_days", "gap_overdue_ratio")
        if name in indicators
    ]
    table = indicators[shown].reindex(segmentation.labels.index)
    table.insert(0, "segment", segmentation.labels)
    place = {name: i for i, name in enumerate(segmentation.profile.index)}
    table = table[table["segment"].map(segmentation.stability["published"]).astype(bool)]
    table = table.assign(place=table["segment"].map(place), customer_id=table.index.astype("str"))
    table = table.reset_index(drop=True)
    by = ["place", *(["spend_total"] if "spend_total" in shown else []), "customer_id"]
    table = table.sort_values(by, ascending=[name != "spend_total" for name in by], kind="stable")
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)[["segment", "customer_id", *shown]]


def principal_coordinates(prepared: pd.DataFrame) -> pd.DataFrame:
    """The two directions in which customers differ most; x grows with the first column.

    Pearson, K. (1901). On lines and planes of closest fit to systems of points in space.
    """
    rows = prepared.to_numpy()
    _, directions = np.linalg.eigh(np.cov(rows, rowvar=False, bias=True).reshape(rows.shape[1], -1))
    directions = directions[:, ::-1][:, :2]
    leading = np.array([0, np.abs(directions[:, -1]).argmax()])[: directions.shape[1]]
    signs = np.where(directions[leading, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
    xy = np.zeros((len(rows), 2))
    xy[:, : directions.shape[1]] = (rows - rows.mean(axis=0)) @ (directions * signs)
    return pd.DataFrame(xy + 0.0, index=prepared.index, columns=["x", "y"])


def _choose_model(
    values: pd.DataFrame, n_segments: int | str, seed: int, fewest: int
) -> tuple[SegmentModel, list[Candidate], int]:
    preparation = learn_preparation(values.to_numpy(), list(values.columns))
    prepared = preparation.apply(values.to_numpy())
    sample = prepared[draw_rows(len(prepared), seed=seed)]
    different = len(np.unique(sample.round(9), axis=0))
    most = min(max(2, len(values) // CUSTOMERS_PER_SEGMENT), different)
    if most < 2:
        raise ParameterError(
            f"The customers do not differ in {', '.join(values.columns)} but for a few of them. "
            "Give other indicators."
        )
    tried = try_candidates(sample, _numbers(n_segments, most), seed=seed, fewest=fewest)
    best = choose(tried)
    tried[best] = confirm(tried[best], sample, seed=seed)
    model = SegmentModel(n_segments=tried[best].n_segments, method=tried[best].method, random_state=seed)
    clusters = _search(prepared, model.n_segments, model.method, model.n_init, seed)
    return model._take(preparation, clusters, prepared), tried, best


def _numbers(n_segments: int | str, most: int) -> list[int]:
    if isinstance(n_segments, str) and n_segments == "auto":
        return list(range(2, min(MOST_SEGMENTS, most) + 1))
    if isinstance(n_segments, bool) or not isinstance(n_segments, Integral) or not 2 <= n_segments <= most:
        raise ParameterError(
            f'n_segments={n_segments!r}: give "auto" or a whole number from 2 to {most} (a segment needs '
            f"about {CUSTOMERS_PER_SEGMENT} customers, and customers that differ)."
        )
    return [int(n_segments)]


def _value_order(labels: np.ndarray, values: pd.DataFrame, x: pd.Series) -> np.ndarray:
    """The segments by median spend, highest first, else by the first principal component."""
    frame = pd.DataFrame({"spend": values.get("spend_total", 0.0), "x": x})
    middle = frame.groupby(labels).median()
    return middle.sort_values(["spend", "x"], ascending=False, kind="stable").index.to_numpy()


def _labels(indicators: pd.DataFrame, values: pd.DataFrame, names: pd.Index) -> pd.Series:
    found = pd.Series(np.asarray(names, dtype=object), index=values.index)
    return found.reindex(indicators.index).fillna(NO_PURCHASE).astype("str").rename("segment")


def _placed(values: pd.DataFrame) -> pd.DataFrame:
    """Columns that only describe, in standard deviations from the average customer."""
    if values.empty or not len(values.columns):
        return values
    learnt = learn_preparation(values.to_numpy(), list(values.columns), near_copy=1.0)
    return pd.DataFrame(learnt.apply(values.to_numpy()), values.index, values.columns[learnt.kept])


def _profile(labels: pd.Series, table: pd.DataFrame, features: list[str], names: pd.Index) -> pd.DataFrame:
    names = list(names) + [NO_PURCHASE] * bool((labels == NO_PURCHASE).any())
    groups = table.groupby(labels.loc[table.index])
    counts = groups.size().reindex(names)
    profile = pd.DataFrame({"customers": counts, "share_pct": 100 * counts / len(table)})
    if "spend_total" in features:
        spend = groups["spend_total"].sum().reindex(names)
        total = spend.sum()
        profile["spend_share_pct"] = 100 * spend / total if total > 0 else np.nan
    return profile.join(groups[features].median()).rename_axis("segment")


def _deviations(
    prepared: pd.DataFrame,
    values: pd.DataFrame,
    labels: np.ndarray,
    everyone: pd.Series,
    own: Mapping[str, str],
    taken: Mapping[int, str],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Where each segment lies, indexed by its name; and the name that the rules give."""
    found = prepared.groupby(labels).mean()
    medians = values[list(prepared.columns)].groupby(labels).median()
    shares = 100 * np.bincount(labels, minlength=len(found)) / len(labels)
    given = segment_names(found, medians, everyone, shares, taken)
    names = own_names(given, own)
    return found.set_axis(pd.Index(names, name="segment")), dict(zip(names, given, strict=True))


def _stability(
    candidate: Candidate, order: np.ndarray, profile: pd.DataFrame, names: pd.Index
) -> pd.DataFrame:
    overlap = candidate.jaccard[:, order]
    low, high = np.quantile(overlap, [0.05, 0.95], axis=0)
    table = pd.DataFrame({"jaccard": overlap.mean(axis=0), "low": low, "high": high}, index=names)
    table["published"] = table["jaccard"] >= STABLE
    table = table.reindex(profile.index)
    # Who has not bought is a segment by rule: there is nothing to repeat.
    table["published"] = table["published"].astype("object").fillna(True).astype(bool)
    rand = candidate.rand
    table.attrs["adjusted_rand"] = (float(rand.mean()), *(float(q) for q in np.quantile(rand, [0.05, 0.95])))
    return table


def _reasons(reasons: dict[str, str], indicators: pd.DataFrame) -> pd.Series:
    ordered = {str(name): reasons[str(name)] for name in indicators.columns if str(name) in reasons}
    return pd.Series(ordered, name="reason", dtype="str").rename_axis("column")


def _outliers(model: SegmentModel, values: pd.DataFrame) -> pd.Series:
    preparation = model.preparation_
    beyond = preparation.outliers(values.to_numpy())[:, preparation.kept]
    texts: dict[object, str] = {}
    for i in np.flatnonzero(beyond.any(axis=1)):
        figures = []
        for j in preparation.kept[beyond[i]]:
            value = values.iat[i, j]
            counted = min(max(value, preparation.low[j]), preparation.high[j])
            figures.append(f"{values.columns[j]} {shown(value)} counted as {shown(counted)}")
        texts[values.index[i]] = "; ".join(figures)
    index = pd.Index(list(texts), name=values.index.name, dtype=values.index.dtype)
    return pd.Series(list(texts.values()), index=index, name="capped", dtype="str")
