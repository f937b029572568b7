"""Pseudonyms: kept by a key, made by the exports where there is none, and led back by their holder alone."""

import hashlib
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib.prepare import privacy
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import (
    KEY_VARIABLE,
    are_pseudonyms,
    employee_codes,
    key_from_exports,
    known_customers,
    pseudonyms,
    public_ids,
    reveal_ids,
)
from crmlib.prepare.workspace import open_workspace
from crmlib.schema.errors import ConfigError, SchemaError

KEY = "a key of sixteen or more"
LINES = "order_id,customer_id,product_id,ordered_at,net_amount\n1,007,a,2020-01-05 10:00,9.5\n2,=1+1,a,2020-01-06,3\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Open a workspace with these lines and these words in its crm.toml."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)

    def opened(lines=LINES, settings="", name="shop", as_of=None):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "orders.csv").write_text(lines, encoding="utf-8")
        config = f'currency = "EUR"\n{settings}\n[tables.transactions]\nfrom = "orders.csv"\n'
        (folder / "crm.toml").write_text(config, encoding="utf-8")
        return open_workspace(folder, as_of=as_of)

    return opened


def shown(crm):
    return public_ids(crm, known_customers(crm)).tolist()


def test_pseudonyms_are_stable_distinct_and_need_the_key():
    ids = pd.Series([str(i) for i in range(2000)])
    first = pseudonyms(ids, key=KEY)
    assert first.is_unique
    assert first.equals(pseudonyms(ids, key=KEY))
    assert not set(first) & set(pseudonyms(ids, key=KEY + "!"))
    with pytest.raises(ConfigError, match="at least 16"):
        pseudonyms(ids, key="short")


def test_two_customers_never_share_a_pseudonym(monkeypatch):
    monkeypatch.setattr(privacy, "LENGTH", 2)
    with pytest.raises(ConfigError, match=r"the same pseudonym.*another secret"):
        pseudonyms(pd.Series([str(i) for i in range(2000)]), key=KEY + "?")


def test_names_are_remembered_under_their_key_and_what_is_new_is_named(monkeypatch):
    key, ids = (
        KEY + "of this test",
        pd.Series(["b", None, "a", "b"], index=list("wxyz"), dtype="str", name="who"),
    )
    first = pseudonyms(ids, key=key)
    hashed, asked = privacy._hashed, []
    monkeypatch.setattr(privacy, "_hashed", lambda own, secret: asked.extend(own) or hashed(own, secret))
    pd.testing.assert_series_equal(pseudonyms(ids, key=key), first)
    longer = pseudonyms(pd.Series(["c", "b"], dtype="str"), key=key)
    assert asked == ["c"]
    assert longer[1] == first["w"] == first["z"]
    assert pd.isna(first["x"])
    monkeypatch.setattr(privacy, "MOST_NAMED", 2)
    assert pseudonyms(pd.Series(["d"], dtype="str"), key=key).tolist() == hashed(["d"], key.encode())
    assert privacy._NAMED[key.encode()].index.tolist() == ["c", "d"]


def test_a_workspace_shows_pseudonyms_unless_it_says_otherwise(shop):
    assert all(name.startswith("K-") for name in shown(shop()))
    assert shown(shop(settings="[privacy]\npseudonyms = false")) == ["007", "=1+1"]


def test_frames_at_hand_show_identifiers_as_they_are():
    people = pd.DataFrame({"customer_id": ["17850"]})
    assert shown(Crm.from_frames(as_of="2020-01-31", customers=people)) == ["17850"]


def test_the_variable_is_the_key_where_it_is_set_and_lasts_when_the_data_change(shop, monkeypatch):
    of_the_data = shown(shop())
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    lasting = shown(shop())
    assert lasting == pseudonyms(pd.Series(["007", "=1+1"]), key=KEY).tolist() != of_the_data
    assert shown(shop(lines=LINES + "3,007,a,2020-01-07,1\n")) == lasting
    monkeypatch.setenv(KEY_VARIABLE, "short")
    with pytest.raises(ConfigError, match="at least 16"):
        public_ids(shop(), pd.Series([], dtype="str"))


