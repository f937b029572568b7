"""Ties between customers: account families with their shares, what each is worth, and who brings whom."""

from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import pandas as pd

from crmlib.measure.indicators import compute_indicators
from crmlib.measure.people import PARENT, customer_ties
from crmlib.measure.purchases.worth import category_spend
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

REFERRER = "referrer"
PRIOR_UNITS = 10
"""What similar units spend in a category counts against the spend of all as so many units do."""

_FIGURES = (
    *("spend_365d", "spend_total", "open_opportunity_count", "open_opportunity_amount", "won_amount_total"),
    *("credit_limit", "open_amount", "overdue_amount"),
)
_ALIKE = ("industry", "company_size")
TIE_FIGURES = (*_FIGURES, *_ALIKE)
"""The indicators that ties are weighed by."""

_FAMILY_SUMS = (*_FIGURES, "referred_count", "referred_spend_total")


@dataclass(frozen=True, kw_only=True, eq=False)
class RelationGraph:
    """Customers and the ties between them.

    Attributes
    ----------
    graph : networkx.MultiDiGraph
        A node a customer that has a tie; an edge a tie, `relation` as its key, with `share_pct`.
    units : DataFrame indexed by customer_id
        Every customer with a parent or a subsidiary, in the order in which a family's picture shows them:
        `family` (the customer at its head), `parent_id` (missing at the head), `depth`, `share_pct` (held by the
        parent), `held_pct` (held by the head: shares multiplied along the chain, chains that meet added up),
        then the figures of the customer, `referred_count` and `referred_spend_total`.
    families : DataFrame indexed by family, the most spend of the last year first
        `units`, `depth`, the sums of the figures (`credit_limit`, `open_amount` (receivables) and
        `overdue_amount` over the whole group), `credit_used_pct`, `headroom`, and counts of `suppliers` and
        `partners` outside the family.
    headroom : DataFrame
        What a unit does not buy and another of its family does: `family`, `customer_id`, `category`,
        `bought_by`, `headroom` (currency a year: what the unit spends elsewhere, a tenth drawn to what customers of
        the same industry and size spend, times their spend in the category over their spend elsewhere; theirs are
        means, drawn to the mean of all customers).
    referrers : DataFrame indexed by customer_id, the most worth first
        `referred_count`, `buyer_count`, `referred_spend_total`, `referred_spend_365d`, `network_spend_total`
        (with those whom the referred brought in turn).
    communities : DataFrame
        Groups that are tied more among themselves than with others, over all kinds of ties: `community`,
        `customers`, `spend_365d`, `key_customer` (the one with most ties).
    cycles : tuple of tuples of str
        Circles of ownership; the tie that closes each is in no family tree.
    currency : str

    Examples
    --------
    See `relation_graph`.
    """

    graph: nx.MultiDiGraph = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    families: pd.DataFrame
    headroom: pd.DataFrame = field(repr=False)
    referrers: pd.DataFrame = field(repr=False)
    communities: pd.DataFrame = field(repr=False)
    cycles: tuple[tuple[str, ...], ...] = ()
    currency: str = ""

    def __repr__(self) -> str:
        ties, customers = self.graph.number_of_edges(), self.graph.number_of_nodes()
        return f"RelationGraph(customers={customers}, ties={ties}, families={len(self.families)})"

    def _repr_html_(self) -> str:
        return self.families.head(20).to_html() + self.referrers.head(10).to_html()


