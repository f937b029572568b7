from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib.prepare.privacy import KEY_VARIABLE, pseudonyms, public_ids
from crmlib.schema.errors import ConfigError

KEY = "a key of sixteen or more"


def test_pseudonyms_are_stable_distinct_and_need_the_key():
    ids = pd.Series([str(i) for i in range(2000)])
    first = pseudonyms(ids, key=KEY)
    assert first.is_unique
    assert first.equals(pseudonyms(ids, key=KEY))
    assert not set(first) & set(pseudonyms(ids, key=KEY + "!"))
    with pytest.raises(ConfigError, match="at least 16"):
        pseudonyms(ids, key="short")


def test_lists_carry_pseudonyms_when_the_workspace_says_so(monkeypatch):
    crm = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=KEY_VARIABLE):
        public_ids(crm, pd.Series(["1"]))
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert public_ids(crm, pd.Series(["17850"])).str.startswith("K-").all()