def test_the_key_from_the_exports_is_that_of_their_content_in_any_order(shop):
    head, *rows = LINES.splitlines()
    first = key_from_exports(shop(name="a"))
    assert key_from_exports(shop(name="b", lines="\n".join([head, *rows[::-1]]))) == first
    for place, (old, new) in enumerate(
        {"9.5": "9.51", "007": "008", "10:00": "10:01", "\n1,": "\n4,"}.items()
    ):
        assert key_from_exports(shop(name=f"c{place}", lines=LINES.replace(old, new))) != first


def test_lines_written_twice_do_not_cancel_out(shop):
    twice = key_from_exports(shop(name="a", lines=LINES + "".join(LINES.splitlines(keepends=True)[1:])))
    other = LINES.replace("007", "009")
    assert twice != key_from_exports(
        shop(name="b", lines=other + "".join(other.splitlines(keepends=True)[1:]))
    )


def test_the_key_is_no_digest_of_what_a_run_publishes(shop):
    crm = shop()
    published = [*crm.checks.sources.fingerprint, *crm.checks.sources.file, crm.name, str(crm.as_of)]
    file = (crm.root / "orders.csv").read_bytes()
    guesses = {hashlib.sha256(text.encode()).hexdigest() for text in published} | set(published)
    assert key_from_exports(crm) not in guesses | {hashlib.sha256(file).hexdigest()}


def test_the_key_is_worked_out_once(shop, monkeypatch):
    crm = shop()
    key = key_from_exports(crm)
    monkeypatch.setattr(privacy, "_digest_of_exports", lambda crm: pytest.fail("worked out again"))
    assert key_from_exports(crm) == key


def test_deals_give_a_key_too_and_nothing_gives_none():
    deals = pd.DataFrame({"opportunity_id": ["1"], "stage": ["new"], "outcome": ["open"], "amount": [5.0],
                          "created_at": ["2020-01-01"]})  # fmt: skip
    crm = Crm.from_frames(as_of="2020-01-31", opportunities=deals)
    dearer = Crm.from_frames(as_of="2020-01-31", opportunities=deals.assign(amount=6.0))
    assert key_from_exports(crm) != key_from_exports(dearer)
    with pytest.raises(SchemaError, match=f"a row of transactions or opportunities.*{KEY_VARIABLE}"):
        key_from_exports(Crm.from_frames(as_of="2020-01-31", customers=pd.DataFrame({"customer_id": ["1"]})))


def test_pseudonyms_are_led_back_by_the_holder_of_the_data_alone(shop):
    crm = shop()
    names = public_ids(crm, known_customers(crm))
    written = pd.Series([names[1], f" {names[0].lower()} ", "K-AAAAAAAAAAAA", None], index=list("abcd"))
    back = reveal_ids(crm, written)
    assert back.to_dict()["a"] == "=1+1" and back["b"] == "007" and back[["c", "d"]].isna().all()
    assert reveal_ids(shop(name="other", lines=LINES.replace("9.5", "8")), names).isna().all()
    assert reveal_ids(shop(name="then", as_of="2020-01-05"), names).isna().all()


def test_every_customer_that_some_table_speaks_of_can_be_led_back():
    crm = Crm.from_frames(
        as_of="2020-01-31",
        relations=pd.DataFrame({"from_customer_id": ["a"], "to_customer_id": ["b"], "relation": ["parent"]}),
        feedback=pd.DataFrame({"feedback_id": ["1"], "customer_id": ["c"], "given_at": ["2020-01-01"],
                               "kind": ["nps"]}),
    )  # fmt: skip
    assert known_customers(crm).tolist() == ["a", "b", "c"]


def test_a_stub_without_privacy_settings_is_taken_as_it_is():
    ids = pd.Series(["1"])
    assert public_ids(SimpleNamespace(config=None), ids) is ids


