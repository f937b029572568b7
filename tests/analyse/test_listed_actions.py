"""Coupons for new customers, a service level for valuable ones: who is called for, and what a list of them promises."""

from email import message_from_bytes
from email.policy import SMTP

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, lifecycle_stages, service, worklist
from crmlib.analyse.worklist import COUPON, OF_LISTS, SERVE, action_list
from crmlib.present.outreach.drafts import BUILT_IN, FILES, promised
from crmlib.present.outreach.lists import plan_from_workspace, write_outreach
from crmlib.present.reports.worklist import say
from crmlib.schema.errors import ConfigError, ParameterError
from tests.sample.company import sample_folder

HEAD = 'name = "Shop"\ncurrency = "EUR"\nas_of = "2024-12-31"\n[outreach]\nsender = "Shop <a@shop.example>"\n'


def tables():
    """Thirty who buy every month, the last six of them much; two new ones, one of whom owes money."""
    lines = [
        (f"c{i:02d}", f"o{i}-{m}", f"2024-{m:02d}-{1 + i % 25:02d}", 900.0 + i if i >= 24 else 40.0 + i, None)
        for i in range(30)
        for m in range(1, 13)
    ]
    lines += [("n1", "n1", "2024-12-10", 75.0, None), ("n2", "n2", "2024-12-11", 80.0, "2024-12-15")]
    names = ["customer_id", "order_id", "ordered_at", "net_amount", "due_on"]
    sold = pd.DataFrame(lines, columns=names).assign(product_id="p", paid_on=None)
    cases = [
        (f"{who}-{day}", who, f"2024-11-{day:02d}T08:00:00", f"2024-11-{day:02d}T{8 + hours:02d}:00:00")
        for who, hours, days in (
            ("c29", 9, (3, 9)),
            ("c28", 1, (4, 8)),
            ("c27", 9, (5,)),
            ("c03", 9, (2, 6)),
            ("c04", 2, (1, 2)),
            ("c05", 2, (7,)),
            *((f"c{i}", 2, (3,)) for i in range(20, 27)),
        )
        for day in days
    ]
    asked = pd.DataFrame(cases, columns=["case_id", "customer_id", "opened_at", "first_response_at"])
    people = pd.DataFrame({"customer_id": sorted(sold["customer_id"].unique())})
    reach = {"email": people["customer_id"] + "@shop.example", "email_consent": True, "name": "<b>Ann</b>"}
    return {"transactions": sold, "service_cases": asked, "customers": people.assign(**reach)}


@pytest.fixture(scope="module")
def crm():
    return Crm.from_frames(as_of="2024-12-31", currency="EUR", **tables())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    for name, table in tables().items():
        table.to_csv(root / f"{name}.csv", index=False)
    text = "".join(f'[tables.{name}]\nfrom = "{name}.csv"\n' for name in tables())
    (root / "crm.toml").write_text(HEAD + "control_share_pct = 0\n" + text, encoding="utf-8")
    return root


def said_of(found):
    """The reason of the first row, with plain spaces."""
    return str(say.work_reason(next(found.itertuples()), currency="EUR")).replace("\u00a0", " ")


def test_a_coupon_is_for_who_is_new_bought_once_and_owes_nothing(crm):
    assert lifecycle_stages(crm)["n2"] == "new" and compute_indicators(crm)["overdue_amount"]["n2"] == 80.0
    found = action_list(crm, COUPON)
    assert found["customer_id"].tolist() == ["n1"] and found["at_stake"].tolist() == [75.0]
    assert said_of(found) == "Bought once, 21 days ago, for EUR 75."


def test_a_service_level_is_for_the_valuable_who_ask_often_and_wait_longer_than_is_proposed(crm):
    found = action_list(crm, SERVE)
    assert found["customer_id"].tolist() == ["c29"], "c28 is answered fast, c27 asked once, c03 spends little"
    row = next(found.itertuples())
    assert row.turn == "first" and "keep" in row.also
    said = said_of(found)
    assert "2 times" in said and "9 hours" in said and "2 hours could be kept" in said, said
    shown = service(crm).levels.set_index("value_third").at[3, "by_value_kept"]
    assert shown == row.proposed_hours == 2, "the worklist and the page on service have one level"
    assert found["customer_id"].isin(worklist(crm).slice(SERVE)["customer_id"]).sum() in (0, 1)


def test_an_action_without_a_list_is_refused(crm):
    with pytest.raises(ParameterError, match="no list of its own"):
        action_list(crm, "keep")


def test_no_draft_promises_what_nobody_stated_and_what_was_stated_is_escaped(folder, tmp_path):
    with pytest.raises(ConfigError, match=r"outreach\.coupon: says nothing"):
        with plan_from_workspace(folder, kind=COUPON, drafts=True):
            pass
    config = folder / "crm.toml"
    stated = config.read_text(encoding="utf-8").replace("[outreach]\n", '[outreach]\ncoupon = "10 % <off>"\n')
    config.write_text(stated, encoding="utf-8")
    with plan_from_workspace(folder, kind=COUPON, drafts=True, campaign_id="welcome") as (crm, plan):
        assert plan.contacts["customer_id"].tolist() == ["n1"] and plan.value_means == "at stake"
        assert set(plan.set_aside["reason"]) == {"other_group"}
        written = write_outreach(crm, plan, out=tmp_path, drafts=True)
        (draft,) = (written.outbox / "email").iterdir()
        parts = [
            part.get_content() for part in message_from_bytes(draft.read_bytes(), policy=SMTP).iter_parts()
        ]
        assert "your next one comes a thank-you: 10 % <off>." in parts[0]
        assert "10 % &lt;off&gt;." in parts[1] and "<b>Ann" not in parts[1] and "{" not in parts[1]
        assert crm.frame("transactions", ["order_id"]).shape[0] == 362


def test_every_action_has_a_template_for_every_channel_and_says_what_it_promises(crm):
    assert {path.name for path in BUILT_IN.iterdir()} == set(FILES.values()) | {
        f"{action}-{file}" for action in OF_LISTS for file in FILES.values()
    }
    with pytest.raises(ParameterError, match="offers no product"):
        with plan_from_workspace(sample_folder(), kind=SERVE, product="Tea"):
            pass
    from crmlib.prepare.config.parts import OutreachConfig

    assert promised(OutreachConfig(service_level=" soon\n "), SERVE) == {"service_level": "soon"}
