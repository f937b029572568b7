"""What is written in notes and opinions: phrases by language and topic, put together by lot."""

from collections.abc import Sequence

import numpy as np

from crmlib.sample.truths import TOPICS

LANGUAGES = {"China": "zh", "Japan": "ja", "Germany": "de", "United Kingdom": "en", "France": "en"}
"""Country -> language of the notes; our people in France write English."""

CONCERNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        (
            "Says the price is too high for this year.",
            "Asks for a better price, ten percent less.",
            "Our quote is more expensive than they expected.",
            "The discount is not enough, the price is the sticking point.",
        ),
        (
            "Needs delivery in two weeks, we said six.",
            "Worried about the delivery time.",
            "The delivery date is too late for the new hall.",
            "Late deliveries last year are still remembered.",
        ),
        (
            "Misses an interface to their stock system.",
            "The feature for batch printing is missing.",
            "Asks for a function that we do not have.",
            "Technical department wants a wireless version, which is missing.",
        ),
        (
            "Has an offer from a competitor.",
            "Compares us with another supplier.",
            "A competitor was there last week with samples.",
            "The present supplier, our competitor, wants to keep the account.",
        ),
        (
            "Budget is postponed to next year.",
            "The budget has been frozen by head office.",
            "Investment postponed, no budget before summer.",
            "Waits for approval of the budget.",
        ),
        (
            "Unhappy with the service of the last repair.",
            "Complains that nobody called back.",
            "The service technician came too late.",
            "Support quality is a worry, two cases are still unsolved.",
        ),
    ),
    "de": (
        (
            "Der Preis ist dem Kunden zu hoch.",
            "Wünscht einen besseren Preis, zehn Prozent Rabatt.",
            "Unser Angebot ist teurer als erwartet.",
            "Der Rabatt reicht nicht, am Preis hängt alles.",
        ),
        (
            "Braucht die Lieferung in zwei Wochen, wir sagten sechs.",
            "Die Lieferzeit macht Sorgen.",
            "Der Liefertermin ist zu spät für die neue Halle.",
            "Die verspäteten Lieferungen vom Vorjahr sind nicht vergessen.",
        ),
        (
            "Vermisst eine Schnittstelle zum Lagersystem.",
            "Die Funktion für den Stapeldruck fehlt.",
            "Fragt nach einer Funktion, die wir nicht haben.",
            "Die Technik will eine Funkversion, die fehlt.",
        ),
        (
            "Hat ein Angebot vom Wettbewerb.",
            "Vergleicht uns mit einem anderen Lieferanten.",
            "Ein Wettbewerber war letzte Woche mit Mustern da.",
            "Der jetzige Lieferant, unser Wettbewerber, kämpft um den Auftrag.",
        ),
        (
            "Das Budget ist auf nächstes Jahr verschoben.",
            "Die Zentrale hat das Budget gesperrt.",
            "Investition verschoben, kein Budget vor dem Sommer.",
            "Wartet auf die Freigabe des Budgets.",
        ),
        (
            "Unzufrieden mit dem Service bei der letzten Reparatur.",
            "Beschwert sich, dass niemand zurückgerufen hat.",
            "Der Servicetechniker kam zu spät.",
            "Die Qualität des Service macht Sorgen, zwei Fälle sind offen.",
        ),
    ),
    "zh": (
        ("客户觉得价格太高。", "希望价格再优惠百分之十。", "我们的报价比预期贵。", "折扣不够,关键还是价格。"),
        (
            "需要两周内交货,我们说六周。",
            "担心交货时间。",
            "交货日期对新厂房来说太晚。",
            "去年延迟交货的事还记得。",
        ),
        (
            "缺少与仓库系统的接口。",
            "没有批量打印功能。",
            "询问我们没有的功能。",
            "技术部门要无线版本,目前缺少。",
        ),
        (
            "已经有竞争对手的报价。",
            "正在和其他供应商比较。",
            "竞争对手上周带样品来过。",
            "现在的供应商也是我们的竞争对手,想保住订单。",
        ),
        ("预算推迟到明年。", "总部冻结了预算。", "投资推迟,夏天之前没有预算。", "等待预算审批。"),
        (
            "对上次维修服务不满意。",
            "投诉没有人回电话。",
            "服务工程师来得太晚。",
            "担心售后服务质量,还有两个问题没解决。",
        ),
    ),
    "ja": (
        (
            "価格が高いと言われた。",
            "あと一割の値引きを希望している。",
            "見積もりが予想より高い。",
            "値引きが足りず、価格が問題になっている。",
        ),
        (
            "二週間での納品が必要だが、六週間と回答した。",
            "納期を心配している。",
            "新工場には納期が遅すぎる。",
            "昨年の納品遅れをまだ覚えている。",
        ),
        (
            "在庫システムとの連携機能がない。",
            "一括印刷の機能が不足している。",
            "当社にない機能を求められた。",
            "技術部は無線版を希望しているが、機能がない。",
        ),
        (
            "競合他社の見積もりがある。",
            "他社と比較中である。",
            "先週、競合他社が見本を持って来た。",
            "現在の取引先である競合が契約を守ろうとしている。",
        ),
        (
            "予算は来年に延期された。",
            "本社が予算を凍結した。",
            "投資は延期、夏まで予算がない。",
            "予算の承認待ちである。",
        ),
        (
            "前回の修理サービスに不満がある。",
            "折り返しの電話がないと苦情があった。",
            "サービス担当の到着が遅れた。",
            "サポートの品質に不安があり、二件が未解決である。",
        ),
    ),
}

