"""Products that are no goods: postage, fees, samples, vouchers and corrections, found by evidence."""

import re
from typing import Any

import pandas as pd

from crmlib.measure.steps import moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine

WORDS = {
    "en": "postage shipping freight carriage delivery surcharge fee charges manual adjustment adjust correction "
    "discount sample samples voucher gift-card giftcard deposit commission bad-debt test",
    "de": "versand versandkosten porto fracht gebühr pfand gutschein muster rabatt korrektur zuschlag mahngebühr",
    "fr": "port livraison frais échantillon remise bon-cadeau consigne",
    "es": "envío portes gastos muestra descuento tarjeta-regalo",
    "it": "spedizione trasporto spese campione sconto buono-regalo",
    "ja": "送料 手数料 値引 サンプル 商品券",
    "zh": "运费 手续费 样品 折扣 礼品卡 邮费",
}
"""Words that name no goods, by language; a hyphen stands for any gap between two words."""

NEARLY_ALL = 0.95
"""So much of a product's lines must be free, or negative."""

LEAST_LINES = 3
"""Fewer lines of a product prove nothing by their amounts."""

USUAL_SHAPE = 0.9
"""Where so many codes hold a digit, one without is no article."""

EVIDENCE = ("name", "free", "negative", "code")
"""Why a product is taken for no goods, the first that fits."""

_LINES_SQL = """
select
    product_id,
    count(*) as lines,
    count(case when net_amount = 0 then 1 end) as free_lines,
    count(case when net_amount < 0 then 1 end) as negative_lines
from transactions
where ordered_at <= $as_of and product_id is not null
group by product_id
order by product_id
"""


def find_not_goods(crm: Crm, *, engine: Engine | None = None) -> pd.DataFrame:
    """Products that should not be offered, with the evidence: one row each.

    The columns are `product_id`, `name`, `evidence` (one of `EVIDENCE`), `lines`, `free_lines`, `negative_lines`.
    """
    engine = engine or crm.engine
    lines = engine.to_pandas(_LINES_SQL, moments(_LINES_SQL, as_of=crm.as_of, time_zone=crm.time_zone))
    lines["name"] = None
    if "products" in crm and "name" in crm.columns("products"):
        names = engine.to_pandas("select product_id, min(name) as name from products group by product_id")
        lines["name"] = lines["product_id"].map(names.set_index("product_id")["name"])
    evidence = _evidence(lines)
    found = lines.assign(evidence=evidence)[evidence != ""]
    columns = ["product_id", "name", "evidence", "lines", "free_lines", "negative_lines"]
    return found[columns].reset_index(drop=True)


def _evidence(lines: pd.DataFrame) -> pd.Series:
    enough, needed = lines["lines"] >= LEAST_LINES, NEARLY_ALL * lines["lines"]
    digits = lines["product_id"].astype("str").str.contains(r"\d", regex=True)
    usual = len(digits) >= 20 and digits.mean() >= USUAL_SHAPE
    said = pd.Series("", index=lines.index)
    said[enough & ~digits & usual] = "code"
    said[enough & (lines["negative_lines"] >= needed)] = "negative"
    said[enough & (lines["free_lines"] >= needed)] = "free"
    said[[names_no_goods(name) for name in lines["name"]]] = "name"
    return said


def names_no_goods(name: Any) -> bool:
    """Whether a name is made of words that name no goods, and no more than one other.

    >>> [names_no_goods(name) for name in ("DOTCOM POSTAGE", "Versandkosten", "Postage stamp album red", "送料")]
    [True, True, False, True]
    """
    if not isinstance(name, str):
        return False
    plain = name.casefold()
    if any(word in plain for word in (*WORDS["ja"].split(), *WORDS["zh"].split())):
        return True
    left, hits = _PATTERN.subn(" ", plain)
    return bool(hits) and len(re.findall(r"\w+", left)) <= 1


_PATTERN = re.compile(
    r"\b(?:"
    + "|".join(
        re.escape(word).replace(r"\-", r"[\W_]+")
        for language, words in WORDS.items()
        if language not in ("ja", "zh")
        for word in words.split()
    )
    + r")\b"
)
