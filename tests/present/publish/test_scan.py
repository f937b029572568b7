"""What is about to be published is read: each planted value is found in each kind of file, and told without itself."""

import base64
import io
import json
import time
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.figure
import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.prepare.personal import known_values
from crmlib.prepare.privacy import KEY_FILE_VARIABLE, KEY_VARIABLE
from crmlib.present.blocks.downloads import to_csv_bytes, to_excel_bytes
from crmlib.present.publish import scan
from crmlib.present.publish.scan import Scanner, says_hits, scan_folder
from crmlib.present.run import zygote
from crmlib.present.run.console import say
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runs import run_reports
from tests.present.small_project import READER, make_project, write_notebook

PEOPLE = {
    "customer_id": ["c1", "c2", "c3", "c4"],
    "name": ["Müller & Söhne", "王小明", "Customer profile", "Ada Lovelace"],
    "email": ["info@mueller.de", "wang@qq.com", None, "ada@example.com"],
    "phone": ["030 1234567-8", "13812345678", None, None],
    "address": ["Hauptstraße 12", "北京市朝阳区", "12", "Analytical Lane 7"],
    "gender": ["two-spirit person", "f", "f", "m"],
    "city": ["Berlin", "北京", "Leeds", "London"],
}
ORDERS = {
    "order_id": ["4111111111111111", "o2"],
    "customer_id": ["c1", "c2"],
    "product_id": ["DE136695976", "p2"],
    "ordered_at": pd.to_datetime(["2024-01-05", "2024-02-01"]),
    "net_amount": [10.0, 20.0],
}
PLANTED = {
    "customers.name": ["müller &  SÖHNE", "王小明", "Ada Lovelace"],
    "customers.address": ["Hauptstraße 12", "北京市朝阳区"],
    "customers.phone": ["0301234567-8", "138-1234-5678"],
    "customers.gender": ["two-spirit person"],
    "e-mail": ["someone.else@shop.example", "李雷@例子.中国"],
    "telephone": ["+49 30 901820", "+81-3-3224-5000", "13912345678"],
    "Chinese identity": ["11010519491231002X"],
    "card": ["5500 0000 0000 0004", "4012-8888-8888-1881", "378282246310005"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    "tax": ["91110000600037341L", "DE 136695976", "T7000012050002"],
    "social": ["536-90-4399"],
    "secret": ["postgresql://reader:hunter22@host/crm", "AKIAIOSFODNN7EXAMPLE"],
}  # fmt: skip
HARMLESS = """On 2024-01-05 10:00:00.123 there were 12,345,678 orders of 0.4111111111111111 and 4012.888888881881;
order 4111111111111111, product DE136695976, 1700000000000, K-ABCDEFGHIJKL, #a1b2c3, @media print, Berlin, Customer
profile, sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, 2024-2025, +12.5 %, 978-3-16-148410-0"""


@pytest.fixture(scope="module")
def scanner():
    crm = Crm.from_frames(
        as_of="2024-03-01", customers=pd.DataFrame(PEOPLE), transactions=pd.DataFrame(ORDERS)
    )
    return Scanner(
        crm, known=known_values(crm).without(["Customer profile"]), keys={"ours": "k" * 8 + "q7Zx"}
    )


def files_with(text):
    """One file of every kind in which the text stands, by name."""
    figure = matplotlib.figure.Figure((2, 1))
    figure.text(0.1, 0.5, "plain")
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", metadata={"Comment": text})
    figure.savefig(svg, format="svg", metadata={"Description": text})
    frame = pd.DataFrame({"n": [1, 2], "says": ["nothing", text]})
    packed = base64.b64encode(to_csv_bytes(frame)).decode()
    picture = base64.b64encode(png.getvalue()).decode()
    return {
        "page.html": f"<p>{text.replace('&', '&amp;')}</p>".encode(),
        "download.html": f'<a href="data:text/csv;charset=utf-8;base64,{packed}">CSV</a>'.encode(),
        "picture.html": f'<img src="data:image/png;base64,{picture}">'.encode(),
        "run.json": json.dumps({"answer": text}).encode(),
        "list.csv": to_csv_bytes(frame),
        "list.xlsx": to_excel_bytes(frame),
        "picture.svg": svg.getvalue(),
        "picture.png": png.getvalue(),
    }


def write(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in PLANTED.items() for text in texts]
)
def test_every_planted_value_is_found_in_running_text_and_never_told(scanner, kind, text):
    found = scanner.kinds(f"it says {text}, no less")
    assert any(kind in told for told in found), (found, text)
    assert text not in str(list(found))


