"""Encodings: proved, guessed with a note, or refused; never silently wrong."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.prepare.sources.encodings import prepare_text, sha256_of
from crmlib.schema.errors import SourceError

CHINESE = "客户,城市,备注\n张三,北京市,是老客户\n李四,上海市,的确有兴趣\n王五,广州,请联系\n"
TAIWANESE = "客戶,城市\n張三,臺北市\n李四,高雄市的人\n"
JAPANESE = "顧客,都市\n山田太郎,東京都\n佐藤さん,おおさかし\nカタカナ,テスト\n" * 3
KOREAN = "고객,도시\n김철수,서울\n이영희,부산광역시\n" * 20
RUSSIAN = "Клиент,Город\nИван,Москва\n"
POLISH = "klient,miasto\nŁukasz,Łódź\nŻaneta,Gdańsk\n"
GERMAN = "Kunde,Stadt\nMüller,Köln\nGroß,Zürich\n"
FRENCH = "client;ville\nAmélie;Orléans\nÇelik;Nîmes\n€5;l’été\n"


@pytest.fixture()
def prepared(tmp_path):
    def prepare(data, stated=None):
        (tmp_path / "export.csv").write_bytes(data)
        return prepare_text(tmp_path / "export.csv", shown="export.csv", stated=stated, scratch=tmp_path)

    return prepare


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (CHINESE.encode(), "utf-8", CHINESE),
        (b"\xef\xbb\xbf" + CHINESE.encode(), "utf-8", CHINESE),
        (CHINESE.encode("gb18030"), "gb18030", CHINESE),
        (CHINESE.encode("gbk"), "gb18030", CHINESE),
        (CHINESE.encode("utf-16"), "utf-16", CHINESE),
        (GERMAN.encode("utf-16-le"), "utf-16-le", GERMAN),
        (GERMAN.encode("utf-16-be"), "utf-16-be", GERMAN),
        (GERMAN.encode("latin-1"), "cp1252", GERMAN),
        (FRENCH.encode("cp1252"), "cp1252", FRENCH),
        (b"a,b\ncaf\xe9,1\n", "cp1252", "a,b\ncafé,1\n"),
        (b"a,b\n1,2\n", "utf-8", "a,b\n1,2\n"),
        (gzip.compress(GERMAN.encode("latin-1"), mtime=0), "cp1252", GERMAN),
        (gzip.compress(CHINESE.encode(), mtime=0), "utf-8", CHINESE),
    ],
)
def test_the_encoding_is_found(prepared, data, encoding, text):
    found = prepared(data)
    assert found.encoding == encoding
    assert found.head() == text
    assert bool(found.notes) == (encoding != "utf-8")


CZECH = "klient;město\nDvořák;Plzeň\nŠťastný;Děčín\nČerný;Kroměříž\n"
HUNGARIAN = "ügyfél;város\nSzűcs;Győr\nErdős;Székesfehérvár\n"
TURKISH = "müşteri;şehir\nYılmaz;İzmir\nŞahin;Diyarbakır\nÖztürk;Eskişehir\n"
GREEK = "πελάτης;πόλη\nΓιώργος;Αθήνα\nΕλένη;Θεσσαλονίκη\n"
MIXED = "Kunde;Stadt\nMüller;Köln\nSørensen;Århus\nMuñoz;Málaga\nJoão;São Paulo\nHélène;Besançon\n"
SPANISH = "cliente;ciudad\nMuñoz;Málaga\nPeña;León\nNúñez;Cádiz\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (JAPANESE, "shift_jis", "cp932"), (JAPANESE, "euc_jp", "euc_jp"), (KOREAN, "euc_kr", "cp949"),
        (RUSSIAN, "cp1251", "cp1251"), (RUSSIAN, "koi8-r", "koi8_r"), (POLISH, "cp1250", "cp1250"),
        (POLISH, "iso8859_2", "iso8859_2"), (TAIWANESE, "big5", "cp950"), (CZECH, "cp1250", "cp1250"),
        (HUNGARIAN, "cp1250", "cp1250"), (TURKISH, "cp1254", "cp1254"), (GREEK, "cp1253", "cp1253"),
        ("Nº pedido;Total\n1;2\n", "cp1252", "cp1252"), ("N° client;Prix\n1;2\n", "cp1252", "cp1252"),
        (GERMAN, "mac_roman", "mac_roman"), (GERMAN, "cp850", "cp850"), (MIXED, "mac_roman", "mac_roman"),
        (POLISH, "cp852", "cp852"), (HUNGARIAN, "cp852", "cp852"), (RUSSIAN, "cp866", "cp866"),
        (MIXED, "cp1252", "cp1252"), (SPANISH, "cp1252", "cp1252"), (CHINESE, "gb18030", "gb18030"),
    ],
)  # fmt: skip
def test_encodings_are_told_apart_by_what_they_make_of_the_letters(prepared, text, written, found):
    told = prepared(text.encode(written))
    assert (told.head(), told.encoding) == (text, found)
    (note,) = told.notes
    assert "no encoding stated; taken as" in note and "state it in crm.toml" in note


@pytest.mark.parametrize(
    "data",
    [
        "a,b\n中,1\n".encode("gbk"), "klient;mesto\nNěmec;Brno\n".encode("cp1250"), "város\nGyőr\n".encode("cp1250"),
        b"a,b\n\x8d\x90\x81,1\n", "お\n".encode("euc_jp"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_not_guessed(prepared, data):
    with pytest.raises(SourceError, match=r"encoding cannot be told.*State it in crm\.toml: encoding"):
        prepared(data)


@pytest.mark.parametrize("written", ["iso2022_jp", "utf-32", "utf-16"])
def test_an_encoding_that_says_its_name_is_believed(prepared, written):
    told = prepared(JAPANESE.encode(written))
    assert (told.head(), told.encoding) == (JAPANESE, written)
    assert "read as" in told.notes[0]


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ("B\u00fccher M\u00f6bel K\u00e4se", "cp437"),
        ("M\u00e9nager Ch\u00e2telet No\u00ebl For\u00eat Th\u00e9\u00e2tre", "mac_roman"),
    ],
)
def test_two_letters_of_an_old_machine_are_no_letter_of_japan(prepared, names, written):
    assert names in prepared(f"a;b\n{names};1\n".encode(written)).head()


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (JAPANESE, "shift_jis"),
        (KOREAN, "euc_kr"),
        (RUSSIAN, "cp1251"),
        (POLISH, "cp1250"),
        (TAIWANESE, "big5"),
        (GERMAN, "latin-1"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-8"),
    ],
)
def test_a_stated_encoding_is_taken_without_a_note(prepared, text, stated):
    found = prepared(text.encode(stated), stated)
    assert found.head() == text
    assert found.notes == ()


def test_a_stated_encoding_that_does_not_fit_names_the_line(prepared):
    with pytest.raises(SourceError, match=r"export\.csv, line 4: is not big5"):
        prepared(b"a,b\n1,2\n3,4\nx\xff\xff,5\n", "big5")


def test_utf_8_with_a_few_damaged_bytes_stays_utf_8(prepared):
    found = prepared(CHINESE.encode() * 20 + b"x\xe9y,1,2\n")
    assert found.encoding == "utf-8"
    assert "1 damaged bytes" in found.notes[0]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \r\n\r\n", "is empty"),
        (b"a,b\n1,\x00\n" + b"\x00" * 90, "zero bytes"),
        (bytes(range(256)) * 10, "zero bytes"),
        (b"PK\x03\x04rest", "ZIP archive or a workbook"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PAR1xxxx", "Parquet"),
        (b"SQLite format 3\x00xx", "SQLite"),
        (b" <!DOCTYPE html><table>", "web page"),
        (gzip.compress(CHINESE.encode() * 500, mtime=0)[:200], "damaged"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
    ],
)
def test_what_is_no_text_is_refused_with_a_remedy(prepared, data, why):
    with pytest.raises(SourceError, match=rf"export\.csv .*{why}.*\."):
        prepared(data)


@pytest.mark.parametrize(
    ("data", "text", "blank"),
    [
        (b"a,b\r\n1,2\r\n", "a,b\r\n1,2\r\n", False),
        (b"a,b\r\n1,2\n3,4\r5,6\n", "a,b\n1,2\n3,4\n5,6\n", False),
        (b'a,b\r\n1,"x\ny"\r\n', 'a,b\n1,"x\ny"\n', False),
        (b"a,b\r1,2\r", "a,b\n1,2\n", False),
        (b"a,b\n\n1,2\n", "a,b\n\n1,2\n", True),
        (b"a,b\r\n\r\n1,2\r\n", "a,b\r\n\r\n1,2\r\n", True),
        (b"\na,b\n1,2\n", "\na,b\n1,2\n", True),
    ],
)
def test_line_ends_of_one_kind_are_left_and_mixed_ones_made_one(prepared, data, text, blank):
    found = prepared(data)
    assert (found.path.read_bytes().decode(), found.blank_lines) == (text, blank)


@given(text=st.text(alphabet='abc,é€ß\n\r"中文ł', max_size=200), cut=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_utf_8_comes_through_whatever_the_size_of_the_pieces(tmp_path_factory, text, cut):
    folder = tmp_path_factory.getbasetemp() / "pieces"
    folder.mkdir(exist_ok=True)
    (folder / "a.csv").write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crmlib.prepare.sources.encodings.CHUNK", cut)
        try:
            found = prepare_text(folder / "a.csv", shown="a.csv", scratch=folder)
        except SourceError as error:
            assert "empty" in str(error) and not text.strip(" \r\n\t")
            return
        same = text.replace("\r\n", "\n").replace("\r", "\n")
        read = found.path.read_bytes().decode()
    assert read.replace("\r\n", "\n") == same
    assert found.encoding == "utf-8"
    assert not found.blank_lines or "\n\n" in f"\n{same}" or "\r" in text


def test_the_fingerprint_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_euro_beside_figures_is_no_letter_of_an_old_machine(tmp_path):
    rows = [f"{n};Stück;{n},50 €;{n},00 €;{n + 1},90 €" for n in range(200)]
    (tmp_path / "a.csv").write_bytes("\r\n".join(["Nr;Größe;A;B;C", *rows]).encode("cp1252"))
    told = prepare_text(tmp_path / "a.csv", shown="a.csv", scratch=tmp_path)
    assert told.encoding == "cp1252" and "Stück" in told.head()
