"""Rules and offers that were born, died or changed between two looks."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib.analyse.changes import keep_offers, keep_rules, turnover
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import kept_key
from crmlib.present.reports.changes.say import rules_turnover, turnover_paragraph


def rules(*rows, item="category"):
    columns = ["if", "then", "count", "confidence_pct"]
    return SimpleNamespace(item=item, pairs=pd.DataFrame(list(rows), columns=columns))


def offers(**products):
    rows = [(f"c{i}", product) for product, n in products.items() for i in range(n)]
    return SimpleNamespace(table=pd.DataFrame(rows, columns=["customer_id", "product"]))


@pytest.fixture()
def crm(tmp_path):
    lines = pd.DataFrame(
        {"order_id": ["1"], "product_id": "a", "ordered_at": "2024-01-01", "net_amount": 1.0}
    )
    found = replace(
        Crm.from_frames(as_of="2024-03-31", transactions=lines), config=SimpleNamespace(root=tmp_path)
    )
    yield found
    found.engine.close()


def test_what_came_up_and_went_is_counted_against_the_last_look(crm):
    then = replace(crm, as_of=pd.Timestamp("2024-02-29"))
    keep_rules(then, rules(("tea", "cups", 40, 30.0), ("tea", "milk", 60, 20.0), ("cups", "tea", 40, 50.0)))
    keep_offers(then, offers(cups=5, milk=3))
    assert turnover(then) is None and turnover(crm) is None, "one look is no comparison"
    keep_rules(crm, rules(("tea", "cups", 50, 41.0), ("cups", "tea", 50, 52.0), ("pot", "tea", 12, 33.0)))
    keep_offers(crm, offers(cups=4, pot=7))
    found = turnover(crm)
    told = found.rules[["change", "if", "then"]].to_numpy().tolist()
    assert told == [["died", "tea", "milk"], ["changed", "tea", "cups"], ["born", "pot", "tea"]]
    assert found.rule_counts == (3, 3) and found.customers == (5, 7)
    assert found.offers.to_numpy().tolist() == [["born", "pot", 7], ["died", "milk", 3]]
    said = " ".join(map(str, turnover_paragraph(found))).replace("\xa0", " ")
    assert "1 rule on what is bought together came up and 1 no longer holds (3 then, 3 now); 1 moved" in said
    assert "“pot” also buys “tea”, in 33 % of the orders (12 orders with both)" in said
    assert "“milk”; it did in 20 %" in said and "in 41 % of the orders, 30 % then" in said
    assert "1 product is offered that was not, “pot” to most (7 customers)" in said


def test_the_same_rules_are_said_to_be_the_same_and_other_levels_are_not_compared(crm):
    then = replace(crm, as_of=pd.Timestamp("2024-02-29"))
    keep_rules(then, rules(("tea", "cups", 40, 30.0)))
    keep_rules(crm, rules(("tea", "cups", 41, 30.5)))
    (said,) = rules_turnover(turnover(crm))
    assert "those of the last look, as of 29 February 2024" in str(said).replace("\xa0", " ")
    keep_rules(crm, rules(("x", "y", 41, 30.5), item="product_id"))
    assert turnover(crm) is None and rules_turnover(None) == []
    assert "no earlier look" in str(turnover_paragraph(None)[0])


def test_the_secret_of_a_workspace_is_made_once(crm, monkeypatch):
    first = kept_key(crm)
    assert first and kept_key(crm) == first
    file = crm.config.root / ".kept" / "key"
    monkeypatch.setattr(type(file), "is_file", lambda self: False)
    assert kept_key(crm) == first, "a report that comes at the same time takes the secret that is there"
    assert [one.name for one in file.parent.iterdir()] == ["key"]
