"""No two lists say opposite things of one customer: the state speaks first, models and types beside it."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.churn.model import fit_churn
from crmlib.analyse.customers.profile import customer_profile, late_customers, late_of_all
from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.segments.segment import late_in_segments, segment_customers
from crmlib.analyse.value.valuations import customer_actions, customer_valuations
from crmlib.measure.indicators import compute_indicators
from crmlib.present.reports.churn.show import at_risk_table
from crmlib.present.reports.segments.show import ADVICE_WORDS
from crmlib.present.reports.value.ahead import likely_gone_sentences
from crmlib.present.reports.value.show import valuations_table
from crmlib.schema.states import (
    BUYING,
    DECLINING,
    LATE_TIMES,
    LIKELY,
    SILENT,
    WIN_BACK,
    is_taken,
    state_named,
)
from tests.sample.company import sample_crm

PLAIN = SimpleNamespace(config=None)


def random_shop(seed):
    """Customers of all rhythms, of whom some stop, some come back and some have only begun."""
    lot, rows = np.random.default_rng(seed), []
    for i in range(400):
        day, gap = lot.uniform(0, 600), lot.choice([5, 15, 40, 90])
        until = 730 if lot.random() < 0.6 else lot.uniform(day, 730)
        pause = lot.uniform(day, 730) if lot.random() < 0.2 else 9_999
        while day <= until:
            rows.append((f"c{i}", pd.Timestamp("2022-01-01") + pd.Timedelta(days=int(day)), lot.gamma(2, 20)))
            day += lot.exponential(gap) + 0.5
            if day > pause:
                day, pause = day + 6 * gap, 9_999
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "net_amount"]).round({"net_amount": 2})
    lines["product_id"], lines["order_id"] = "tea", lines.index.astype("str")
    return Crm.from_frames(as_of="2023-12-31", currency="EUR", transactions=lines)


@cache
def crm_of(name):
    if name == "shop":
        return random_shop(7)
    crm = sample_crm()
    shown = crm.config.model_copy(
        update={"privacy": crm.config.privacy.model_copy(update={"pseudonyms": False})}
    )
    return replace(crm, config=shown)


@cache
def found(name):
    """All that speaks of the customers of a workspace, and two models that say anything at all of anybody."""
    crm, lot = crm_of(name), np.random.default_rng(3)
    indicators, stages = compute_indicators(crm), lifecycle_stages(crm)
    chance = pd.Series(lot.random(len(stages)).round(2), index=stages.index)
    future = SimpleNamespace(
        table=pd.DataFrame({"probability_alive": 1 - chance[::-1].to_numpy()}, stages.index)
    )
    values = customer_valuations(crm, future=future, indicators=indicators)
    churn = SimpleNamespace(scores=chance, revenue_at_risk=100 * chance, reasons=None, horizon_days=60)
    given = {"valuations": values, "indicators": indicators}
    lists = {
        "purchases": customer_actions(crm, **given),
        "churn": customer_actions(crm, churn=churn, **given),
    }
    profile = customer_profile(crm)
    segments = segment_customers(indicators, n_segments=4, seed=0)
    return SimpleNamespace(
        crm=crm, indicators=indicators, stages=stages, future=future, values=values, lists=lists, profile=profile,
        segments=segments,
    )  # fmt: skip


EACH = pytest.mark.parametrize("name", ["sample", "shop"])


def state_of(here, customers):
    return set(here.stages.reindex(pd.Index(customers)).astype("str"))


@EACH
def test_the_workspaces_hold_customers_of_whom_the_models_say_the_opposite(name):
    here = found(name)
    alive, silent = here.future.table["probability_alive"], here.stages.isin(SILENT)
    assert (alive[silent] > 0.9).any() and (alive[here.stages.isin(BUYING)] < 0.1).any()


@EACH
def test_to_win_back_are_the_silent_alone_whichever_model_speaks(name):
    here = found(name)
    for lists in here.lists.values():
        assert len(lists["win_back"]) and state_of(here, lists["win_back"].index) <= set(SILENT)
        for part in (lists["keep"], lists["develop"]):
            assert not state_of(here, part.index) & set(SILENT)
        assert state_of(here, lists["develop"].index).isdisjoint({DECLINING})
    one, other = here.lists.values()
    assert set(one["win_back"].index) == set(other["win_back"].index)


@EACH
def test_the_states_call_for_what_the_lists_do(name):
    here = found(name)
    for lists in here.lists.values():
        for action, part in (
            ("win_back", lists["win_back"]),
            ("keep", lists["keep"]),
            ("develop", lists["develop"]),
        ):
            for state in state_of(here, part.index):
                assert (state_named(state).action == WIN_BACK) == (action == WIN_BACK)


def test_nobody_at_risk_by_the_model_of_churn_is_silent():
    """Asked about are those who bought within 120 days, longer than many ever wait: some of them are dormant."""
    here = found("shop")
    asked = here.indicators.index[here.indicators["recency_days"] < 120]
    assert state_of(here, asked) & set(SILENT)
    model = fit_churn(
        here.crm, horizon_days=60, active_days=120, now=here.indicators, candidates=["logistic_regression"],
        indicators=["recency_days", "gap_days_mean", "order_count"],
    )  # fmt: skip
    assert state_of(here, at_risk_table(PLAIN, model).frame["customer_id"]) <= set(BUYING)
    buying = here.stages.reindex(asked).isin(BUYING)
    for series in (model.scores, model.value, model.revenue_at_risk):
        assert sorted(series.index) == sorted(asked[buying])


@EACH
def test_no_page_calls_the_silent_safe_or_gone_by_a_model(name):
    here = found(name)
    shown = valuations_table(SimpleNamespace(config=None, currency="EUR"), here.values, here.stages).frame
    silent = shown["state"].isin(SILENT)
    assert silent.any() and shown.loc[silent, "alive_pct"].isna().all()
    assert shown.loc[~silent, "alive_pct"].notna().any()
    for lists in here.lists.values():
        assert (
            lists["win_back"]["stop_probability_pct"].isna().all() and "stop_reason" not in lists["win_back"]
        )
        assert not lists["win_back"]["reason"].str.contains("likely").any()
    alive = here.future.table["probability_alive"]
    gone = int((alive[here.stages.isin(BUYING)] <= 1 - LIKELY).sum())
    (said, *_) = likely_gone_sentences(alive, here.stages)
    assert gone in [fact.value for fact in said.facts.values()] and f"{gone:,}" in str(said)


@EACH
def test_late_means_the_same_on_every_page(name):
    here = found(name)
    late = here.indicators["gap_overdue_ratio"] >= LATE_TIMES
    counted = late_in_segments(here.segments, here.indicators, here.stages)
    assert counted["late"].sum() == late.sum() == late_of_all(here.profile)
    assert counted["buying"].sum() == len(late_customers(PLAIN, here.profile))
    called = late_customers(PLAIN, here.profile)["customer_id"]
    assert set(called) == set(late.index[late & here.stages.reindex(late.index).isin(BUYING)])
    for lists in here.lists.values():
        assert not set(called) & set(lists["win_back"].index)
        assert not set(called) & set(lists["develop"].index)


@EACH
def test_types_and_segments_have_names_of_their_own_and_no_word_on_leaving(name):
    here = found(name)
    for title in (*here.profile.type_names, *here.segments.profile.index):
        assert not is_taken(title)
        assert not set(title.lower().replace(",", "").split()) & {"active", "silent", "overdue", "growing"}
    assert (here.profile.type_table["action"] == "").all()
    assert here.profile.states.equals(here.stages)


def test_advice_for_a_segment_never_speaks_of_leaving():
    told = " ".join(str(ADVICE_WORDS.claim(code)) for code in ADVICE_WORDS.members).lower()
    assert not any(word in told for word in ("win them back", "stay away", "leave", "campaign", "gone"))
