"""Words of many rows at once are those of each row alone, whatever the figures."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.worklist import COLUMNS, FACTS, TASKS, Worklist
from crmlib.present import claims, messages, numbers
from crmlib.present.reports.value.show import CREDIT_WORDS, credit_reason_words
from crmlib.present.reports.worklist import show
from crmlib.present.reports.worklist.say import WORK_REASONS, work_reason, work_reasons, work_step

MAKE = {kind: getattr(claims, kind) for kind in ("count", "share", "days", "times", "number", "points")}
MAKE["money"] = lambda x: claims.money(x, "EUR")
EDGES = [
    *(
        0,
        -0.0,
        1,
        1.0,
        2,
        -1,
        0.5,
        1 / 24,
        0.0001,
        0.004,
        0.005,
        0.0095,
        0.01,
        0.0949,
        0.095,
        0.995,
        0.999,
        1.004,
    ),
    *(
        1.005,
        1.009,
        1.01,
        1.011,
        9.94,
        9.95,
        9.96,
        99.49,
        99.5,
        99.55,
        99.999,
        100,
        999.5,
        9_999,
        9_999.5,
        10_000,
    ),
    *(12_345, 999_499, 999_500, 1e6, 1.005e6, 1e12, 1e-7, np.nan, np.inf, -np.inf, None),
]


def figures(rows, seed):
    """Figures of every size, some whole, some unknown, some on the edges of how numbers are written."""
    random = np.random.default_rng(seed)
    drawn = 10.0 ** random.uniform(-4, 7, rows) * random.choice([1, 1, 1, -1], rows)
    drawn = np.where(random.random(rows) < 0.3, drawn.round(), drawn)
    near = np.where(random.random(rows) < 0.3, random.uniform(0, 101, rows), drawn)
    edges = np.array(EDGES, dtype=float)[random.integers(0, len(EDGES), rows)]
    return pd.Series(np.where(random.random(rows) < 0.2, edges, near))


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_a_number_is_written_as_those_that_look_like_it(kind):
    values = [*EDGES, *figures(600, seed=7)]
    for language in ("en", "zh"):
        for value in values:
            if kind == "money":
                alone = numbers.money(value, "EUR", locale=language)
            else:
                alone = numbers._KINDS[kind](value, locale=language)
            assert numbers.of_kind(value, kind, unit="EUR", locale=language) == alone, value


FORMS = """
m-plain = { $x } of “{ $s }”
m-choice =
    { $n ->
        [unknown] nothing known, { $x }
        [0] none
        [1] the only one, { $x }
        [one] one and no more
       *[other] { $n } { PLURAL($n, zero: "none", one: "row", other: "rows") } and { $x }
    }
m-nested =
    { $s ->
        [deal] { PLURAL($x, one: "a", other: "b") } { $n }
       *[other] { $n ->
            [2] two of { CAPITAL($s) }
           *[other] { INLINE($s) } and { $x }
        }
    }