def relation_graph(crm: Crm, *, indicators: pd.DataFrame | None = None) -> RelationGraph:
    """Groups of customers by ownership, who supplies, partners and refers whom, and what each is worth.

    Parameters
    ----------
    crm : Crm
        With `relations`, or customers with `parent_customer_id`; figures come from the tables that are there.
    indicators : DataFrame indexed by customer_id, optional
        With `TIE_FIGURES`; computed here where none is given.

    Returns
    -------
    RelationGraph

    Raises
    ------
    SchemaError
        If no table says who belongs to whom.

    References
    ----------
    Clauset, A., Newman, M. E. J. & Moore, C. (2004). Finding community structure in very large networks.
    Physical Review E 70.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> ties = pd.DataFrame({"from_customer_id": ["top", "mid"], "to_customer_id": ["mid", "low"],
    ...     "relation": "parent", "share_pct": [80.0, 50.0]})
    >>> found = relation_graph(Crm.from_frames(as_of="2024-01-31", relations=ties))
    >>> found.units[["parent_id", "depth", "held_pct"]]
                parent_id  depth  held_pct
    customer_id
    top               NaN      0     100.0
    mid               top      1      80.0
    low               mid      2      40.0
    """
    if "relations" not in crm and (
        "customers" not in crm or "parent_customer_id" not in crm.columns("customers")
    ):
        raise SchemaError(
            f"{crm.name} does not say who belongs to whom. Map [tables.relations] in crm.toml, or "
            "parent_customer_id under [tables.customers.columns]."
        )
    ties = customer_ties(crm)
    ties = ties[ties["from_customer_id"] != ties["to_customer_id"]].reset_index(drop=True)
    graph = _graph(ties)
    figures = _figures(crm) if indicators is None else indicators.reindex(columns=list(TIE_FIGURES))
    referrers = _referrers(ties, figures)
    forest, cycles = _forest(ties[ties["relation"] == PARENT])
    units = _units(forest, ties, figures, referrers)
    headroom = _headroom(crm, units, figures)
    return RelationGraph(
        graph=graph,
        units=units,
        families=_families(units, ties, headroom),
        headroom=headroom,
        referrers=referrers,
        communities=_communities(graph, figures),
        cycles=cycles,
        currency=crm.currency,
    )


def _graph(ties: pd.DataFrame) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    for row in ties.itertuples(index=False):
        graph.add_edge(row.from_customer_id, row.to_customer_id, key=row.relation, share_pct=row.share_pct)
    return graph


def _figures(crm: Crm) -> pd.DataFrame:
    """The figures of every customer; a figure that no table brings is missing."""
    if not {"transactions", "opportunities", "customers"} & set(crm.tables):
        nobody = pd.Index([], dtype="str", name="customer_id")
        return pd.DataFrame(index=nobody, columns=list(TIE_FIGURES), dtype="float64")
    return compute_indicators(crm, TIE_FIGURES).reindex(columns=list(TIE_FIGURES))


def _forest(owned: pd.DataFrame) -> tuple[nx.DiGraph, tuple[tuple[str, ...], ...]]:
    """Each unit under the parent with the largest share; circles are cut where they close, and named."""
    whole = nx.DiGraph()
    whole.add_edges_from(owned[["from_customer_id", "to_customer_id"]].itertuples(index=False, name=None))
    circles = []
    for members in nx.strongly_connected_components(whole):
        if len(members) > 1:
            found = nx.find_cycle(whole.subgraph(sorted(members)), sorted(members)[0])
            circles.append(tuple(str(one) for one, _ in found))
    forest = nx.DiGraph()
    forest.add_nodes_from(sorted(whole))
    ordered = owned.sort_values(
        ["share_pct", "from_customer_id", "to_customer_id"], ascending=[False, True, True], kind="stable"
    )
    above: dict[str, str] = {}
    for row in ordered.itertuples(index=False):
        parent, child = row.from_customer_id, row.to_customer_id
        if child not in above and child not in _line(above, parent):
            above[child] = parent
            forest.add_edge(parent, child, share_pct=row.share_pct)
    return forest, tuple(sorted(circles))


def _line(above: dict[str, str], unit: str) -> set[str]:
    """A unit and everyone above it."""
    line = {unit}
    while unit in above:
        unit = above[unit]
        line.add(unit)
    return line


