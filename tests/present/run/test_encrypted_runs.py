"""A run under a password: checked like any other, then one page in the place of all, and no figure beside it."""

import json

import pytest

pytest.importorskip("cryptography", reason="no cryptography: install the extra crmlib[encrypt]")

from crmlib.prepare.encryption import decrypt
from crmlib.present.publish.publish import unlocked
from crmlib.present.run.runner import Pages
from crmlib.present.run.status import read_status
from tests.present.run.test_audiences import kernels as kernels
from tests.present.run.test_audiences import place, report, write_report
from tests.present.run.test_audiences import project as project

PASSWORD = "wide grey owls fly at noon"


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    monkeypatch.setattr("crmlib.prepare.encryption.ROUNDS", 1_000)


def test_all_of_a_run_is_in_one_page_and_nothing_of_it_beside(project, kernels):
    run = report(project, kernels, "stakeholder", "operator", pages=Pages(), password=PASSWORD)
    assert run.status == "published", run.reason
    for audience, said in (("stakeholder", "K-ABCDEFGHIJKL"), ("operator", "Ann Archibald-Other")):
        root = place(project, audience)
        latest = (root / "latest").resolve()
        assert sorted(path.name for path in latest.iterdir()) == ["index.html", "run.json"]
        files = unlocked((latest / "index.html").read_text(), password=PASSWORD)
        assert said in files["listed.html" if audience == "stakeholder" else "people.html"].decode()
        assert json.loads(files["run.json"])["reports"][0]["claims"] == []
        left = [path for path in root.parent.rglob("*") if path.is_file()]
        assert not [path for path in left if said.encode() in path.read_bytes()]
        assert not list(root.glob(".staging*"))
    executed = list(project.glob("reports*/shop/.work/*/people.ipynb*"))
    assert [path.suffix for path in executed] == [".encrypted"] and not list(
        project.glob("reports*/**/*.ipynb")
    )
    assert b"Ann Archibald-Other" in decrypt(executed[0].read_bytes(), password=PASSWORD)
    again = report(project, kernels, "stakeholder", "operator", if_changed=True, password=PASSWORD)
    assert again.status == "nothing to do"
    assert read_status(project / "reports").loc[0, ["last_good_run", "last_attempt"]].tolist() == [
        run.run,
        "nothing to do",
    ]
    plain = report(project, kernels, "stakeholder", "operator", pages=Pages(), if_changed=True)
    assert plain.status == "published", "who asks for a run in the open does not get the encrypted one"
    assert (place(project, "stakeholder") / "latest" / "listed.html").is_file()


def test_what_must_not_be_published_is_not_published_encrypted_either(project, kernels):
    write_report(project, "open", "stakeholder", "print('jo@shop.example')")
    run = report(project, kernels, "stakeholder", password=PASSWORD)
    assert run.status == "failed" and "an e-mail address" in run.reason
    write_report(project, "open", "stakeholder", f"print('{PASSWORD}')")
    run = report(project, kernels, "stakeholder", password=PASSWORD)
    assert (
        run.status == "failed" and "the secret CRMLIB_PASSWORD" in run.reason and PASSWORD not in run.reason
    )