m-fixed = { $fixed } of { $n }
m-bare = no fact at all
"""


@pytest.mark.parametrize("key", ["m-plain", "m-choice", "m-nested", "m-fixed", "m-bare"])
@pytest.mark.parametrize("kind", sorted(MAKE))
def test_a_message_takes_the_same_form_for_a_row_alone_and_among_many(key, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    (tmp_path / "en").mkdir()
    known = (messages.Path(messages.__file__).parent / "words/en/numbers.ftl").read_text(encoding="utf-8")
    (tmp_path / "en" / "m.ftl").write_text(known + FORMS, encoding="utf-8")
    table = pd.DataFrame({"x": figures(90, 1), "n": pd.Series(np.random.default_rng(2).integers(0, 5, 90))})
    table["n"] = table["n"].astype("Int64").mask(table["n"] == 4)
    table["s"] = (
        pd.Series(["deal", "Tea \ue002 { $x }", "ale\n of x"]).sample(90, replace=True, random_state=3).array
    )
    made = MAKE[kind]

    def said(rows):
        facts = {
            "x": made(rows.x),
            "n": claims.count(rows.n),
            "s": claims.name(rows.s),
            "fixed": claims.days(3),
        }
        return claims.claim(key, **facts)

    together = said(table).texts(len(table))
    assert list(together) == [str(said(row)) for row in table.itertuples()]


def work(rows, seed):
    """A worklist with every reason, and figures of every size."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({name: figures(rows, seed + at) for at, name in enumerate(FACTS)})
    for name in ("left_on", "said_on", "bought_on", "next_planned_on"):
        days = pd.Timestamp("2024-01-31") - pd.to_timedelta(random.integers(0, 900, rows), unit="D")
        table[name] = pd.Series(days).mask(random.random(rows) < 0.2)
    texts = [None, "deal", "offer", "TEA \n 12", "a, b; =1"]
    for name in ("deal_stage", "next_step", "growth_category", "product"):
        table[name] = pd.Series(random.choice(np.array(texts, dtype=object), rows))
    table["themes"] = pd.Series(random.choice(np.array([None, None, None, "price", "price|delivery"]), rows))
    task = [TASKS[at] for at in random.integers(0, len(TASKS), rows)]
    given = {
        name: [getattr(one, name) for one in task]
        for name in ("reason", "action", "step", "evidence", "strength")
    }
    also = [() if at else ("keep", "offer") for at in random.integers(0, 2, rows)]
    table = table.assign(**given, customer_id="c", opportunity_id=None, owner_id=None, also=pd.Series(also))
    table = table.assign(turn="first", by_when=pd.Timestamp("2024-02-01"), at_stake=1.0, source="value")
    return Worklist(table=table[[*COLUMNS, *FACTS]], as_of_on=pd.Timestamp("2024-01-31"), currency="EUR")


def test_a_worklist_says_of_each_row_what_the_row_alone_would_say():
    found = work(600, seed=11)
    alone = [str(work_reason(row, currency="EUR")) for row in found.table.itertuples()]
    assert list(work_reasons(found.table, currency="EUR")) == alone
    shown = show._in_words(found)
    assert shown["step"].tolist() == [str(work_step(row)) for row in found.table.itertuples()]
    assert set(shown["also"].dropna()) == {"Keep, Offer"}
    assert len(set(found.table["reason"])) == len(WORK_REASONS.members)


def test_rows_out_of_order_keep_their_own_words():
    table = work(200, seed=5).table
    mixed = table.sample(frac=1, random_state=1)
    said = pd.Series(work_reasons(mixed, currency="EUR"), index=mixed.index).sort_index()
    assert said.tolist() == list(work_reasons(table, currency="EUR"))


def test_reasons_of_credit_are_put_together_from_their_parts():
    random = np.random.default_rng(3)
    poor = pd.DataFrame(
        {
            "judged_invoice_count": random.integers(1, 4, 500),
            "late_invoice_count": random.integers(0, 3, 500),
            "late_invoice_days": figures(500, 1).abs(),
            "invoice_overdue_days": figures(500, 2).abs(),
            "credit_used_pct": figures(500, 3),
            "credit_reason": random.choice(["late", "late overdue", "in_time limit few", "no_invoice"], 500),
        },
        index=[f"c{at}" for at in range(500)],
    )
    kinds = {
        "n": ("judged_invoice_count", claims.count),
        "late": ("late_invoice_count", claims.count),
        "days": ("late_invoice_days", claims.days),
        "overdue": ("invoice_overdue_days", claims.days),
        "used": ("credit_used_pct", claims.share),
    }
    alone = []
    for row in poor.to_dict("records"):
        facts = {name: make(row[column]) for name, (column, make) in kinds.items()}
        parts = [str(CREDIT_WORDS.claim(code, **facts)) for code in row["credit_reason"].split()]
        alone.append(f"{numbers.capital('; '.join(parts))}.")
    assert list(credit_reason_words(poor)) == alone
