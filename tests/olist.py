"""The workspace of Olist's leads, put together from the exports in ../shared."""

import shutil
from pathlib import Path

import duckdb

import crmlib

WORKSPACE = Path(__file__).resolve().parent / "workspaces" / "olist_funnel"


def olist_workspace(shared_data, folder):
    """The leads and closed deals as a workspace in `folder`."""
    shutil.copytree(WORKSPACE, folder / "olist_funnel")
    exports = shared_data / "olist_marketing_funnel"
    with duckdb.connect(str(folder / "olist_funnel" / "olist.duckdb")) as base:
        for name, file in (("leads", "marketing_qualified_leads"), ("closed", "closed_deals")):
            path = str(exports / f"olist_{file}_dataset.csv").replace("'", "''")
            base.execute(f"create table {name} as from read_csv('{path}', all_varchar = true)")
    return crmlib.open_workspace(folder / "olist_funnel")
