"""How long it takes to find which of many made-up people are the same, and how right it is.

`python benchmarks/identity.py 200000 1000000`: one line for each number of records; one record in eleven is a second
one of somebody, with a slip in three of ten family names, another telephone number in half, and no e-mail in a third.
"""

import random
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

import crmlib

SYLLABLES = "an ber cor dal el fin gar hol in jo kal lin mor nor ot per ros sten tam ul ver wal zim"
SECONDS = 1800
"""A number of records that takes longer is given up."""


def people(records: int, seed: int = 0) -> pd.DataFrame:
    """Records of made-up people; `who` says whose they are."""
    draw, plain = np.random.default_rng(seed), random.Random(seed)

    def words(number: int, syllables: int) -> list[str]:
        return ["".join(plain.choices(SYLLABLES.split(), k=syllables)).capitalize() for _ in range(number)]

    families, given, streets, cities = words(20_000, 3), words(1_500, 2), words(3_000, 3), words(400, 2)
    often = np.arange(1, len(families) + 1) ** -0.7
    several = records - int(records / 1.1)
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(draw.integers(0, 25_000, records - several), unit="D")
    made = pd.DataFrame({
        "who": range(records - several),
        "family": draw.choice(families, records - several, p=often / often.sum()),
        "given": draw.choice(given, records - several),
        "address": draw.choice(streets, records - several),
        "city": draw.choice(cities, records - several),
        "birth_on": born.strftime("%Y-%m-%d"),
        "phone": draw.integers(10**9, 10**10, records - several),
    })  # fmt: skip
    made["address"] = draw.integers(1, 200, len(made)).astype(str) + " " + made["address"] + " Street"
    again = made.sample(several, random_state=seed).reset_index(drop=True)
    slips = draw.random(several) < 0.3
    again.loc[slips, "family"] = [_slip(one, plain) for one in again.loc[slips, "family"]]
    moved = draw.random(several) < 0.5
    again.loc[moved, "phone"] = draw.integers(10**9, 10**10, moved.sum())
    both = pd.concat([made, again], ignore_index=True)
    mail = (
        both["given"].str.lower() + "." + both["family"].str.lower() + both.index.astype(str) + "@example.com"
    )
    return pd.DataFrame({
        "record_id": "r" + both.index.astype(str),
        "kind": "person",
        "name": both["given"] + " " + both["family"],
        "email": mail.where(draw.random(records) > 1 / 3),
        "phone": "+1" + both["phone"].astype(str),
        **{column: both[column] for column in ("address", "city", "birth_on", "who")},
    })  # fmt: skip


def _slip(word: str, plain: random.Random) -> str:
    place = plain.randrange(1, len(word))
    return word[:place] + plain.choice("abcdefgh") + word[place + 1 :]


def measure(records: int) -> str:
    """One line: seconds, processor time, memory, the shares of pairs right and of right pairs found."""
    made = people(records)
    begun, work = time.monotonic(), time.process_time()
    found = crmlib.resolve_identities(made.drop(columns="who")).map.set_index("record_id")["customer_id"]
    seconds, work = time.monotonic() - begun, time.process_time() - work
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    pairs = pd.DataFrame({"who": made["who"], "one": found.reindex(made["record_id"]).to_numpy()})
    right, told, true = (_pairs(pairs, by) for by in (["who", "one"], ["one"], ["who"]))
    return (
        f"{records:>9,} records: {seconds:.0f} s, {work:.0f} s of processor time, {memory:.1f} GB, "
        f"precision {right / told:.4f}, recall {right / true:.4f}"
    )


def _pairs(records: pd.DataFrame, by: list[str]) -> int:
    sizes = records.groupby(by).size()
    return int((sizes * (sizes - 1) // 2).sum())


def main(numbers: list[str]) -> None:
    """Measure each number of records in a process of its own."""
    if len(numbers) == 1:
        print(measure(int(numbers[0])), flush=True)
        return
    for number in numbers or ["100000", "200000"]:
        subprocess.run([sys.executable, __file__, number], check=True, timeout=SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
