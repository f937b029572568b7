"""The control group: its size, that it is alike, and that everybody has the same chance to be in it."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.outreach import balance_table, draw_control


def values(n, seed=0):
    rng = np.random.default_rng(seed)
    return pd.Series(rng.lognormal(2, 1.5, n), index=[f"c{i:04}" for i in range(n)])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 10, 101])
@pytest.mark.parametrize("share", [0, 4, 10, 33.3, 50, 80, 99])
def test_the_group_has_the_share_asked_for(n, share):
    drawn = draw_control(values(n), share_pct=share, seed=1)
    assert drawn.sum() == round(n * share / 100) and drawn.index.equals(values(n).index)


@pytest.mark.parametrize("share", [5, 10, 50, 75])
def test_one_of_every_stretch_of_neighbours_is_drawn(share):
    given = values(200)
    drawn = draw_control(given, share_pct=share, seed=5)
    places = np.flatnonzero(
        drawn.reindex(given.sort_values(ascending=False).index).to_numpy() == (share <= 50)
    )
    width = 200 / min(drawn.sum(), 200 - drawn.sum())
    assert (places // width).astype(int).tolist() == list(range(len(places)))


def test_everybody_has_the_same_chance():
    given = values(23)
    drawn = sum(draw_control(given, share_pct=20, seed=seed).astype(int) for seed in range(250))
    # 5 of 23; a stretch has 4 or 5 members, and which ones have 5 is drawn too.
    assert (drawn / 250).between(0.13, 0.31).all() and drawn.sum() == 5 * 250


def test_strata_make_the_groups_more_alike_than_plain_drawing():
    rng = np.random.default_rng(0)
    given = pd.Series(rng.uniform(1, 50, 300), index=[f"c{i:03}" for i in range(300)])
    ours, plain = [], []
    for seed in range(60):
        drawn = draw_control(given, share_pct=10, seed=seed)
        ours.append(given[drawn].mean() - given[~drawn].mean())
        chosen = np.isin(np.arange(300), rng.choice(300, 30, replace=False))
        plain.append(given[chosen].mean() - given[~chosen].mean())
    assert np.std(ours) < 0.3 * np.std(plain)


def test_another_campaign_draws_others():
    given = values(100)
    first, second = (draw_control(given, share_pct=20, seed=1, salt=salt) for salt in ("spring", "summer"))
    assert not first.equals(second)


def test_balance_by_hand():
    left = pd.DataFrame(
        {
            "expected_value": [1.0, 3.0],
            "probability": [0.1, 0.3],
            "channel": ["email", "sms"],
            "kind": "up-sell",
        }
    )
    right = pd.DataFrame(
        {"expected_value": [2.0], "probability": [0.6], "channel": ["sms"], "kind": "up-sell"}
    )
    found = balance_table(left, right).set_index("figure")
    assert found.loc["customers", ["contacted", "control"]].tolist() == [2, 1]
    assert found.loc["expected_value"].tolist() == [2.0, 2.0, 0.0]
    spread = np.std([10, 30, 60])
    assert found.loc["probability"].tolist() == pytest.approx([20, 60, -40 / spread])
    assert found.loc["channel: email", ["contacted", "control"]].tolist() == [50, 0]
    assert np.isnan(found.loc["kind: up-sell", "difference_sd"])
