"""Lists and drafts as files: whole or not at all, private, remembered by the next run, and no clear names outside."""

import email
import email.policy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import crmlib
from crmlib import Crm, cli
from crmlib.analyse.outreach import plan_outreach
from crmlib.prepare.privacy import KEY_VARIABLE
from crmlib.present.outreach import lists as outreach
from crmlib.present.outreach.drafts import make_drafts, sms_parts
from crmlib.present.outreach.lists import write_outreach
from crmlib.present.run.console import reveal_list
from crmlib.schema.errors import ConfigError, ParameterError
from tests.analyse.outreach.company import offers_for, write_workspace

EVIL = 'Ann <script>alert("x")</script>\r\nBcc: all@evil.example\r\n\r\n{{ 7 * 7 }}'
PEOPLE = {
    "customer_id": ["=1+1", "bob", "cem", "dan", "eve", "../../fay"],
    "name": [EVIL, "canaryname Bob", "茶田", "Dan", "Eve", "Fay"],
    "email": [f"canary{i}@shop.example" for i in range(6)],
    "phone": ["+49 30 123456"] * 6,
    "email_consent": [True, True, False, False, True, True],
    "sms_consent": [False, False, True, False, False, False],
    "phone_consent": [False, False, False, True, False, False],
}
KINDS = (
    "list.csv",
    "list.xlsx",
    "control.csv",
    "control.xlsx",
    "set-aside.csv",
    "contacts.csv",
    "summary.txt",
)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a key of sixteen or more")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The workspace once opened: copies of it find the checked tables there."""
    folder = write_workspace(tmp_path_factory.mktemp("outreach") / "shop", PEOPLE)
    crmlib.open_workspace(folder).engine.close()
    return folder


@pytest.fixture
def shop(tmp_path, opened):
    return Path(shutil.copytree(opened, tmp_path / "shop"))


def planned(folder, campaign="spring", product="=cmd()\r\n<b>茶</b>", **options):
    crm = crmlib.open_workspace(folder)
    return crm, plan_outreach(crm, offers_for(PEOPLE, product), campaign_id=campaign, **options)


def messages(shop, campaign="spring"):
    return {
        path: path.read_bytes()
        for path in sorted((shop / "outbox" / campaign).rglob("*.*"))
        if path.suffix != ".parquet"
    }


def test_what_is_written_and_for_whom(shop, tmp_path):
    crm, plan = planned(shop)
    written = write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    assert sorted(path.name for path in written.files) == sorted(f"spring-{kind}" for kind in KINDS)
    assert len(plan.control) == 1 and sum(written.drafts.values()) == len(plan.contacts) == 5
    inside = [
        *(tmp_path / "lists" / "spring").iterdir(),
        *(p for p in (shop / "outbox" / "spring").rglob("*") if p.is_file()),
    ]
    assert {oct(path.stat().st_mode & 0o777) for path in inside} == {"0o600"}
    assert (tmp_path / "lists" / "spring").stat().st_mode & 0o077 == 0
    assert (shop / "outbox" / ".gitignore").read_text() == "*\n"


def test_lists_show_pseudonyms_that_can_be_turned_back(shop, tmp_path):
    crm, plan = planned(shop)
    write_outreach(crm, plan, out=tmp_path / "lists")
    folder = tmp_path / "lists" / "spring"
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not any(word in content for word in (b"bob", b"canary", b"shop.example", b"Ann")), path
    listed = pd.read_csv(folder / "spring-list.csv", encoding="utf-8-sig")
    assert listed["Customer"].str.fullmatch("K-[A-Z2-7]{12}").all()
    assert listed["Product"].str.startswith("'=cmd()").all()
    back = reveal_list(crm, folder / "spring-contacts.csv")
    rows = pd.read_csv(back.path, encoding="utf-8-sig")
    assert set(rows["customer_id"]) == {"'=1+1", *PEOPLE["customer_id"][1:]}
    assert rows["is_control"].sum() == 1
    book = pd.read_excel(folder / "spring-list.xlsx", sheet_name=None, engine="calamine")
    assert list(book) == ["List", "About"] and len(book["List"]) == len(plan.contacts)
    control = pd.read_excel(folder / "spring-control.xlsx", sheet_name=None, engine="calamine")
    assert len(control["Control group"]) == 1
    second = planned(shop, "summer", quiet_days=0)[1]
    write_outreach(crm, second, out=tmp_path / "lists", real_ids=True)
    assert b"bob" in (tmp_path / "lists" / "summer" / "summer-contacts.csv").read_bytes()


