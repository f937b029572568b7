"""Compiled once, kept, and safe in other processes."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from crmlib.analyse.rules import eclat as rule_eclat
from crmlib.analyse.rules import itemsets as rule_levels
from crmlib.analyse.rules import kernels as rule_kernels
from crmlib.analyse.rules import mine as rules
from crmlib.analyse.rules.mine import frequent_itemsets, mine_rules
from crmlib.analyse.stats import fisher as rule_significance

MODULES = (rule_kernels, rule_eclat, rule_levels, rule_significance)
MINE = """
import pandas as pd
from crmlib.analyse.rules.mine import mine_rules
from crmlib.analyse.rules import eclat as rule_eclat
lines = pd.DataFrame({"order_id": [i // 3 for i in range(90)], "product_id": [i % 4 for i in range(90)]})
book = mine_rules(lines, min_support=2)
print(len(book), sum(rule_eclat.grow.stats.cache_misses.values()))
"""


def test_a_second_process_takes_what_the_first_compiled():
    runs = [subprocess.run([sys.executable, "-c", MINE], capture_output=True, text=True) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[-1].stderr
    rules, misses = runs[1].stdout.split()
    assert int(rules) > 0
    assert int(misses) == 0


def test_warming_leaves_nothing_to_compile():
    """Arrays that come from elsewhere (read-only, strided) would be compiled for anew, in the middle of a report."""
    rules.warm()
    loops = [loop for module in MODULES for loop in vars(module).values() if hasattr(loop, "signatures")]
    compiled = [len(loop.signatures) for loop in loops]
    rng = np.random.default_rng(6)
    order_id, product_id = np.nonzero(rng.random((400, 20)) < 0.3)
    lines = pd.DataFrame({"order_id": order_id, "product_id": product_id.astype(str), "net_amount": 1.0})
    for table in (lines, lines.sample(frac=1, random_state=1), pa.Table.from_pandas(lines)):
        book = mine_rules(table, min_support=5, max_consequents=None)
        assert len(book.rules) > 20
        assert len(mine_rules(table, min_support=5, item=["product_id", "net_amount"], max_len=3)) > 20
        frequent_itemsets(table, min_support=5, closed=True, max_len=2)
        mine_rules(table, min_support=5, antecedents=["1"]).for_basket(["1"])
    assert len(loops) > 15
    assert [len(loop.signatures) for loop in loops] == compiled


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_mines_too():
    rng = np.random.default_rng(5)
    order_id, product_id = np.nonzero(rng.random((2_000, 40)) < 0.4)
    lines = pd.DataFrame({"order_id": order_id, "product_id": product_id})
    expected = len(mine_rules(lines, min_support=250, max_len=2))
    child = os.fork()
    if not child:
        status = 1
        try:
            status = int(len(mine_rules(lines, min_support=250, max_len=2)) != expected)
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert expected > 0


def test_without_a_folder_for_the_cache_it_compiles_all_the_same(monkeypatch):
    asked = []

    def stingy(**arguments):
        asked.append(arguments.get("cache", False))
        if arguments.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(rule_kernels.numba, "njit", stingy)
    assert rule_kernels.kernel(abs)(-2) == 2
    assert asked == [True, False]
