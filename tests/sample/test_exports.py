"""The exports of the sample company: the same every time, whole, and as dirty as is said."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from crmlib.cli import app
from crmlib.measure.deals.stays import deals, stage_stays
from crmlib.sample.company import make_company
from crmlib.sample.dirt import write_company
from crmlib.schema.errors import CrmlibError, ParameterError
from crmlib.schema.tables import TABLES
from tests.sample.company import CONFIG, sample_crm, sample_folder, truth


def contents(folder):
    return {
        path.name: path.read_bytes() for part in ("exports", "truth") for path in (folder / part).iterdir()
    }


def test_another_process_writes_the_same_bytes(tmp_path):
    write_company(tmp_path / "one", scale=0.02, seed=3)
    program = (
        "import sys; from crmlib.sample.dirt import write_company as w; w(sys.argv[1], scale=0.02, seed=3)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "other")], check=True,
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    one, other = contents(tmp_path / "one"), contents(tmp_path / "other")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_another_seed_is_another_company():
    one, other = (make_company(scale=0.01, seed=seed) for seed in (1, 2))
    assert not one.deals.table["amount"].equals(other.deals.table["amount"])
    assert not one.customers["name"].equals(other.customers["name"])


def test_scale_multiplies():
    crm = sample_crm()
    sizes = {name: crm.engine.rows(f"select count(*) from {name}")[0][0] for name in TABLES}
    # Double entries have become one row.
    assert sizes["customers"] == 300 and 790 < sizes["opportunities"] < 820
    assert 5000 < sizes["transactions"] < 8000


def test_every_table_of_the_vocabulary_is_there_with_its_columns():
    crm = sample_crm()
    assert set(crm.tables) == set(TABLES) and crm.checks.missing == ()
    left_out = {"customers": {"income_band", "household_size"}}
    for name, spec in TABLES.items():
        assert set(spec.names) - set(crm.columns(name)) == left_out.get(name, set())
        columns = ", ".join(f'count("{column}")' for column in crm.columns(name))
        (counts,) = crm.engine.rows(f"select {columns} from {name}")
        empty = {column for column, count in zip(crm.columns(name), counts, strict=True) if not count}
        assert empty <= {"campaign_id"} and (not empty or name == "events"), (name, empty)


def test_the_checks_find_the_planted_dirt_and_nothing_else():
    planted = truth("dirt").query("check != ''").groupby(["table", "check", "column"])["rows"].sum()
    summary = sample_crm().checks.summary
    # What a person is asked to decide is a question, no finding.
    found = summary[summary["check"].ne("perhaps_same_customer")]
    found = found.set_index(["table", "check", "column"])["rows"]
    pd.testing.assert_series_equal(found.sort_index(), planted.sort_index(), check_dtype=False)


def test_stays_and_open_deals_come_out_as_they_were_drawn():
    crm = sample_crm()
    found, drawn = stage_stays(crm), truth("stays")
    seen = drawn[pd.to_datetime(drawn["entered_on"]) <= crm.as_of]
    dirt = truth("dirt").query("table == 'stage_history'").set_index("says")["rows"]
    assert (
        found.attrs["set_aside"]["overlapping"] == dirt["overlapping: left after the next stage was entered"]
    )
    assert found.attrs["set_aside"]["negative"] == dirt["left before entered"]
    keys = ["opportunity_id", "stage", "entered_on"]
    found["entered_on"] = found["entered_at"].dt.strftime("%Y-%m-%d")
    both = found.merge(seen, on=keys, suffixes=("", "_drawn"))
    assert len(both) == len(found) == len(seen)
    over = both["is_over"]
    assert (both["exit"] == both["exit_drawn"])[over].all() and (both["exited_on"] > "2025-12-31")[
        ~over
    ].all()
    lasted = pd.to_datetime(both["exited_on"]) - pd.to_datetime(both["entered_on"])
    assert (both["stay_days"] == lasted.dt.days)[over].all()
    open_, true = deals(crm).query("outcome == 'open'"), truth("open_deals").set_index("opportunity_id")
    assert (open_["next_planned_on"].notna() == true["has_next_step"].reindex(open_.index)).all()


def test_the_truth_stands_apart():
    text = CONFIG.read_text(encoding="utf-8")
    tables = tomllib.loads(text)["tables"].values()
    given = [table["from"] for table in tables]
    files = {file for one in given for file in ([one] if isinstance(one, str) else one)}
    assert "truth" not in text and all(file.startswith("exports/") for file in files)
    named = {
        path for file in files for path in (sample_folder() / "exports").glob(file[8:].partition("#")[0])
    }
    assert named == set((sample_folder() / "exports").iterdir())
    told = (sample_folder() / "truth" / "README.md").read_text(encoding="utf-8")
    assert all(f"## {path.name}\n" in told for path in (sample_folder() / "truth").glob("*.csv"))


def test_names_and_notes_are_in_the_writing_of_their_country():
    crm = sample_crm()
    names = crm.frame("customers", ["country", "name"]).dropna().groupby("country")["name"].agg("".join)
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in names[country]) for country in ("China", "Japan"))
    assert any("\u3040" <= sign <= "\u30ff" for sign in names["Japan"]) and "ü" in names["Germany"]
    notes = "".join(crm.frame("interactions", ["notes"])["notes"].dropna())
    assert all(word in notes for word in ("价格", "価格", "Preis", "price"))


def test_the_command_writes_a_company_and_refuses_none(tmp_path):
    done = CliRunner().invoke(app, ["sample", str(tmp_path), "--scale", "0.01", "--seed", "5"])
    assert done.exit_code == 0 and (tmp_path / "truth" / "README.md").is_file(), done.output
    assert "--seed 5 --scale 0.01" in (tmp_path / "truth" / "README.md").read_text(encoding="utf-8")
    with pytest.raises(ParameterError, match="seed is -1"):
        make_company(seed=-1)


def test_without_faker_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(CrmlibError, match=r"pip install crmlib\[sample\]"):
        write_company(tmp_path / "none")
    assert not Path(tmp_path / "none").exists()
