"""Loads that add up: what is new is merged, late corrections win, nothing is lost, and nothing is half done."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

import crmlib
from crmlib.schema.errors import ConfigError, SourceError

HEADER = "order_id,line_no,product_id,ordered_at,net_amount,changed\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "acme"


def workspace(folder, mode, *extra, source="orders*.csv"):
    folder.mkdir(exist_ok=True)
    lines = [
        'currency = "EUR"',
        "as_of = 2020-12-31",
        "[tables.transactions]",
        f'from = "{source}"',
        f'mode = "{mode}"',
    ]
    (folder / "crm.toml").write_text("\n".join([*lines, *extra]) + "\n")


def export(folder, name, *rows):
    (folder / name).write_text(HEADER + "".join(f"{row}\n" for row in rows))


def amounts(folder):
    frame = crmlib.open_workspace(folder).frame("transactions")
    return dict(zip(frame["order_id"] + "/" + frame["line_no"].astype(str), frame["net_amount"], strict=True))


def generations(folder):
    return sorted(path.name for path in (folder / ".loaded").glob("0*"))


def test_append_keeps_files_that_are_gone_and_adds_new_ones_and_new_rows(folder):
    workspace(folder, "append")
    export(folder, "orders-1.csv", "1,1,a,2020-01-05,10,", "2,1,a,2020-01-06,20,")
    assert amounts(folder) == {"1/1": 10, "2/1": 20}
    (folder / "orders-1.csv").unlink()
    assert amounts(folder) == {"1/1": 10, "2/1": 20}, (
        "nothing new: the pattern matches no file, and that is fine"
    )
    export(folder, "orders-2.csv", "3,1,a,2020-02-05,30,")
    assert amounts(folder) == {"1/1": 10, "2/1": 20, "3/1": 30}
    export(folder, "orders-2.csv", "3,1,a,2020-02-05,30,", "4,1,a,2020-02-06,40,")
    assert amounts(folder) == {"1/1": 10, "2/1": 20, "3/1": 30, "4/1": 40}, "the file grew by a line"
    export(folder, "orders-2.csv", "5,1,a,2020-02-07,50,")
    assert len(amounts(folder)) == 5, "a file that is written over each night adds its rows"


def test_append_keeps_two_equal_lines_of_one_file_and_adds_neither_again(folder):
    workspace(folder, "append", "[tables.transactions.columns]", "line_no = { value = 1 }")
    (folder / "crm.toml").write_text((folder / "crm.toml").read_text().replace("line_no = { value = 1 }", ""))
    rows = "order_id,product_id,ordered_at,net_amount\n1,a,2020-01-05,10\n1,a,2020-01-05,10\n"
    (folder / "orders.csv").write_text(rows)
    assert len(crmlib.open_workspace(folder).frame("transactions")) == 2
    (folder / "orders.csv").write_text(rows + "2,a,2020-01-06,10\n")
    assert len(crmlib.open_workspace(folder).frame("transactions")) == 3


def test_the_latest_by_key_is_the_last_loaded_unless_a_column_says(folder):
    workspace(folder, "latest_by_key")
    export(folder, "orders-1.csv", "1,1,a,2020-01-05,10,5", "2,1,a,2020-01-06,20,1")
    amounts(folder)
    export(folder, "orders-2.csv", "1,1,a,2020-01-05,11,4", "3,1,a,2020-01-06,30,1")
    assert amounts(folder) == {"1/1": 11, "2/1": 20, "3/1": 30}
    assert "rows replaced by later ones: 1." in crmlib.open_workspace(folder).checks.sources["note"].iloc[0]
    workspace(folder, "latest_by_key", 'latest_by = "changed"')
    shutil.rmtree(folder / ".loaded")
    assert amounts(folder) == {"1/1": 10, "2/1": 20, "3/1": 30}, "the older change loses, whenever it came"


@pytest.mark.parametrize(
    ("older", "newer"),
    [("9", "10"), ("2020-02-01", "2020-10-01"), ("01.02.2020", "01.10.2020"), ("", "2020-01-01")],
)
def test_latest_by_reads_moments_and_numbers(folder, older, newer):
    workspace(folder, "latest_by_key", 'latest_by = "changed"', 'date_formats = ["%d.%m.%Y", "%Y-%m-%d"]')
    export(folder, "orders-1.csv", f"1,1,a,2020-01-05,10,{newer}")
    amounts(folder)
    export(folder, "orders-2.csv", f"1,1,a,2020-01-05,11,{older}")
    assert amounts(folder) == {"1/1": 10}


def test_rows_that_a_full_export_lacks_are_kept_and_marked(folder):
    workspace(folder, "full", source="orders.csv")
    export(folder, "orders.csv", "1,1,a,2020-01-05,10,", "2,1,a,2020-01-06,20,")
    amounts(folder)
    export(folder, "orders.csv", "1,1,a,2020-01-05,12,", "3,1,a,2020-01-07,30,")
    assert amounts(folder) == {"1/1": 12, "2/1": 20, "3/1": 30}
    found = crmlib.open_workspace(folder).checks.summary.set_index("check")
    assert (found.loc["vanished", "rows"], found.loc["vanished", "policy"]) == (1, "warn")
    workspace(folder, "full", "[tables.transactions.checks]", 'vanished = "set_aside"', source="orders.csv")
    assert amounts(folder) == {"1/1": 12, "3/1": 30}
    assert crmlib.open_workspace(folder).checks.set_aside["transactions"]["order_id"].tolist() == ["2"]
    export(folder, "orders.csv", "1,1,a,2020-01-05,12,", "2,1,a,2020-01-06,21,", "3,1,a,2020-01-07,30,")
    assert amounts(folder) == {"1/1": 12, "2/1": 21, "3/1": 30}, "a row that comes back is no longer marked"


def test_an_empty_full_export_changes_nothing(folder):
    workspace(folder, "full", source="orders.csv")
    export(folder, "orders.csv", "1,1,a,2020-01-05,10,")
    amounts(folder)
    export(folder, "orders.csv")
    with pytest.raises(SourceError, match="has no row"):
        crmlib.open_workspace(folder)
    assert generations(folder) == ["000001"]


@pytest.mark.parametrize("mode", ["append", "latest_by_key", "full"])
def test_loading_twice_changes_nothing(folder, mode):
    workspace(folder, mode)
    export(folder, "orders-1.csv", "1,1,a,2020-01-05,10,", ",1,a,2020-01-06,20,", "2,1,a,2020-01-06,x,")
    first = crmlib.open_workspace(folder)
    again = crmlib.open_workspace(folder)
    assert generations(folder) == ["000001"]
    pd.testing.assert_frame_equal(first.frame("transactions"), again.frame("transactions"))
    (folder / "orders-1.csv").touch()
    shutil.rmtree(folder / ".prepared")
    pd.testing.assert_frame_equal(first.checks.counts, crmlib.open_workspace(folder).checks.counts)
    assert generations(folder) == ["000001"]


def test_a_load_that_cannot_be_read_leaves_the_last_one(folder):
    workspace(folder, "append")
    export(folder, "orders-1.csv", "1,1,a,2020-01-05,10,")
    amounts(folder)
    (folder / "orders-2.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="is empty"):
        crmlib.open_workspace(folder)
    (folder / "orders-2.csv").unlink()
    assert amounts(folder) == {"1/1": 10} and generations(folder) == ["000001"]


def test_a_new_column_and_another_type_fit_in(folder):
    workspace(folder, "latest_by_key", source="orders*.parquet")
    lines = pd.DataFrame({"order_id": [1], "line_no": [1], "product_id": ["a"], "ordered_at": ["2020-01-05"],
                          "net_amount": [1.5]})  # fmt: skip
    lines.to_parquet(folder / "orders-1.parquet")
    amounts(folder)
    lines.assign(order_id="00X", quantity=3).to_parquet(folder / "orders-2.parquet")
    frame = crmlib.open_workspace(folder).frame("transactions").set_index("order_id")
    assert frame["quantity"].to_dict() == pytest.approx({"1": float("nan"), "00X": 3}, nan_ok=True)


@pytest.mark.parametrize(
    ("mode", "extra", "why"),
    [
        ("full", 'key = ["nummer"]', "tables.transactions.key.0.: its source has no column 'nummer'"),
        ("latest_by_key", 'latest_by = "chnged"', "Did you mean 'changed'"),
        ("append", 'key = ["order_id"]', "wants mode"),
        ("append", 'latest_by = "changed"', "wants mode"),
        ("apend", "", "is not known; write"),
    ],
)
def test_a_mode_that_cannot_work_says_what_to_do(folder, mode, extra, why):
    workspace(folder, mode, extra)
    export(folder, "orders.csv", "1,1,a,2020-01-05,10,")
    with pytest.raises(ConfigError, match=why):
        crmlib.open_workspace(folder)


def test_a_table_without_its_whole_key_says_what_to_do(folder):
    workspace(folder, "full")
    (folder / "orders.csv").write_text("order_id,product_id,ordered_at,net_amount\n1,a,2020-01-05,10\n")
    with pytest.raises(ConfigError, match=r"needs a key\. Map order_id and line_no"):
        crmlib.open_workspace(folder)
    workspace(folder, "full", 'key = ["order_id"]')
    assert len(crmlib.open_workspace(folder).frame("transactions")) == 1


def test_the_store_is_the_owners_alone(folder):
    workspace(folder, "append")
    export(folder, "orders.csv", "1,1,a,2020-01-05,10,")
    amounts(folder)
    assert (folder / ".loaded").stat().st_mode & 0o077 == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the processor time of another process")
def test_a_load_killed_at_fifty_moments_is_whole_or_absent(folder):
    workspace(folder, "latest_by_key")
    done = subprocess.run(
        [sys.executable, "-m", "tests.prepare.killed_loads", str(folder), "50"], capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    old, new, broken, _ = map(int, done.stdout.split())
    assert broken == 0 and old + new == 50 and old >= 5 and new >= 1
