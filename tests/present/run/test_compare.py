"""Two published runs beside each other: the earlier first, what differs, and why by the data as they are now."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from crmlib.cli import app
from crmlib.present.run.compare import compare_runs
from crmlib.schema.errors import ParameterError


@pytest.fixture
def runs(tmp_path):
    """A workspace whose prices rose by a tenth in June, and its records of two months; one of another workspace."""
    days = pd.date_range("2025-05-02", "2025-06-30", freq="D")
    lines = pd.DataFrame(
        {"order_id": range(60), "customer_id": [f"c{i % 7}" for i in range(60)], "product_id": "tea"}
    )
    lines = lines.assign(ordered_at=days, quantity=2, net_amount=[20.0] * 30 + [22.0] * 30)
    (tmp_path / "shop").mkdir()
    lines.to_csv(tmp_path / "shop" / "lines.csv", index=False)
    (tmp_path / "shop" / "crm.toml").write_text(
        'name = "shop"\ncurrency = "EUR"\nas_of = "latest"\n[tables.transactions]\nfrom = "lines.csv"\n'
    )
    root = tmp_path / "reports" / "shop"
    root.mkdir(parents=True)
    (root / ".workspace").write_text("../../shop")
    for run, workspace, as_of, rows, sales in (
        ("20250531T200000Z", "shop", "2025-05-31T23:59:59+00:00", 30, 600.0),
        ("20250630T200000Z", "shop", "2025-06-30T23:59:59+00:00", 60, 660.0),
        ("20250630T210000Z", "other", "2025-06-30T23:59:59+00:00", 60, 660.0),
    ):
        figure = {"label": "Net sales", "value": sales, "unit": "EUR"}
        record = {"title": workspace, "workspace": workspace, "as_of": as_of, "run": run, "reports": []}
        record |= {"key_figures": [figure], "row_counts": [{"table": "transactions", "rows_accepted": rows}]}
        (root / run).mkdir()
        (root / run / "run.json").write_text(json.dumps(record))
    return root


def test_the_earlier_run_comes_first_whichever_is_named_first(runs):
    one, other = runs / "20250630T200000Z", runs / "20250531T200000Z"
    found = compare_runs(one, other)
    assert [moment[:10] for moment in found.moments] == ["2025-05-31", "2025-06-30"]
    assert found.figures.to_numpy().tolist() == [["Net sales", 600.0, 660.0, "EUR"]]
    assert found.tables.to_numpy().tolist() == [["transactions", 30, 60]]
    assert "10 % more than in as many days before" in str(found.says[0]).replace("\xa0", " ")
    assert "Higher prices" in str(found.says[1])
    assert compare_runs(one, one).says == []


def test_runs_of_two_workspaces_are_refused(runs):
    with pytest.raises(ParameterError, match="compare two runs of one workspace"):
        compare_runs(runs / "20250630T200000Z", runs / "20250630T210000Z")


def test_the_command_prints_it(runs):
    done = CliRunner().invoke(
        app, ["compare", str(runs / "20250531T200000Z"), str(runs / "20250630T200000Z")]
    )
    assert done.exit_code == 0, done.output
    assert "Net sales" in done.output and "10 % more" in done.output and "30" in done.output
