"""Drafts of the outbox come back as interactions: once, not before their time, checked, and the cache notices."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

import crmlib
from crmlib.prepare.outbox import ARCHIVE, ARCHIVE_COLUMNS, campaign_name
from crmlib.schema.errors import ParameterError, SourceError
from tests.analyse.outreach.company import write_workspace

PEOPLE = {"customer_id": ["ann", "bob"]}
EXPORT = """
[tables.interactions]
from = "calls.csv"
date_formats = ["%d/%m/%Y"]
where = [{ sql = "Kind <> 'test'", reason = "tests" }]
[tables.interactions.columns]
interaction_id = "No"
customer_id = "Who"
happened_at = "Day"
notes = "Text"
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The workspace once opened: copies of it find the checked tables there."""
    folder = write_workspace(tmp_path_factory.mktemp("outbox") / "shop", PEOPLE)
    crmlib.open_workspace(folder).engine.close()
    return folder


@pytest.fixture
def shop(tmp_path, opened):
    return Path(shutil.copytree(opened, tmp_path / "shop"))


def archive(shop, campaign="spring", **columns):
    row = {
        "interaction_id": [f"outbox-{campaign}-1", f"outbox-{campaign}-2"],
        "customer_id": ["ann", "bob"],
        "campaign_id": campaign,
        "happened_at": pd.Timestamp("2024-01-20 12:00"),
        "channel": "email",
        "direction": "out",
        "purpose": "campaign",
        "subject": "=Tea",
        "template": "built-in email",
        "outcome": "drafted",
    }
    folder = shop / "outbox" / campaign
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(row | columns)[list(ARCHIVE_COLUMNS)].to_parquet(folder / ARCHIVE, index=False)


def with_export(shop):
    with (shop / "crm.toml").open("a") as file:
        file.write(EXPORT)
    (shop / "calls.csv").write_text(
        "No,Who,Day,Kind,Text\n1,ann,05/01/2024,call,secret\n2,bob,06/01/2024,test,x\n3,,07/01/2024,call,\n"
    )


def test_alone_where_the_exports_have_no_interactions(shop):
    archive(shop)
    crm = crmlib.open_workspace(shop)
    rows = crm.frame("interactions")
    assert (
        rows["subject"].tolist() == ["=Tea", "=Tea"]
        and rows["happened_at"].tolist() == [pd.Timestamp("2024-01-20 12:00")] * 2
    )
    assert "interactions" not in crm.checks.missing
    source = crm.checks.sources.set_index("file").loc["outbox/spring/interactions.parquet"]
    assert source["table"] == "interactions" and source["rows_read"] == 2 and len(source["fingerprint"]) == 64


def test_merged_with_the_exports_and_both_are_checked(shop):
    with_export(shop)
    alone = crmlib.open_workspace(shop).frame("interactions")
    archive(shop, customer_id=["ann", None])
    archive(shop, "autumn", interaction_id=["1", "x"], channel=["email", "pigeon"])
    crm = crmlib.open_workspace(shop)
    rows = crm.frame("interactions").set_index("interaction_id")
    assert alone["interaction_id"].tolist() == ["1"] and sorted(rows.index) == ["1", "outbox-spring-1", "x"]
    assert rows.loc["1", "notes"] == "secret" and rows.loc["1", "happened_at"] == pd.Timestamp("2024-01-05")
    assert pd.isna(rows.loc["1", "outcome"]) and rows.loc["x", "channel"] == "pigeon"
    counts = crm.checks.counts.set_index("table").loc["interactions"]
    assert counts[["rows_read", "rows_accepted", "rows_set_aside"]].tolist() == [7, 3, 4]
    aside = pd.read_parquet(shop / "set_aside" / "interactions.parquet")
    assert len(aside) == 4 and aside["reason"].str.contains("are in the exports too").sum() == 1
    assert set(aside["file"]) == {
        "calls.csv",
        "outbox/spring/interactions.parquet",
        "outbox/autumn/interactions.parquet",
    }
    found = crm.checks.summary.query("table == 'interactions'").set_index(["check", "column"])
    assert found.xs("channel", level="column")["rows"].tolist() == [1], "a channel that is none"
    assert found.loc[("missing_required", "customer_id"), "rows"] == 2
    assert found.loc[("missing_required", "customer_id"), "share_pct"] == pytest.approx(200 / 7)


def test_a_draft_in_two_archives_counts_once(shop):
    archive(shop)
    archive(shop, "copy", interaction_id=["outbox-spring-1", "outbox-spring-2"])
    crm = crmlib.open_workspace(shop)
    assert len(crm.frame("interactions")) == 2
    assert crm.checks.counts.set_index("table").loc["interactions", "rows_set_aside"] == 2


def test_later_drafts_are_not_there_yet(shop):
    before = crmlib.open_workspace(shop, as_of="2024-01-19")
    archive(shop)
    archive(shop, "later", happened_at=pd.Timestamp("2024-02-01 00:00"))
    early = crmlib.open_workspace(shop, as_of="2024-01-19")
    assert "interactions" not in early and early.tables == before.tables
    pd.testing.assert_frame_equal(early.checks.counts, before.checks.counts)
    pd.testing.assert_frame_equal(early.checks.sources, before.checks.sources)
    crm = crmlib.open_workspace(shop)
    assert len(crm.frame("interactions")) == 2 and crm.checks.rows_set_aside == 0
    assert len(crm.at("2024-01-19").frame("interactions")) == 0


def test_the_cache_notices_a_new_and_a_changed_archive(shop):
    def made():
        return sorted(path.name for path in (shop / ".prepared").iterdir())

    crmlib.open_workspace(shop)
    first = made()
    archive(shop)
    assert len(crmlib.open_workspace(shop).frame("interactions")) == 2
    second = made()
    assert len(crmlib.open_workspace(shop).frame("interactions")) == 2 and made() == second != first
    archive(shop, subject="other")
    assert set(crmlib.open_workspace(shop).frame("interactions")["subject"]) == {"other"}


def test_what_is_being_made_is_not_looked_at(shop):
    archive(shop, ".crmlib-making-1-spring")
    assert "interactions" not in crmlib.open_workspace(shop)


@pytest.mark.parametrize("damage", ["bytes", "column"])
def test_a_damaged_archive_is_refused_by_name(shop, damage):
    archive(shop)
    path = shop / "outbox" / "spring" / ARCHIVE
    if damage == "bytes":
        path.write_bytes(b"PAR1 no more")
    else:
        pd.read_parquet(path).drop(columns="channel").to_parquet(path)
    with pytest.raises(
        SourceError, match=r"outbox/spring/interactions\.parquet cannot be read as this program wrote it"
    ):
        crmlib.open_workspace(shop)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "-a", "a b", "a\n", "ä", ".git", "a..b", "a.", "x" * 65, "CON|"]
)
def test_names_that_cannot_name_a_folder(name):
    with pytest.raises(ParameterError):
        campaign_name(name)


def test_names_that_can():
    assert [campaign_name(name) for name in ("a", "2024.Q1", "up-sell_3")] == ["a", "2024.Q1", "up-sell_3"]
    assert os.sep not in campaign_name("spring")