NEUTRAL: dict[str, tuple[str, ...]] = {
    "en": (
        "Had a good talk about the project.",
        "Sent the documents as agreed.",
        "Showed the product on site.",
        "Went through the offer together.",
        "Asked for references, sent three.",
        "Agreed to speak again soon.",
        "Met the team and saw the plant.",
        "Answered questions on the data sheet.",
    ),
    "de": (
        "Gutes Gespräch über das Projekt.",
        "Unterlagen wie vereinbart geschickt.",
        "Produkt vor Ort vorgeführt.",
        "Angebot gemeinsam durchgegangen.",
        "Referenzen erbeten, drei geschickt.",
        "Nächstes Gespräch vereinbart.",
        "Team kennengelernt und Werk besichtigt.",
        "Fragen zum Datenblatt beantwortet.",
    ),
    "zh": (
        "就项目进行了良好的沟通。",
        "已按约定发送资料。",
        "在现场演示了产品。",
        "一起讨论了方案。",
        "客户要参考案例,已发三份。",
        "约好下次再谈。",
        "参观了工厂,认识了团队。",
        "回答了数据表的问题。",
    ),
    "ja": (
        "案件について良い話ができた。",
        "約束どおり資料を送付した。",
        "現地で製品を実演した。",
        "提案内容を一緒に確認した。",
        "導入事例を三件送った。",
        "次回の打ち合わせを約束した。",
        "工場を見学し、担当者と会った。",
        "仕様書の質問に回答した。",
    ),
}

_REACH = {
    "en": "Reach {name} at {phone} or {email}.", "de": "Erreichbar: {name}, {phone}, {email}.",
    "zh": "联系人{name},电话{phone},邮箱{email}。", "ja": "連絡先は{name}様、{phone}、{email}。",
}  # fmt: skip


def write_notes(
    countries: Sequence[str], topics: Sequence[str], reach: Sequence[dict | None], rng: np.random.Generator
) -> list[str]:
    """One note for each contact, in the language of its country."""
    n = len(countries)
    draws = rng.integers(0, 1 << 30, (n, 2)).tolist()
    order = (rng.random(n) < 0.7).tolist()
    found = []
    for country, topic, who, (one, other), neutral_first in zip(
        countries, topics, reach, draws, order, strict=True
    ):
        language = LANGUAGES[country]
        neutral = NEUTRAL[language]
        parts = [neutral[one % len(neutral)]]
        if topic:
            phrases = CONCERNS[language][TOPICS.index(topic)]
            parts.insert(1 if neutral_first else 0, phrases[other % len(phrases)])
        if who is not None:
            parts.append(_REACH[language].format(**who))
        found.append(("" if language in ("zh", "ja") else " ").join(parts))
    return found


def language_of(country: str) -> str:
    """The language in which notes on customers of a country are written."""
    return LANGUAGES[country]
