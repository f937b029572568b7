"""Kills a load at so many moments, and counts in what state each left the store: as before, as after, or broken."""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from crmlib.prepare.config.read import load_config
from crmlib.prepare.increments import load_increments
from crmlib.prepare.workspace import reading_of

ROWS = 5_000


def load(folder: Path) -> dict:
    """One load, in this process."""
    config = load_config(folder)

    def read_as(source, name):
        return reading_of(source, name, config.tables[name], config.policies(name))

    return load_increments(config, read_as=read_as)


def apart(work, seconds: float | None = None) -> tuple[int, float]:
    """Carry work out in a process of its own, killed when it has used so many seconds of the processor.

    What it ended with (negative where killed), and how many seconds it has used. The clock on the wall would tell other
    moments where other work shares the machine.
    """
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        except BaseException:
            os._exit(99)
    if seconds is not None:
        # The clock of another process's processor time, as clock_getcpuclockid(3) of Linux numbers it.
        clock = ~child << 3 | 2
        while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if time.clock_gettime(clock) >= seconds:
                os.kill(child, signal.SIGKILL)
                break
            time.sleep(0.0005)
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def export(folder: Path, number: int) -> None:
    rows = (f"{i},1,a,2020-01-05,{number},{number}\n" for i in range(ROWS))
    header = "order_id,line_no,product_id,ordered_at,net_amount,changed\n"
    (folder / "orders.csv").write_text(header + "".join(rows))


def state(folder: Path, number: int) -> int:
    """What a reader finds in the newest generation: 1 all rows as before the load, 2 all as after it, 3 neither."""
    newest = sorted(path for path in (folder / ".loaded").glob("0*") if (path / "manifest.json").is_file())[
        -1
    ]
    seen = set(pq.read_table(newest / "transactions.parquet")["net_amount"].to_pylist())
    if pq.read_metadata(newest / "transactions.parquet").num_rows != ROWS or len(seen) != 1:
        return 3
    return {str(number - 1): 1, str(number): 2}.get(seen.pop(), 3)


def main(folder: Path, moments: int) -> None:
    """Print how often the store was as before, as after, broken; and how many loads it holds at the end."""
    export(folder, 0)
    code, took = apart(lambda: load(folder) is None)
    assert code == 0
    found = {1: 0, 2: 0, 3: 0}
    number = 0
    for moment in range(moments):
        export(folder, number + 1)
        if moment % 10 == 9:
            # Beside other work a load uses more of the processor than it did at first.
            took = max(took, apart(lambda: load(folder) is None)[1])
            number += 1
            export(folder, number + 1)
        apart(lambda: load(folder) is None, seconds=took * 1.3 * (moment + 1) / moments)
        one, _ = apart(partial(state, folder, number + 1))
        found[one if one in found else 3] += 1
        number += one == 2
    export(folder, number + 1)
    assert apart(lambda: load(folder) is None)[0] == 0 and apart(partial(state, folder, number + 1))[0] == 2
    assert not list((folder / ".loaded").glob(".building-*")), "what killed loads left is swept away"
    print(found[1], found[2], found[3], number + 2)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
