"""What of a claim stays Latin in a language in which every word of the messages is Greek: data, and nothing else."""

import re

from tests.present.test_claims_facts import _facts
from tests.present.test_claims_facts import test_language as greek  # noqa: F401


def latin_letters(statement, language):
    """The Latin letters of a claim that are neither data nor a currency."""
    text = statement.text(language)
    data = [fact.text() for fact in _facts(statement) if fact.kind == "name"]
    for known in sorted([one for one in [*data, "USD", "EUR"] if one], key=len, reverse=True):
        text = text.replace(known, "")
    return re.findall(r"[A-Za-z]+", text)
