from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.prepare.privacy import KEY_VARIABLE, count_groups, pseudonyms, public_ids
from crmlib.schema.errors import ConfigError, ParameterError

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


@given(sizes=st.lists(st.integers(1, 30), max_size=8))
def test_no_small_group_is_shown_nor_can_be_found_by_subtraction(sizes):
    values = pd.Series([f"g{i}" for i, size in enumerate(sizes) for _ in range(size)], dtype="str")
    shown = count_groups(values, minimum=10)
    assert (shown >= 10).all()
    assert shown.sum() in (0, len(values))
    if sum(sizes) >= 10:
        assert shown.sum() == len(values)
    if "other" in shown.index:
        hidden = [size for i, size in enumerate(sizes) if f"g{i}" not in shown.index]
        assert len(hidden) >= 2 or len(sizes) == 1


def test_a_minimum_below_one_is_refused():
    with pytest.raises(ParameterError):
        count_groups(pd.Series(["a"]), minimum=0)
