"""SQL of a column that looks at other rows: what passes means the same each time, nothing else passes."""

import pandas as pd
import pytest

import crmlib
from crmlib.prepare.config.read import vocabulary_mistakes
from crmlib.prepare.engine import Engine
from crmlib.prepare.expressions import parse_expression
from crmlib.schema.errors import ConfigError

COLUMNS = ("o", "x", "d", "s")
ROWS = [("1", 5, 1, "a"), ("2", 7, 1, None), ("1", 3, 1, None), ("1", None, 0, "c"), ("2", 1, 2, "z")]


def checked(sql, **given):
    return parse_expression(sql, columns=COLUMNS, aggregate=False, key_path="k", windows=True, **given).sql


def answers(sql, rows=ROWS):
    """One answer a row, the rows lying in any order in the engine."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"x": "Int64"})
    frame = frame.assign(_file="f", _row=range(2, len(frame) + 2)).sample(frac=1, random_state=3)
    with Engine() as engine:
        engine.register("t", frame)
        return [row[0] for row in engine.rows(f"select {checked(sql)} from t order by _row")]


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("sum(x) over (partition by o)", [8, 8, 8, 8, 8]),
        ("x / sum(x) over (partition by o)", [0.625, 0.875, 0.375, None, 0.125]),
        ("count(*) over (partition by o, d)", [2, 1, 2, 1, 1]),
        ("row_number() over (partition by o)", [1, 1, 2, 3, 2]),
        ("row_number() over (partition by o order by d)", [2, 1, 3, 1, 2]),
        ("row_number() over (partition by o order by d desc) = 1", [True, False, False, False, True]),
        ("last_value(s ignore nulls) over (partition by o)", ["a", None, "a", "c", "z"]),
        ("coalesce(s, last_value(s ignore nulls) over (partition by o))", ["a", None, "a", "c", "z"]),
        ("first_value(x) over (partition by o)", [5, 7, 5, 5, 7]),
        ("lag(x) over (partition by o)", [None, None, 5, 3, 7]),
        ("lead(s, 1, '-') over (partition by o)", [None, "z", "c", "-", "-"]),
        ("max(s) over (partition by o)", ["c", "z", "c", "c", "z"]),
        ("rank() over (partition by o order by d)", [2, 1, 2, 1, 2]),
        ("sum(x) filter (where d > 0) over (partition by o)", [8, 8, 8, 8, 8]),
        ("sum(x) over (partition by o order by d rows unbounded preceding)", [5, 7, 8, None, 8]),
        ("sum(x) over (partition by o order by d)", [8, 7, 8, None, 8]),
        ("sum(x) over (partition by o order by d range between 1 preceding and current row)", [8, 7, 8, None, 8]),
    ],
)  # fmt: skip
def test_a_window_gives_what_sql_says_whatever_the_order_of_the_rows(sql, wanted):
    assert answers(sql) == wanted


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("sum(x) over ()", "partition by"),
        ("row_number() over (order by x)", "partition by"),
        ("row_number()", "many rows"),
        ("sum(x)", "many rows"),
        ("sum(x) + sum(x) over (partition by o)", "many rows"),
        ("last_value(x ignore nulls)", "ignore nulls|many rows"),
        ("sum(x) over w", "where it is used"),
        ("sum(x) over (w partition by o)", "where it is used"),
        ("lower(s) over (partition by o)", "no window function"),
        ("sum(sum(x)) over (partition by o)", "many rows"),
        ("sum(sum(x) over (partition by o)) over (partition by o)", "inside another"),
        ("sum(x) over (partition by row_number() over (partition by o))", "inside another"),
        ("first(x) over (partition by o)", "order of the rows"),
        ("array_agg(x) over (partition by o)", "order of the rows"),
        ("any_value(x) over (partition by o)", "order of the rows"),
        ("sum(random()) over (partition by o)", "repeatable"),
        ("sum(x) over (partition by now())", "clock"),
        ("sum(x) over (partition by (select 1))", "subquery"),
        ("sum(x) over (partition by o order by (select max(d) from t))", "subquery"),
        ("sum(x) over (partition by read_text('/etc/passwd'))", "read_text"),
        ("sum(x) over (partition by getenv('HOME'))", "getenv"),
        ("read_csv('x') over (partition by o)", "read_csv"),
        ("sum(x) over (partition by t.o)", "dot"),
        ("sum(x) over (partition by other)", "no column other"),
        ("sum(x) over (partition by _row)", "no column _row"),
        ("sum(x) over (partition by o order by d groups 2 preceding)", "groups|GROUPS|frame"),
        ("sum(x) over (partition by o order by d rows current row exclude ties)", "exclude|EXCLUDE|no SQL"),
        ("sum(x) over (partition by o); drop table t", "more than one statement"),
        ("sum(x) over (partition by o) from t", "from|FROM|no SQL"),
        ("sum(x) over (partition by o) qualify 1", "no SQL|qualify|AS"),
        ("over", "no column over|over is refused|no SQL"),
    ],
)
def test_what_is_no_plain_window_is_refused(sql, why):
    with pytest.raises(ConfigError, match=f"^k: .*({why})"):
        checked(sql)


def test_windows_stay_refused_where_rows_are_no_rows_of_a_source():
    for aggregate, context in ((True, "indicator"), (False, "customer type")):
        with pytest.raises(ConfigError, match="window"):
            parse_expression(
                "sum(x) over (partition by o)",
                columns=COLUMNS,
                aggregate=aggregate,
                key_path="k",
                context=context,
            )
    document = {"indicators": {"mine": {"over": "orders", "sql": "sum(x) over (partition by o)"}}}
    assert "window" in next(iter(vocabulary_mistakes(document))).says


def test_an_export_that_names_the_order_on_its_first_line_only(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "Name,Email,Created at,Total,Lineitem sku,Lineitem price\n"
        "#1,ann@x.org,2020-01-05,30,a,10\n#1,,,,b,20\n#2,bo@x.org,2020-01-06,5,a,4\n#1,,,,c,0\n"
    )
    (tmp_path / "crm.toml").write_text("""
currency = "EUR"
[tables.transactions]
from = "orders.csv"
where = [{ sql = "sum(\\"Lineitem price\\") over (partition by Name) > 4", reason = "small orders" }]
[tables.transactions.columns]
order_id = "Name"
product_id = "Lineitem sku"
customer_id = { sql = "max(Email) over (partition by Name)" }
ordered_at = { sql = "last_value(\\"Created at\\" ignore nulls) over (partition by Name)" }
net_amount = { sql = '''
  "Lineitem price" * max(Total) over (partition by Name) / sum("Lineitem price") over (partition by Name)''' }
quantity = { sql = "row_number() over (partition by Name)" }
""")  # fmt: skip
    crm = crmlib.open_workspace(tmp_path)
    lines = crm.frame("transactions", ["product_id", "customer_id", "net_amount", "quantity"])
    assert lines.sort_values("quantity").to_numpy().tolist() == [
        ["a", "ann@x.org", 10.0, 1], ["b", "ann@x.org", 20.0, 2], ["c", "ann@x.org", 0.0, 3]
    ]  # fmt: skip
    aside = crm.checks.set_aside["transactions"]
    assert aside[["row", "reason"]].to_numpy().tolist() == [[4, "filtered: small orders"]]