@pytest.mark.parametrize(
    ("values", "are"),
    [
        (["K-N7PXIN6TFBVP", None], True),
        (["K-N7PXIN6TFBVP", "17850"], False),
        ([None], False),
        ([], False),
        ([17850], False),
        (["k-n7pxin6tfbvp"], False),
    ],
)
def test_a_column_of_pseudonyms_is_recognised(values, are):
    assert are_pseudonyms(pd.Series(values)) is are


def team(**employees):
    deals = pd.DataFrame({"opportunity_id": ["1"], "customer_id": ["7"], "stage": ["x"], "outcome": ["open"],
                          "created_at": ["2024-01-02"], "amount": [5.0]})  # fmt: skip
    tables = {"employees": pd.DataFrame(employees)} if employees else {}
    return Crm.from_frames(as_of="2024-01-31", opportunities=deals, **tables)


def test_employees_are_shown_by_number_and_never_by_name_or_address(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    ids = pd.Series(["ann@house.example", "bob@house.example", "e3", None, "ann@house.example"])
    crm = team(
        employee_id=["ann@house.example", "bob@house.example", "e3"], name=["Ann Lee", None, "Dan Roe"]
    )
    shown = employee_codes(crm, ids)
    assert shown.iloc[2] == "e3" and pd.isna(shown.iloc[3]) and shown.iloc[0] == shown.iloc[4]
    assert shown.iloc[0].startswith("E-") and len(shown.iloc[0]) == 10
    assert shown.nunique() == 3 and not shown.dropna().str.contains("@|house|[Aa]nn|bob|Lee|Roe").any()


def test_lists_and_tables_of_deals_hold_no_address():
    from types import SimpleNamespace as Made

    from crmlib.present.reports.forecast import show as tables_forecast_plan
    from crmlib.present.reports.pipeline import show as tables_stages
    from crmlib.present.reports.pipeline import show as tables_stages_deals

    crm, who = team(), ["ann@house.example", "bob@house.example"]
    load = pd.DataFrame({"open_deals": [1, 2], "team": ["a", "b"], "has_left": [False, True]},
                        index=pd.Index(who, name="owner_id"))  # fmt: skip
    deals = pd.DataFrame({"owner_id": who, "customer_id": ["7", "8"], "amount": [1.0, 2.0]},
                         index=pd.Index(["1", "2"], name="opportunity_id"))  # fmt: skip
    work = Made(load=load, handover=deals, left_known=True, currency="EUR")
    for table in (tables_stages.load_table(crm, work), tables_stages_deals.handover_table(crm, work)):
        assert "@" not in table._html() and "@" not in table.frame.to_csv()
    keyed = tables_forecast_plan.with_keys(crm, pd.DataFrame({"key": [*who, ""]}), by="owner")
    assert not keyed["key"].str.contains("@").any() and keyed["key"].iloc[-1] == "not known"


@pytest.mark.parametrize(
    "key",
    [
        "a" * 40,
        "1234567890123456",
        "abcdefghijklmnopqrstuvwxyz",
        "passwordpassword",
        "abab" * 10,
        "qwqwqwqwqwqwqwqwqw",
    ],
)
def test_a_key_that_can_be_guessed_is_refused(key, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(ConfigError, match="guessed"):
        privacy.stated_key()


def test_a_key_from_a_file_that_only_its_owner_can_read(tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv(privacy.KEY_FILE_VARIABLE, str(file))
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        privacy.stated_key()
    file.chmod(0o600)
    assert privacy.stated_key() == KEY
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(ConfigError, match="both"):
        privacy.stated_key()
    monkeypatch.delenv(KEY_VARIABLE)
    file.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        privacy.stated_key()


def test_another_key_has_another_print_and_the_print_does_not_hold_it(monkeypatch):
    crm = SimpleNamespace(config=None)
    prints = []
    for key in (KEY, KEY + "!", KEY):
        monkeypatch.setenv(KEY_VARIABLE, key)
        prints.append(privacy.key_print(crm))
    assert prints[0] == prints[2] != prints[1] and KEY not in prints[0]
    monkeypatch.delenv(KEY_VARIABLE)
    assert privacy.key_print(crm) == ""