def test_hostile_names_stay_text_in_every_channel(shop, tmp_path):
    crm, plan = planned(shop, control_share_pct=0)
    write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    drafts = messages(shop)
    assert {path.parent.name for path in drafts} == {"email", "sms", "phone"} and len(drafts) == 6
    for path, content in drafts.items():
        assert path.stem.startswith("outbox-") and len(path.stem) == 31
        if path.suffix != ".eml":
            continue
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert message["Bcc"] is None and message["To"].startswith("canary") and message["X-Unsent"] == "1"
        assert message["From"] == "Tea & Co <hello@tea.example>"
        assert message["Subject"] == "=cmd() <b>茶</b>: our suggestion for you"
        markup = message.get_body(("html",)).get_content()
        assert "<script" not in markup and "<b>" not in markup and "{{" not in markup.replace("{{ 7", "")
        assert "&lt;b&gt;茶&lt;/b&gt;" in markup and "<b>茶</b>" in message.get_body(("plain",)).get_content()
    evil = next(content for content in drafts.values() if b"evil.example" in content)
    body = email.message_from_bytes(evil, policy=email.policy.default).get_body(("plain",)).get_content()
    assert 'Dear Ann <script>alert("x")</script> Bcc: all@evil.example {{ 7 * 7 }},' in " ".join(body.split())


def test_an_address_in_other_letters_is_written_as_it_is():
    people = pd.DataFrame(
        {"customer_id": ["ann"], "email_consent": [True], "email": ["müller@bücher.example"]}
    )
    crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    plan = plan_outreach(crm, offers_for(people), campaign_id="spring", control_share_pct=0)
    (draft,) = make_drafts(crm, plan)
    assert "To: müller@bücher.example\r\n" in draft.content.decode("utf-8")


def test_drafts_are_the_same_bytes_in_every_run(shop, tmp_path):
    crm, plan = planned(shop)
    seen = []
    for place in ("one", "two"):
        write_outreach(crm, plan, out=tmp_path / place, drafts=True)
        folder = shop / "outbox" / "spring"
        lists = {path.name: path.read_bytes() for path in (tmp_path / place / "spring").iterdir()}
        seen.append(({path.name: content for path, content in messages(shop).items()}, lists))
        folder.rename(shop / f"moved-{place}")
    assert seen[0] == seen[1]


def test_the_next_run_reads_the_drafts_back_and_leaves_them_in_peace(shop, tmp_path):
    crm, plan = planned(shop)
    assert "interactions" not in crm
    write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    again = crmlib.open_workspace(shop)
    rows = again.frame("interactions")
    assert sorted(rows["customer_id"]) == sorted(plan.contacts["customer_id"])
    assert set(rows["outcome"]) == {"drafted"} and set(rows["campaign_id"]) == {"spring"}
    assert set(rows["purpose"]) == {"campaign"} and set(rows["direction"]) == {"out"}
    assert (rows["happened_at"] == crm.as_of).all()
    assert not rows["subject"].str.contains("canary|Ann", na=False).any()
    _, second = planned(shop, "summer")
    assert set(second.set_aside.query("reason == 'quiet'")["customer_id"]) == set(
        plan.contacts["customer_id"]
    )
    assert (
        second.set_aside.query("reason == 'control'")["customer_id"].tolist()
        == plan.control["customer_id"].tolist()
    )
    assert second.contacts.empty and second.control.empty
    assert planned(shop, "summer", moment="2024-02-14")[1].set_aside.empty


def test_a_list_without_drafts_counts_too_and_so_does_one_later_than_the_data(shop, tmp_path):
    crm, plan = planned(shop, moment="2024-03-01")
    write_outreach(crm, plan, out=tmp_path / "lists")
    assert "interactions" not in crmlib.open_workspace(shop)
    found = planned(shop, "summer", moment="2024-03-02")[1]
    aside = found.set_aside.groupby("reason")["customer_id"].apply(set).to_dict()
    assert aside == {"quiet": set(plan.contacts["customer_id"]), "control": set(plan.control["customer_id"])}
    assert planned(shop, "summer")[1].set_aside.empty