def test_a_value_is_found_in_every_kind_of_file_and_its_cell_is_named(scanner, tmp_path):
    files = files_with("Müller & Söhne")
    write(tmp_path, files)
    hits = scan_folder(scanner, tmp_path)
    assert {hit.file for hit in hits} == set(files) and {hit.kind for hit in hits} == {
        "a value of customers.name"
    }
    places = {hit.file: hit.place for hit in hits}
    assert places["list.csv"] == "row 3, column 2" and places["list.xlsx"] == "sheet List, row 3, column 2"
    assert "Söhne" not in says_hits(hits) and "list.csv, row 3" in says_hits(hits)


def test_figures_own_numbers_and_words_of_the_house_are_no_hit(scanner, tmp_path):
    write(tmp_path, files_with(HARMLESS))
    assert scan_folder(scanner, tmp_path) == []
    assert scanner.kinds(scan.our_words()) == {}


def test_what_the_house_names_no_secret_is_none(scanner):
    privacy = SimpleNamespace(no_secret=("Ada Lovelace",), pseudonyms=True, min_group=10)
    crm = replace(scanner.crm, config=SimpleNamespace(privacy=privacy))
    known = known_values(crm)
    assert not list(known.found_in("Ada Lovelace")) and list(known.found_in("Müller & Söhne"))


def long_list(planted, at=700):
    """A list of a thousand lines that hardly differ, in which something stands once."""
    rows = range(1_200)
    letters = [f"{n:012b}".replace("0", "A").replace("1", "B") for n in rows]
    frame = pd.DataFrame(
        {"customer": [f"K-{letter}" for letter in letters], "spend": [n * 1.25 for n in rows]}
    )
    frame["why"] = [f'{n % 97} of 98 invoices, Nebenstraße {n % 3 + 13} or "other"' for n in rows]
    frame.loc[at, "why"] = planted
    return {"list.csv": to_csv_bytes(frame), "list.xlsx": to_excel_bytes(frame)}


def test_what_stands_once_in_a_long_list_is_found_as_in_a_short_text(scanner, tmp_path):
    texts = [
        f"{said} {text}, {end}"
        for texts in PLANTED.values()
        for text in texts
        for said, end in (("is", "so"), ("", ""))
    ]
    texts += [
        "a,\nMüller &\nSöhne",
        "Ｈａｕｐｔｓｔｒａße １２",
        "ＡＤＡ  Lovelace",
        "tel. 13812345678",
        "at 0301234567-8",
    ]
    for text in texts:
        expected = set(scanner.kinds(f"x,{text},\r\n"))
        write(tmp_path, long_list(text))
        found = [set(scan._kinds_in(scanner, tmp_path / name)) for name in ("list.csv", "list.xlsx")]
        assert expected and all(kinds >= expected for kinds in found), text


def test_a_long_list_in_which_nothing_stands_is_looked_at_once_a_shape(scanner):
    (text,) = scan.texts_of("list.csv", long_list("nothing")["list.csv"])
    assert scanner.known.telling_lines(text) == ""
    assert scanner.known.telling_lines(text.replace("nothing", "+49 30 901820")).count("\n") == 0
    assert scanner.known.telling_lines(text.replace("nothing", "Ada Lovelace")).count("\n") > 1_200


