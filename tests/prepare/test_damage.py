"""What was kept on the disk and is damaged heals by itself, and is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import crmlib
from crmlib.schema.errors import SourceError

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


def opened(folder):
    with crmlib.open_workspace(folder).engine:
        pass
    crm = crmlib.open_workspace(folder)
    crm.engine.close()
    return crm


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def other_numbers(path):
    path.write_text(path.read_text().replace("2020-02-05", "2031-02-05"))


def of_before(path):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content["told"]))


def folder_in_its_place(path):
    path.unlink()
    path.mkdir()


PARQUET, MANIFEST, ASIDE = "transactions.parquet", "manifest.json", "set_aside/transactions.parquet"
DAMAGES = {
    "half a table": (PARQUET, half),
    "an empty table": (PARQUET, lambda path: path.write_bytes(b"")),
    "no table": (PARQUET, Path.unlink),
    "one byte": (PARQUET, flipped),
    "a table that is a folder": (PARQUET, folder_in_its_place),
    "half a manifest": (MANIFEST, half),
    "an empty manifest": (MANIFEST, lambda path: path.write_bytes(b"")),
    "no manifest": (MANIFEST, Path.unlink),
    "a manifest of a version before": (MANIFEST, of_before),
    "a manifest that is a list": (MANIFEST, lambda path: path.write_text("[1]")),
    "a manifest with other values": (MANIFEST, other_numbers),
    "rows set aside": (ASIDE, flipped),
    "no rows set aside": (ASIDE, Path.unlink),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_tables_are_read_anew_and_it_is_told_once(workspace, damage):
    first = opened(workspace)
    assert first.checks.notices.empty
    (made,) = (path for path in (workspace / ".prepared").iterdir() if not path.name.startswith("."))
    name, harm = DAMAGES[damage]
    harm(made / name)
    crm = crmlib.open_workspace(workspace)
    assert crm.as_of == first.as_of and crm.frame("transactions")["order_id"].tolist() == ["007", "8"]
    assert len(crm.checks.set_aside["transactions"]) == 1
    (says,) = crm.checks.notices["says"]
    assert name in says and ".prepared" in says and "read anew" in says
    assert opened(workspace).checks.notices.empty


def test_what_a_dead_builder_left_is_removed_and_a_living_one_is_left_alone(workspace):
    folder = workspace / ".prepared"
    (folder / ".building-dead").mkdir(parents=True)
    (folder / ".building-dead" / "half.parquet").write_text("x")
    hold = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    (folder / ".building-alive").mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, folder / ".building-alive" / ".lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        opened(workspace)
        assert [path.name for path in folder.glob(".building-*")] == [".building-alive"]
    finally:
        holder.communicate("")


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_tables_kept_by_another_user_do_not_stop_a_run(workspace):
    (workspace / ".prepared").mkdir(mode=0o500)
    assert opened(workspace).frame("transactions").shape[0] == 2


LOADS = CONFIG + 'mode = "append"\n'


def test_a_damaged_load_falls_back_to_the_one_before_and_loads_what_lies_here(workspace):
    (workspace / "crm.toml").write_text(LOADS)
    opened(workspace)
    (workspace / "orders.csv").write_text(ORDERS + "10,b,c3,2020-03-01,1,4\n")
    opened(workspace)
    flipped(workspace / ".loaded" / "000002" / PARQUET)
    crm = crmlib.open_workspace(workspace)
    assert crm.frame("transactions")["order_id"].tolist() == ["007", "8", "10"]
    assert any("put aside" in says and "load 2" in says for says in crm.checks.notices["says"])
    assert (workspace / ".loaded" / "damaged-000002").is_dir()
    assert not any("put aside" in says for says in opened(workspace).checks.notices["says"])


def test_loads_none_of_which_is_whole_are_refused_with_what_to_do(workspace):
    (workspace / "crm.toml").write_text(LOADS)
    opened(workspace)
    half(workspace / ".loaded" / "000001" / PARQUET)
    with pytest.raises(SourceError, match="backup"):
        crmlib.open_workspace(workspace)


def test_a_load_written_before_there_were_checksums_is_read(workspace):
    (workspace / "crm.toml").write_text(LOADS)
    opened(workspace)
    of_before(workspace / ".loaded" / "000001" / MANIFEST)
    assert len(crmlib.open_workspace(workspace).frame("transactions")) == 2