def test_the_contacts_can_be_read_back_by_crm_toml(shop, tmp_path):
    crm, plan = planned(shop)
    write_outreach(crm, plan, out=tmp_path / "lists")
    with (shop / "crm.toml").open("a") as file:
        file.write('\n[tables.campaign_contacts]\nfrom = "outbox/*/campaign_contacts.parquet"\n')
    rows = crmlib.open_workspace(shop).frame("campaign_contacts")
    assert set(rows["customer_id"]) == set(PEOPLE["customer_id"]) and rows["is_control"].sum() == 1
    assert set(rows["contacted_on"].astype(str)) == {"2024-01-31"}


def test_an_earlier_list_is_never_written_over(shop, tmp_path):
    crm, plan = planned(shop)
    write_outreach(crm, plan, out=tmp_path / "lists")
    before = {path: path.read_bytes() for path in tmp_path.rglob("spring*/*")}
    with pytest.raises(
        ParameterError, match=r"lists/spring is there already; .* never written over\. Give another"
    ):
        write_outreach(crm, plan, out=tmp_path / "lists")
    with pytest.raises(ParameterError, match="this campaign has a list that counts"):
        write_outreach(crm, plan, out=tmp_path / "others")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("spring*/*")}
    assert not (tmp_path / "others").exists()


def test_a_list_does_not_go_into_the_outbox(shop):
    crm, plan = planned(shop)
    (shop / "link").symlink_to(shop / "outbox")
    for out in (shop / "outbox", shop / "link", shop / "outbox" / "deep"):
        with pytest.raises(ParameterError, match="is the outbox, which holds drafts only"):
            write_outreach(crm, plan, out=out)
    assert not (shop / "outbox").exists()


@pytest.mark.parametrize("step", ["list_files", "make_drafts", "_put"])
def test_a_failure_leaves_nothing(shop, tmp_path, monkeypatch, step):
    crm, plan = planned(shop)
    calls, whole = [], getattr(outreach, step)

    def broken(*words, **options):
        calls.append(1)
        if step == "_put" and len(calls) == 1:
            return whole(*words, **options)
        raise OSError("the disk is full")

    monkeypatch.setattr(outreach, step, broken)
    with pytest.raises(OSError, match="the disk is full"):
        write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    assert [path.name for path in (tmp_path / "lists").iterdir()] == []
    assert [path.name for path in (shop / "outbox").iterdir() if path.name != ".gitignore"] == []


KILLED = """\
import os, shutil, signal, sys
from pathlib import Path
from crmlib.present.outreach import lists as outreach
from tests.present.outreach.test_outreach import planned

# Made before the fork: the engine's threads do not come along.
crm, plan = planned(Path(sys.argv[1]))
files, drafts, parquet = outreach.list_files(crm, plan), list(outreach.make_drafts(crm, plan)), {}
kept = outreach._write
outreach._write = lambda path, content: parquet.update({path.name: content})
outreach._write_rows(Path(outreach.CONTACTS), outreach.contact_rows(plan))
outreach._write_rows(Path(outreach.ARCHIVE), outreach.pd.DataFrame([draft.row for draft in drafts]))
outreach._write = kept
outreach.list_files = lambda *words, **options: files
outreach.make_drafts = lambda *words: iter(drafts)
outreach._write_rows = lambda path, rows: outreach._write(path, parquet[path.name])
left = 0

def counted(name):
    whole = getattr(outreach, name)
    def step(*words, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*words, **options)
    setattr(outreach, name, step)

for name in ("_write", "_put"):
    counted(name)
lists, box = Path(sys.argv[2]) / "spring", Path(sys.argv[1]) / "outbox" / "spring"
for number in range(1, 100):
    left, child = number, os.fork()
    if not child:
        try:
            outreach.write_outreach(crm, plan, out=sys.argv[2], drafts=True)
            os._exit(7)
        finally:
            os._exit(8)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    rows = (box / "interactions.parquet").is_file() and (box / "campaign_contacts.parquet").is_file()
    print(number, code, len(list(lists.glob("*"))), rows, len(list(box.glob("*/outbox-*"))), flush=True)
    if code != -9:
        break
    shutil.rmtree(box, ignore_errors=True)
"""