def test_our_own_key_and_secrets_of_the_environment_are_found(scanner, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "Vq3-zB7_kL9.xW2+")
    assert list(scanner.kinds("k" * 8 + "q7Zx")) == ["the secret ours"]
    fresh = Scanner(scanner.crm, known=scanner.known)
    assert list(fresh.kinds("key=Vq3-zB7_kL9.xW2+;")) == [f"the secret {KEY_VARIABLE}"]


def test_a_thousand_values_in_ten_megabytes_are_found_quickly(scanner):
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(20_000)]})
    people["name"] = [f"Zq{i:05d} Canary" for i in range(20_000)]
    crm = Crm.from_frames(as_of="2024-03-01", customers=people, transactions=pd.DataFrame(ORDERS))
    known = known_values(crm)
    planted = [f"Zq{i:05d} Canary" for i in range(0, 20_000, 20)]
    filler = " the quick brown fox 12,345.67 K-ABCDEFGHIJKL; " * 200
    text = filler.join(planted)
    began = time.process_time()
    found = {value for value, _ in known.found_in(text)}
    assert found == {value.casefold() for value in planted} and len(text) > 9_000_000
    assert time.process_time() - began < 4


@pytest.fixture(scope="module")
def kernels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as found:
            yield found


@pytest.fixture
def leak(tmp_path, kernels):
    """Run a report of one cell on the small shop."""
    project = make_project(tmp_path)

    def run(cell, **options):
        write_notebook(project / "notebooks" / "05_leak.ipynb", "workspace = '.'", cell)
        told = {
            "out": project / "reports",
            "notebooks": project / "notebooks",
            "reports": ["leak"],
            "kernels": kernels,
        }
        (done,) = run_reports(project / "data" / "shop", **told, **options)
        return done

    run.project = project
    return run


def test_a_hit_stops_the_publish_names_the_cell_and_leaves_the_last_run(leak):
    first = leak("print('all is well')")
    assert first.status == "published", first.reason
    second = leak("print('jane.doe@shop.example')")
    assert (second.status, second.exit_code) == ("failed", 1)
    assert "leak.html, cell 4 of the notebook: an e-mail address" in second.reason
    assert "jane.doe" not in second.reason and "jane.doe" not in second.log.read_text()
    shelf = leak.project / "reports" / "shop"
    assert (shelf / "latest").resolve().name == first.run and not list(shelf.glob(".staging*"))
    assert second.folder.parent.stat().st_mode & 0o077 == 0


def test_a_changed_key_is_a_change_and_no_run_mixes_two(leak, tmp_path, monkeypatch):
    key = tmp_path / "key"
    key.write_text("Vq3-zB7_kL9.xW2+tR5")
    key.chmod(0o600)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(key))
    assert leak("1", if_changed=True).status == "published"
    assert leak("1", if_changed=True).status == "nothing to do"
    key.write_text("Another-9_key.of+Twenty")
    assert leak("1", if_changed=True).status == "published"
    mixed = leak(f"_ = open({str(key)!r}, 'w').write('A-third_key.of+Twenty1')")
    assert mixed.status == "failed" and "key of the pseudonyms" in mixed.reason


def test_pages_and_command_line_say_where_customers_have_their_own_numbers(leak):
    quiet = leak("1")
    config = leak.project / "data" / "shop" / "crm.toml"
    config.write_text(config.read_text().replace("[tables", "[privacy]\npseudonyms = false\n[tables", 1))
    plain = leak("1")
    words = "under their own numbers"
    for run, said in ((quiet, False), (plain, True)):
        pages = [(run.folder / page).read_text() for page in ("leak.html", "index.html")]
        assert [words in text for text in (*pages, say(run))] == [said] * 3


def test_a_scanner_without_a_configuration_excuses_nothing_but_its_numbers(scanner):
    bare = Scanner(SimpleNamespace(tables=(), config=None), known=scanner.known)
    assert "a card number" in bare.kinds("4111111111111111")
