"""Tables and results for other tools: nothing personal unless asked for, words as words, cells inert."""

import stat

import pandas as pd
import pytest
from typer.testing import CliRunner

import crmlib
from crmlib.cli import app
from crmlib.prepare.privacy import looks_like_pseudonym
from crmlib.present.export import FORMATS, export_workspace
from crmlib.schema.errors import ParameterError
from crmlib.schema.tables import TABLES

CONFIG = """
currency = "EUR"
[tables.transactions]
from = "orders.csv"
[tables.customers]
from = "customers.csv"
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "crm.toml").write_text(CONFIG)
    lines = [f"{i},p{i % 7},c{i % 40},2020-0{i % 9 + 1}-11 10:00,{i}.25" for i in range(400)]
    (folder / "orders.csv").write_text(
        "order_id,product_id,customer_id,ordered_at,net_amount\n" + "\n".join(lines)
    )
    people = [
        f"c{i},Ann {i},a{i}@x.example,{'=1+1' if i % 2 else 'Köln'},2019-05-0{i % 9 + 1},yes"
        for i in range(40)
    ]
    header = "customer_id,name,email,region,signed_up_on,email_consent\n"
    (folder / "customers.csv").write_text(header + "\n".join(people))
    return folder


def exported(folder, target, *options):
    done = CliRunner().invoke(app, ["export", str(folder), "--to", str(target), *options])
    assert done.exit_code == 0, done.output
    return done.output


def read(path):
    if path.suffix == ".sav":
        return pytest.importorskip("pyreadstat").read_sav(str(path), apply_value_formats=True)[0]
    if path.suffix == ".xlsx":
        return pd.read_excel(path, engine="calamine")
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_holds_all_rows_and_nothing_personal(folder, tmp_path, kind):
    if kind == "spss":
        pytest.importorskip("pyreadstat")
    exported(folder, tmp_path / "out", "--format", kind)
    files = {path.stem: path for path in (tmp_path / "out").iterdir()}
    assert set(files) == {"transactions", "customers", "indicators", "labels", "worklist"}
    crm = crmlib.open_workspace(folder)
    for name, path in files.items():
        frame = read(path)
        private = {f.name for f in TABLES["customers"].fields if f.privacy != "internal"}
        assert not private & set(frame.columns), name
        assert frame["customer_id"].map(looks_like_pseudonym).all(), name
        assert stat.S_IMODE(path.stat().st_mode) & 0o040, "others of the house may read what is not personal"
    assert len(read(files["transactions"])) == len(crm.frame("transactions")) == 400
    assert read(files["transactions"])["net_amount"].sum() == pytest.approx(
        crm.frame("transactions")["net_amount"].sum()
    )
    assert len(read(files["indicators"])) == len(read(files["labels"])) == 40
    assert read(files["labels"])["state"].notna().all()


def test_personal_columns_come_only_when_asked_and_for_the_owner_alone(folder, tmp_path):
    exported(folder, tmp_path / "out", "--personal")
    for path in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    people = read(tmp_path / "out" / "customers.parquet")
    assert (
        people["email"].tolist()[:1] == ["a0@x.example"] and people["customer_id"].str.startswith("c").all()
    )
    assert not read(tmp_path / "out" / "worklist.parquet")["customer_id"].map(looks_like_pseudonym).any()


def test_cells_of_csv_are_inert(folder, tmp_path):
    exported(folder, tmp_path / "out", "--format", "csv")
    assert set(read(tmp_path / "out" / "customers.csv")["region"]) == {"'=1+1", "Köln"}


def test_an_spss_file_goes_out_and_comes_back_with_its_words(folder, tmp_path):
    pytest.importorskip("pyreadstat")
    exported(folder, tmp_path / "out", "--format", "spss", "--personal")
    for name in ("orders.csv", "customers.csv"):
        (folder / name).unlink()
    for name in ("transactions", "customers"):
        (tmp_path / "out" / f"{name}.sav").rename(folder / f"{name}.sav")
    before = {name: read(folder / f"{name}.sav") for name in ("transactions", "customers")}
    (folder / "crm.toml").write_text(
        CONFIG.replace("orders.csv", "transactions.sav").replace("customers.csv", "customers.sav")
    )
    crm = crmlib.open_workspace(folder)
    people, lines = crm.frame("customers"), crm.frame("transactions")
    assert set(people["region"]) == {"=1+1", "Köln"} and people["email_consent"].all()
    assert people["signed_up_on"].astype("str").iloc[0] == "2019-05-01"
    assert lines["order_id"].tolist() == before["transactions"]["order_id"].tolist()
    assert lines["net_amount"].sum() == pytest.approx(before["transactions"]["net_amount"].sum())
    assert str(lines["ordered_at"].iloc[0]) == "2020-01-11 10:00:00"


def test_a_format_that_is_not_known_is_answered_with_the_nearest(folder, tmp_path):
    with pytest.raises(ParameterError, match="'parquet'"):
        export_workspace(crmlib.open_workspace(folder), tmp_path / "out", kind="parqet")
