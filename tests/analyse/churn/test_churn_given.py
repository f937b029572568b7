"""Outcomes that the data state: IBM's telephone customers, planted leaks, later periods."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.churn.model import fit_given_label
from crmlib.analyse.learn import reasons
from crmlib.analyse.learn.features import find_leaks
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import LIKELY
from tests.analyse.churn.churn_cases import FAST


@pytest.fixture(scope="module")
def telco(shared_data):
    folder = shared_data / "telco_churn"
    tables = [
        pd.read_csv(folder / f"telco_{name}.csv", index_col="Customer ID")
        for name in ("status", "services", "demographics")
    ]
    joined = tables[0]
    for table in tables[1:]:
        joined = joined.join(table[[column for column in table if column not in joined]])
    return joined


def test_telco_ranks_customers_without_the_leaking_score(telco):
    """KNOWN ANSWERS: 1,869 of 7,043 left; the satisfaction score leaks the label; AUC >= .84 without it."""
    label = telco["Churn Label"]
    assert (label == "Yes").sum() == 1869 and len(label) == 7043
    features = telco.drop(columns="Churn Label").assign(number=[f"x{i}" for i in range(len(telco))])
    model = fit_given_label(features, label, candidates=["logistic_regression"])
    assert set(model.refused.index) == {
        "Satisfaction Score", "Customer Status", "Churn Value", "Churn Score", "Churn Category", "Churn Reason",
    }  # fmt: skip
    assert "nobody else has its values 1, 2" in model.refused["Satisfaction Score"]
    assert "number of theirs" in model.left_out["number"]
    assert {"Contract", "Tenure in Months", "Monthly Charge"} <= set(model.features)
    assert model.chosen["auc_low"] >= 0.84
    assert "Contract" in set(model.drivers["indicator"].head(3))
    assert not model.tested_later
    assert abs(model.scores.mean() - 0.2654) < 0.005


def test_telco_leaks_are_found_by_what_they_tell_also_under_other_names(telco):
    label = (telco["Churn Label"] == "Yes").to_numpy()
    features = telco.drop(columns="Churn Label").rename(columns=lambda name: name.replace("Churn", "Exit"))
    assert set(find_leaks(features, label)) == {
        "Satisfaction Score", "Customer Status", "Exit Value", "Exit Score", "Exit Category", "Exit Reason",
    }  # fmt: skip


def made_up(rows=600, seed=0):
    lot = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "visits": lot.poisson(6, rows).astype(float),
            "plan": lot.choice(["month", "year"], rows),
            "noise": lot.normal(size=rows),
        },
        index=[f"c{i:04}" for i in range(rows)],
    )
    odds = -0.4 * (table["visits"] - 6) + 1.2 * (table["plan"] == "month") - 0.9
    label = pd.Series(lot.random(rows) < 1 / (1 + np.exp(-odds)), index=table.index, name="left")
    return table, label


@pytest.mark.parametrize(
    ("leak", "reason"),
    [
        (lambda y, lot: y.astype(int), "nearly without fail"),
        (lambda y, lot: np.where(y, lot.choice(["price", "moved"], len(y)), None), "nearly without fail"),
        (lambda y, lot: np.where(y, lot.normal(5, 1, len(y)), lot.normal(0, 1, len(y))), "nearly without fail"),
        (lambda y, lot: np.where(y & (lot.random(len(y)) < 0.85), 0, lot.integers(1, 9, len(y))), "without fail for"),
    ],
    ids=["the label itself", "a reason that only leavers give", "a score", "a value that only leavers have"],
)  # fmt: skip
def test_planted_leaks_are_refused_and_nothing_else(leak, reason):
    table, label = made_up()
    table["planted"] = leak(label.to_numpy(), np.random.default_rng(1))
    found = find_leaks(table, label.to_numpy())
    assert list(found) == ["planted"] and reason in found["planted"]


def test_a_strong_honest_feature_is_kept():
    lot = np.random.default_rng(3)
    label = lot.random(2000) < 0.3
    strong = np.where(label, lot.normal(1.7, 1, 2000), lot.normal(0, 1, 2000))
    assert find_leaks(pd.DataFrame({"strong": strong}), label) == {}


def test_the_latest_customers_are_the_test_where_their_order_is_known():
    table, label = made_up()
    quarter = pd.Series(np.repeat(["2023Q1", "2023Q2", "2023Q3", "2023Q4"], 150), index=table.index)
    model = fit_given_label(table, label, order=quarter, candidates=FAST)
    assert model.tested_later
    assert model.periods.set_index("role")["customers"].to_dict() == {"learn": 450, "test": 150, "score": 600}
    with pytest.raises(ParameterError, match="no later period"):
        fit_given_label(table, label, order=quarter.replace(r".*", "2023", regex=True))


def test_customers_without_a_label_are_scored():
    table, label = made_up()
    label = label.astype(object)
    label.iloc[500:] = None
    model = fit_given_label(table, label, value=pd.Series(10.0, index=table.index), candidates=FAST[:1])
    assert list(model.scores.index) == list(table.index[500:])
    assert np.allclose(model.revenue_at_risk, 10 * model.scores)


def test_the_order_of_rows_is_irrelevant():
    table, label = made_up()
    one = fit_given_label(table, label, candidates=FAST[:1])
    two = fit_given_label(table[::-1], label.sample(frac=1, random_state=0), candidates=FAST[:1])
    assert one.scores.equals(two.scores)


def test_mistakes_are_named():
    table, label = made_up(rows=80)
    with pytest.raises(ParameterError, match="give two"):
        fit_given_label(table, table["plan"].where(label, "other"))
    with pytest.raises(ParameterError, match="positive="):
        fit_given_label(table, table["plan"])
    with pytest.raises(ParameterError, match="no row in features"):
        fit_given_label(table, label.rename(index={"c0000": "stranger"}))
    with pytest.raises(ParameterError, match="at least 30"):
        fit_given_label(table.head(40), label.head(40))
    with pytest.raises(ParameterError, match="no feature is left"):
        fit_given_label(pd.DataFrame({"country": "DE"}, index=made_up()[0].index), made_up()[1])


def test_of_very_many_customers_only_those_whose_chance_is_acted_on_have_reasons(monkeypatch):
    features, label = made_up()
    whole = fit_given_label(features, label, candidates=FAST[:1])
    monkeypatch.setattr(reasons, "ALL_EXPLAINED", 100)
    some = fit_given_label(features, label, candidates=FAST[:1])
    likely = whole.scores.index[whole.scores >= LIKELY]
    assert 0 < len(likely) < len(whole.scores)
    pd.testing.assert_series_equal(some.reasons, whole.reasons.loc[likely])
    rows = whole.reason_table[whole.reason_table["customer_id"].isin(likely)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some.reason_table, rows)
    monkeypatch.setattr(reasons, "LIKELY", 1.1)
    nobody = fit_given_label(features, label, candidates=FAST[:1])
    assert nobody.reasons.empty and list(nobody.reason_table) == list(rows) and nobody.reason_table.empty
    assert nobody.scores.equals(some.scores) and nobody.drivers.equals(some.drivers)
