"""Whatever a workspace asks for in vain is answered in a line or two, never by the engine itself."""

import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmlib import open_workspace
from crmlib.prepare.clock import closing_moment
from crmlib.schema.errors import ConfigError, CrmlibError, ParameterError, SourceError

EXPORT = "order_id,product_id,ordered_at,net_amount,customer_id,email\n1,a,2020-01-05,9.5,c1,x@y\n"


def workspace(folder, config="", *, export=EXPORT, source="t.csv", top=""):
    if isinstance(export, str):
        export = export.encode()
    (folder / "t.csv").write_bytes(export)
    text = f'currency = "EUR"\n{top}[tables.transactions]\nfrom = "{source}"\n{config}'
    (folder / "crm.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    "sql",
    [
        "'now'::timestamp", "date 'today'", "cast(email as date)", "not email", "strptime('now', '%c')",
        "repeat(repeat('x', 10000), 1000000)",
    ],
)  # fmt: skip
def test_sql_that_cannot_be_computed_is_refused_at_its_key(tmp_path, sql):
    folder = workspace(tmp_path, f'[tables.transactions.columns]\ncustomer_id = {{ sql = "{sql}" }}\n')
    with pytest.raises(
        ConfigError, match=r"^tables.transactions.columns.customer_id: the engine cannot"
    ) as refused:
        open_workspace(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("sql", ["net_amount", "'x'", "ordered_at::timestamp < 'now'"])
def test_a_filter_that_is_no_condition_is_refused_at_its_key(tmp_path, sql):
    folder = workspace(tmp_path, f'[[tables.transactions.where]]\nsql = "{sql}"\nreason = "r"\n')
    with pytest.raises(ConfigError, match=r"^tables.transactions.where\[0\]: the engine cannot"):
        open_workspace(folder)


@pytest.mark.parametrize("source", ["a" * 5000 + ".csv", "***", "a**b/*.csv", "loop.csv"])
def test_paths_that_cannot_be(tmp_path, source):
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(SourceError, match="is no usable path") as refused:
        open_workspace(workspace(tmp_path, source=source))
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("value", ["nan", "inf", "1e400"])
def test_a_constant_is_finite(tmp_path, value):
    folder = workspace(tmp_path, f"[tables.transactions.columns]\nnet_amount = {{ value = {value} }}\n")
    with pytest.raises(ConfigError, match="wants one constant"):
        open_workspace(folder)


def test_an_encoding_stated_wrongly(tmp_path):
    with pytest.raises(SourceError, match="is not utf-16"):
        open_workspace(workspace(tmp_path, 'encoding = "utf-16"\n', export=EXPORT.encode() * 2))


def test_a_closing_moment_beyond_the_calendar():
    with pytest.raises(ParameterError, match="out of range"):
        closing_moment("9999-12-31", time_zone="America/New_York")


def test_long_text_is_searched_for_secrets_in_no_time(tmp_path):
    began = time.process_time()
    open_workspace(workspace(tmp_path, top=f'name = "{"y" * 1_000_000}"\n'))
    assert time.process_time() - began < 10


def test_many_mistakes_are_counted_not_listed(tmp_path):
    many = "".join(f"k{i} = 1\n" for i in range(5000))
    with pytest.raises(ConfigError, match="4,980 more mistakes") as refused:
        open_workspace(workspace(tmp_path, top=many))
    assert len(str(refused.value).splitlines()) == 21


def test_columns_may_have_the_names_of_our_own(tmp_path):
    theirs = "reason,file,row,text,_file,_row,_bits,_hash,_keep_0,rowid"
    header = f"order_id,product_id,ordered_at,net_amount,{theirs}\n"
    export = f"{header}1,a,2020-01-05,1,{theirs}\n,a,2020-01-05,1,{theirs}\n"
    crm = open_workspace(workspace(tmp_path, export=export))
    (aside,) = crm.checks.set_aside["transactions"].to_dict("records")
    assert aside["reason"].startswith("missing_required") and len(crm.frame("transactions")) == 1


def test_lists_of_a_parquet_file_are_read_as_text_or_refused(tmp_path):
    columns = {
        "order_id": ["1"],
        "product_id": [["a", "b"]],
        "ordered_at": ["2020-01-05"],
        "net_amount": [1.5],
    }
    folder = workspace(tmp_path, source="t.parquet")
    pq.write_table(pa.table(columns), folder / "t.parquet")
    assert open_workspace(folder).frame("transactions").product_id.item() == "[a, b]"
    pq.write_table(
        pa.table(columns | {"net_amount": [[1.5]], "ordered_at": [["2020"]]}), folder / "t.parquet"
    )
    with pytest.raises(CrmlibError):
        open_workspace(folder)
