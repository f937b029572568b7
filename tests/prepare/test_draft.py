import tomllib

import pytest

import crmlib
from crmlib.prepare.draft import draft_config, write_draft
from crmlib.schema.errors import ConfigError


def test_a_folder_of_exports_becomes_a_workspace_that_opens(tmp_path):
    (tmp_path / "orders 2020.csv").write_text(
        "Order No,SKU,Customer_ID,Order Date,Qty,Amount\n007,a,c1,2020-01-05,1,9.5\n"
    )
    (tmp_path / "articles.csv").write_text("sku;description;price\na;Tea;9,5\n")
    (tmp_path / "readme.txt").write_text("hello there\n")
    draft = draft_config(tmp_path, currency="EUR")
    assert draft.tables == {"transactions": "orders 2020.csv", "products": "articles.csv"}
    assert draft.gaps == ()
    write_draft(tmp_path, draft)
    with pytest.raises(ConfigError, match="there already"):
        write_draft(tmp_path, draft)
    crm = crmlib.open_workspace(tmp_path)
    assert crm.frame("transactions")["order_id"].tolist() == ["007"]
    assert crm.frame("products")["name"].tolist() == ["Tea"]


def test_what_is_not_found_is_said_and_left_open(tmp_path):
    (tmp_path / "orders.csv").write_text("invoice,sku,date,cents\n1,a,2020-01-05,950\n")
    draft = draft_config(tmp_path)
    assert draft.gaps == ("transactions.net_amount",)
    assert '# net_amount = "?"  # required: What was paid' in draft.text
    assert "# Their columns not used: cents" in draft.text


def test_hostile_names_stay_text(tmp_path):
    (tmp_path / 'a"] evil [b*.csv').write_text(
        'order_id,product_id,ordered_at,"net""\namount",amount\n1,a,2020-01-05,9,8\n'
    )
    draft = draft_config(tmp_path)
    parsed = tomllib.loads(draft.text)
    assert parsed["tables"]["transactions"]["from"] == 'a"] evil [b*.csv'
    assert parsed["tables"]["transactions"]["columns"]["net_amount"] in ('net"\namount', "amount")


def test_a_folder_without_orders_is_refused(tmp_path):
    (tmp_path / "people.csv").write_text("colour,size\nred,1\n")
    with pytest.raises(
        ConfigError, match=r"no file looks like transactions or opportunities \(seen: people.csv"
    ):
        draft_config(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        draft_config(tmp_path / "nowhere")