def test_killed_before_every_step_leaves_a_whole_list_or_none(shop, tmp_path):
    crmlib.open_workspace(shop).engine.close()
    words = [sys.executable, "-c", KILLED, str(shop), str(tmp_path / "lists")]
    top = Path(__file__).parents[3]
    done = subprocess.run(words, cwd=top, capture_output=True, text=True, check=True, timeout=60)
    steps = [line.split() for line in done.stdout.splitlines()]
    assert len(steps) > 12 and steps[-1][1:] == ["7", str(len(KINDS)), "True", "5"]
    for _, code, files, rows, drafts in steps[:-1]:
        assert code == "-9" and files == "0"
        assert (rows, drafts) in (("False", "0"), ("True", "5"))
    assert sum(rows == "True" for *_, rows, _ in steps[:-1]) == 1, "between the two renames"
    left = [p.name for folder in (shop / "outbox", tmp_path / "lists") for p in folder.iterdir()]
    assert sorted(left) == [".gitignore", "spring", "spring"], "what dead processes left is cleared away"


def test_nobody_to_address_writes_nothing(shop, tmp_path):
    crm, plan = planned(shop, channel="fax", product="Tea", control_share_pct=99)
    none = plan_outreach(crm, offers_for({"customer_id": ["bob"]}), campaign_id="x", channel="fax")
    with pytest.raises(ParameterError, match="nobody to address"):
        write_outreach(crm, none, out=tmp_path / "lists")
    assert not (tmp_path / "lists").exists() and plan.counts["customers"].sum()


def test_a_campaign_that_has_contacts_is_refused(shop, tmp_path):
    (shop / "members.csv").write_text("campaign_id,customer_id,contacted_on\nspring,bob,2023-05-01\n")
    with (shop / "crm.toml").open("a") as file:
        file.write('\n[tables.campaign_contacts]\nfrom = "members.csv"\n')
    with pytest.raises(ParameterError, match="campaign spring has 1 contacts already"):
        write_outreach(*planned(shop), out=tmp_path / "lists")


def test_the_sender_and_templates_are_checked_before_anything_is_written(shop, tmp_path):
    (shop / "templates").mkdir()
    (shop / "templates" / "email.html").write_text('+++\nsubject = "x"\nfields = ["nam"]\n+++\nhello')
    crm, plan = planned(shop)
    with pytest.raises(
        ConfigError, match=r"templates/email.html: there is no field 'nam'\. Did you mean 'name'\?"
    ):
        write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    assert not list((tmp_path / "lists").iterdir())


def test_the_workspaces_own_template_takes_the_place_of_ours(shop, tmp_path):
    (shop / "templates").mkdir()
    head = '+++\r\nsubject = "For {{ name }}: {{ product }}"\r\nfields = ["name", "product"]\r\n+++\r\n'
    own = head + "<p>{{ name | upper }}</p>"
    (shop / "templates" / "email.html").write_text(own, newline="")
    crm, plan = planned(shop, control_share_pct=0, product="Tea")
    write_outreach(crm, plan, out=tmp_path / "lists", drafts=True)
    rows = crmlib.open_workspace(shop).frame("interactions").set_index("channel")
    assert set(rows.loc["email", "template"]) == {"templates/email.html"}
    assert set(rows.loc["email", "subject"]) == {"For [name]: Tea"}
    bob = next(content for content in messages(shop).values() if b"canary1@" in content)
    assert email.message_from_bytes(bob, policy=email.policy.default)["Subject"] == "For canaryname Bob: Tea"