def _units(
    forest: nx.DiGraph, ties: pd.DataFrame, figures: pd.DataFrame, referrers: pd.DataFrame
) -> pd.DataFrame:
    rows = []
    held = _held(forest, ties)
    for head in sorted(node for node in forest if forest.in_degree(node) == 0):
        depth = nx.single_source_shortest_path_length(forest, head)
        for unit in nx.dfs_preorder_nodes(forest, head):
            parent = next(iter(forest.predecessors(unit)), None)
            share = forest.edges[parent, unit]["share_pct"] if parent else np.nan
            rows.append((unit, head, parent, depth[unit], share, held.get((head, unit), np.nan)))
    names = ["customer_id", "family", "parent_id", "depth", "share_pct", "held_pct"]
    table = pd.DataFrame(rows, columns=names).astype(
        {"customer_id": "str", "family": "str", "parent_id": "str", "depth": "int64"}
    )
    table = table.set_index("customer_id").join(figures)
    brought = referrers[["referred_count", "referred_spend_total"]]
    return table.join(brought).fillna({"referred_count": 0, "referred_spend_total": 0.0})


def _held(forest: nx.DiGraph, ties: pd.DataFrame) -> dict[tuple[str, str], float]:
    """What each head holds of each unit: shares multiplied down every chain, at most the whole."""
    owned = ties[ties["relation"] == PARENT]
    whole = nx.DiGraph(forest)
    for row in owned.itertuples(index=False):
        parent, child = row.from_customer_id, row.to_customer_id
        if not whole.has_edge(parent, child) and not nx.has_path(whole, child, parent):
            whole.add_edge(parent, child, share_pct=row.share_pct)
    order = list(nx.lexicographical_topological_sort(whole))
    held = {}
    for head in (node for node in forest if forest.in_degree(node) == 0):
        reached = nx.descendants(whole, head)
        share = {head: 1.0}
        for unit in (unit for unit in order if unit in reached):
            share[unit] = sum(
                share[parent] * edge["share_pct"] / 100
                for parent, _, edge in whole.in_edges(unit, data=True)
                if parent in share
            )
        held |= {(head, unit): round(min(100 * part, 100.0), 6) for unit, part in share.items()}
    return held


