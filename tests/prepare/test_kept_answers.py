"""What the engine answered is kept beside the checked tables, and is the same answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import numpy as np
import pandas as pd
import pytest

from crmlib import compute_indicators, lifecycle_stages, open_workspace
from crmlib.measure.indicators import compute
from crmlib.measure.purchases import states
from crmlib.prepare import answers
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids

CONFIG = """
currency = "EUR"
time_zone = "Europe/Berlin"
as_of = 2024-12-31
[indicators.tea_spend]
sql = "sum(net_amount) filter (where product_id = 'tea')"
over = "lines"
aspect = "finance"
unit = "currency"
says = "Spend on tea."
[tables.transactions]
from = "lines.csv"
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_SECONDS", -1)
    lot = np.random.default_rng(4)
    lines = pd.DataFrame(
        {
            "order_id": [f"o{i // 2}" for i in range(600)],
            "customer_id": [f"c{(i // 2) % 40}" for i in range(600)],
            "product_id": lot.choice(["tea", "milk"], 600),
            "ordered_at": [f"2024-{1 + i // 60:02d}-{1 + (i // 2) % 28:02d}" for i in range(600)],
            "net_amount": lot.integers(100, 900, 600) / 100,
            "channel": lot.choice(["web", "shop"], 600),
        }
    )
    lines.to_csv(tmp_path / "lines.csv", index=False)
    (tmp_path / "crm.toml").write_text(CONFIG)
    return tmp_path


def _never(*_):
    raise AssertionError("asked again")


def test_indicators_states_and_pseudonyms_are_answered_once(shop, monkeypatch):
    first = open_workspace(shop)
    figures, stages = compute_indicators(first), lifecycle_stages(first)
    names = public_ids(first, pd.Series(figures.index))
    assert figures["order_count"].sum() > 0 and figures["tea_spend"].sum() > 0
    monkeypatch.setattr(compute, "_run", _never)
    monkeypatch.setattr(states, "ask", _never)
    monkeypatch.setattr("crmlib.prepare.privacy._digest_of_exports", _never)
    again = open_workspace(shop)
    pd.testing.assert_frame_equal(compute_indicators(again), figures)
    assert compute_indicators(again).attrs == figures.attrs
    pd.testing.assert_series_equal(lifecycle_stages(again), stages)
    assert lifecycle_stages(again).attrs == stages.attrs
    assert public_ids(again, pd.Series(figures.index)).tolist() == names.tolist()


def test_another_day_another_figure_and_other_tables_are_asked_anew(shop):
    crm = open_workspace(shop)
    whole = compute_indicators(crm)
    earlier = compute_indicators(crm.at("2024-05-31"))
    assert earlier["order_count"].sum() < whole["order_count"].sum()
    assert list(compute_indicators(crm, ["spend_total"])) == ["spend_total"]
    (shop / "crm.toml").write_text(CONFIG.replace("'tea'", "'milk'"))
    assert compute_indicators(open_workspace(shop))["tea_spend"].ne(whole["tea_spend"]).any()
    lines = pd.read_csv(shop / "lines.csv").assign(net_amount=1.0)
    lines.to_csv(shop / "lines.csv", index=False)
    assert compute_indicators(open_workspace(shop))["spend_total"].sum() == len(lines)


def test_a_damaged_answer_is_made_again(shop):
    whole = compute_indicators(open_workspace(shop))
    damaged = list(shop.glob(".prepared/*/results/answer-*/answer.parquet"))
    assert damaged and all(path.stat().st_mode & 0o077 == 0 for path in damaged)
    for path in damaged:
        content = bytearray(path.read_bytes())
        content[len(content) // 4] ^= 255
        path.write_bytes(content)
    pd.testing.assert_frame_equal(compute_indicators(open_workspace(shop)), whole)


def test_what_is_quick_and_what_lies_in_memory_is_not_kept(shop, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_SECONDS", 60)
    crm = open_workspace(shop)
    compute_indicators(crm)
    assert not list(shop.glob(".prepared/*/results"))
    made = []
    for _ in range(2):
        frame = kept_answer(_in_memory(), "x", make=lambda: pd.DataFrame({"a": [made.append(1)]}))
    assert len(made) == 2 and list(frame) == ["a"]


def test_what_two_ask_for_at_once_is_made_once(shop, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_SECONDS", 0)
    crm, made, begun = open_workspace(shop), [], Event()

    def slow():
        made.append(1)
        begun.set()
        sleep(0.3)
        return pd.DataFrame({"a": [len(made)]})

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept_answer, crm, "slow", make=slow)
        assert begun.wait(10)
        second = pool.submit(kept_answer, crm, "slow", make=slow)
        assert [one.result()["a"].tolist() for one in (first, second)] == [[1], [1]]
    assert len(made) == 1


def _in_memory():
    return Crm.from_frames(as_of="2024-01-01", products=pd.DataFrame({"product_id": ["tea"]}))