def test_numbers_behind_names_do_not_reach_customers(shop):
    crm, plan = planned(shop, product="Tea (tea (7))", control_share_pct=0)
    first = plan.contacts.iloc[:1].assign(
        product_id="7", product="Tea (7)", because="Cup (8)", because_product_id="8"
    )
    (draft,) = outreach.make_drafts(crm, replace(plan, contacts=first))
    text = draft.content.decode()
    assert "Tea" in text and "Cup" in text and "(7)" not in text and "(8)" not in text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, (1, "GSM-7")), ("a" * 161, (2, "GSM-7")), ("a" * 306, (2, "GSM-7")), ("a" * 307, (3, "GSM-7")),
        ("€" * 80, (1, "GSM-7")), ("€" * 81, (2, "GSM-7")), ("€" * 153, (3, "GSM-7")),
        ("é" * 160, (1, "GSM-7")), ("ê", (1, "UCS-2")), ("茶" * 70, (1, "UCS-2")), ("茶" * 134, (2, "UCS-2")),
        ("😀" * 35, (1, "UCS-2")), ("😀" * 36, (2, "UCS-2")), ("😀" * 67, (3, "UCS-2")),
    ],
    ids=range(14),
)  # fmt: skip
def test_parts_of_text_messages_by_the_standard(text, parts):
    assert sms_parts(text) == parts


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    import types

    found = types.ModuleType("crmlib.analyse.offers.recommend")
    found.recommend_offers = lambda crm, **options: found.asked.append(options) or offers_for(PEOPLE, "Tea")
    found.asked = []
    monkeypatch.setitem(sys.modules, found.__name__, found)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["crmlib", "lists", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code, *capsys.readouterr(), found.asked

    return run


def test_the_command(shop, call):
    code, out, err, asked = call("shop", "--offer", "cross-sell", "--out", "lists", "--drafts", "--seed", "3")
    assert (
        code == 0
        and err == ""
        and asked == [{"k": 1, "seed": 3, "require_consent": False, "kinds": ("cross-sell",)}]
    )
    assert "5 customers to address" in out and "Nothing has been sent." in out
    assert "canary" not in out and "bob" not in out
    assert "The list: lists/cross-sell-20240131" in out
    again = ("shop", "--offer", "cross-sell", "--out", "lists")
    code, out, err, _ = call(*again)
    assert code == 3 and "Nobody can be addressed: 6 customers set aside" in out
    code, out, err, _ = call(*again, "--on", "2024-02-14", "--campaign", "cross-sell-20240131")
    assert code == 2 and "is there already" in err
    code, out, err, _ = call(
        "shop",
        "--offer",
        "any",
        "--out",
        "lists",
        "--channel",
        "fax",
        "--campaign",
        "b",
        "--most",
        1,
        "--on",
        "2024-01-31",
    )
    assert code == 3 and "Nobody can be addressed" in out and not (shop / "outbox" / "b").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--offer", "crosssell"], "Did you mean 'cross-sell'"),
        (["--offer", "any", "--campaign", "../x"], "cannot name a campaign's folder"),
        (["--offer", "any", "--channel", "mail"], "Did you mean 'email'"),
        (["--offer", "any", "--on", "2023-01-01"], "lies before as_of"),
        (["--offer", "any", "--product", "Te"], "Did you mean 'Tea'"),
    ],
)
def test_bad_use_of_the_command(shop, call, words, says):
    code, _, err, _ = call("shop", "--out", "lists", *words)
    assert code == 2 and says in err and "Traceback" not in err and not Path("lists").exists()


def test_a_list_under_a_password_lies_encrypted_and_is_never_written_over(shop, call, monkeypatch):
    pytest.importorskip("cryptography", reason="no cryptography: install the extra crmlib[encrypt]")
    from crmlib.prepare.encryption import PASSWORD_VARIABLE, decrypt

    monkeypatch.setattr("crmlib.prepare.encryption.ROUNDS", 1_000)
    monkeypatch.setenv(PASSWORD_VARIABLE, "wide grey owls fly at noon")
    words = ("shop", "--offer", "cross-sell", "--out", "lists", "--real-ids", "--encrypt")
    code, out, err, _ = call(*words)
    assert code == 0, err
    (folder,) = Path("lists").iterdir()
    found = {path.name: path for path in folder.iterdir()}
    assert {name.removesuffix(".encrypted").removeprefix(f"{folder.name}-") for name in found} == set(KINDS)
    for path in found.values():
        locked = path.read_bytes()
        beginning = decrypt(locked, password="wide grey owls fly at noon")[
            :16
        ]  # three letters come up by chance
        assert path.stat().st_mode & 0o077 == 0 and len(beginning) == 16 and beginning not in locked
    assert b"bob" in decrypt(
        found[f"{folder.name}-list.csv.encrypted"].read_bytes(), password="wide grey owls fly at noon"
    )
    assert str(folder) in out
    shutil.rmtree(shop / "outbox")
    code, _, err, _ = call(*words)
    assert code == 2 and "is there already" in err