def _referrers(ties: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """Who brought whom, and what those are worth, in turn too."""
    brought = ties.loc[ties["relation"] == REFERRER, ["from_customer_id", "to_customer_id"]]
    worth = brought.join(figures[["spend_total", "spend_365d"]].astype("float64"), on="to_customer_id")
    grouped = worth.fillna({"spend_total": 0.0, "spend_365d": 0.0}).groupby("from_customer_id")
    table = pd.DataFrame(
        {
            "referred_count": grouped.size(),
            "buyer_count": grouped["spend_total"].agg(lambda spent: int((spent > 0).sum())),
            "referred_spend_total": grouped["spend_total"].sum(),
            "referred_spend_365d": grouped["spend_365d"].sum(),
        }
    ).rename_axis("customer_id")
    chain = nx.DiGraph(list(brought.itertuples(index=False, name=None)))
    total = figures["spend_total"].astype("float64").fillna(0.0)
    table["network_spend_total"] = [
        float(total.reindex(list(nx.descendants(chain, one) - {one})).sum()) for one in table.index
    ]
    return table.sort_values(["network_spend_total", "referred_count"], ascending=False, kind="stable")


def _headroom(crm: Crm, units: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """For each unit, the categories that another unit of its family buys and it does not."""
    columns = ["family", "customer_id", "category", "bought_by", "headroom"]
    nothing = pd.DataFrame(columns=columns).astype({"headroom": "float64"})
    if not {"transactions", "products"} <= set(crm.tables) or units.empty:
        return nothing
    if "category" not in crm.columns("products") or "customer_id" not in crm.columns("transactions"):
        return nothing
    wide = spend_by_category(crm)
    buys = (wide.reindex(units.index).fillna(0.0) > 0).to_numpy()
    place = pd.DataFrame(np.where(buys, np.arange(len(units))[:, None], len(units)))
    first = place.groupby(units["family"].to_numpy()).transform("min").to_numpy()
    unit, category = np.nonzero(~buys & (first < len(units)))
    spent = wide.sum(axis=1).reindex(units.index).fillna(0.0)
    expected = _at_level(_expected(wide, figures[list(_ALIKE)], units.index), spent).to_numpy()
    found = pd.DataFrame(
        {
            "family": units["family"].to_numpy()[unit],
            "customer_id": units.index[unit],
            "category": wide.columns[category],
            "bought_by": units.index[first[unit, category]],
            "headroom": expected[unit, category],
        }
    )
    order = ["headroom", "family", "category", "customer_id"]
    return found.sort_values(order, ascending=[False, True, True, True], ignore_index=True)


def spend_by_category(crm: Crm) -> pd.DataFrame:
    """Net spend of the last year, a row a customer and a column a category."""
    spend = category_spend(crm).astype({"customer_id": "str", "category": "str"})
    amount = next(name for name in spend.columns if name not in ("customer_id", "category"))
    wide = spend.pivot_table(index="customer_id", columns="category", values=amount, aggfunc="sum")
    return wide.astype("float64").fillna(0.0)


def _expected(wide: pd.DataFrame, alike: pd.DataFrame, units: pd.Index) -> pd.DataFrame:
    """What each unit would spend in each category if it did as similar customers do, drawn to all."""
    alike = alike.reindex(wide.index.union(alike.index))
    group = alike["industry"].astype("str").fillna("") + "|" + alike["company_size"].astype("str").fillna("")
    grouped, mean_all = wide.groupby(group.reindex(wide.index)), wide.mean()
    drawn = (grouped.sum() + PRIOR_UNITS * mean_all).div(grouped.size() + PRIOR_UNITS, axis=0)
    return drawn.reindex(group.reindex(units)).fillna(mean_all)


def _at_level(expected: pd.DataFrame, spent: pd.Series) -> pd.DataFrame:
    """What similar customers spend in each category, for a unit that spends more or less elsewhere than they do.

    Customers of one industry and size differ in how much they need by far more than in what they need.
    """
    there = expected.clip(lower=0).to_numpy()
    typical = there.sum(axis=1, keepdims=True)
    own = spent.clip(lower=0).to_numpy()[:, None]
    elsewhere = PRIOR_UNITS * (typical - there) + typical
    level = (PRIOR_UNITS * own + typical) / np.where(elsewhere > 0, elsewhere, 1.0)
    return pd.DataFrame(there * level, index=expected.index, columns=expected.columns)


def _families(units: pd.DataFrame, ties: pd.DataFrame, headroom: pd.DataFrame) -> pd.DataFrame:
    grouped = units.groupby("family")
    table = pd.DataFrame({"units": grouped.size(), "depth": grouped["depth"].max()})
    for name in _FAMILY_SUMS:
        table[name] = grouped[name].sum(min_count=1).astype("float64")
    table["credit_used_pct"] = (
        100 * table["open_amount"] / table["credit_limit"].where(table["credit_limit"] > 0)
    )
    table["headroom"] = headroom.groupby("family")["headroom"].sum().reindex(table.index).fillna(0.0)
    family = units["family"]
    for name in ("supplier", "partner"):
        own = ties[ties["relation"] == name]
        ends = pd.concat([own["from_customer_id"].map(family), own["to_customer_id"].map(family)])
        table[f"{name}s"] = ends.dropna().value_counts().reindex(table.index).fillna(0).astype("int64")
    return table.sort_values(["spend_365d", "units"], ascending=False, kind="stable", na_position="last")


def _communities(graph: nx.MultiDiGraph, figures: pd.DataFrame) -> pd.DataFrame:
    """Groups by modularity over all ties; those of two or fewer are pairs, not communities."""
    plain = nx.Graph(graph.to_undirected())
    found = nx.community.greedy_modularity_communities(plain) if plain.number_of_edges() else []
    rows = []
    for members in found:
        if len(members) > 2:
            key = min(members, key=lambda one: (-plain.degree(one), one))
            spent = figures["spend_365d"].reindex(sorted(members)).astype("float64").sum(min_count=1)
            rows.append((len(members), spent, key))
    table = pd.DataFrame(rows, columns=["customers", "spend_365d", "key_customer"])
    table = table.sort_values(["customers", "key_customer"], ascending=[False, True], ignore_index=True)
    table.insert(0, "community", range(1, len(table) + 1))
    return table
