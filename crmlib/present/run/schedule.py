"""Ready texts for a scheduler: a line of cron, a service and timer of systemd, a DAG of Airflow."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from crmlib.schema.errors import ParameterError

KINDS = ("cron", "systemd", "airflow")


def schedule_text(
    workspaces: Sequence[Path], *, kind: str, at: str = "02:30", options: str = "", folder: Path | None = None
) -> str:
    """What to hand to a scheduler, so that the reports of workspaces are made every day at a time.

    Parameters
    ----------
    workspaces : as `crmlib report` takes them
    kind : one of `KINDS`
    at : hour and minute, in the scheduler's time zone
    options : more options of `crmlib report`, as one text
    folder : where the command works; otherwise the present one
    """
    if kind not in KINDS:
        raise ParameterError(f"--for {kind}: there are {', '.join(KINDS)}.")
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at)
    if not found:
        raise ParameterError(f"--at {at} is no time of day. Write it as 02:30.")
    try:
        more = shlex.split(options)
    except ValueError as error:
        raise ParameterError(f"--options {options!r}: {error}. Write it as in a shell.") from None
    work = (folder or Path.cwd()).resolve()
    words = [sys.executable, "-m", "crmlib.cli", "report", *map(str, workspaces), "--quiet", *more]
    if any("\n" in word or "\r" in word for word in (*words, str(work))):
        raise ParameterError("A name with a line break in it cannot be scheduled. Rename the folder.")
    name = re.sub(r"\W+", "-", "-".join(path.name for path in workspaces)).strip("-") or "reports"
    make = {"cron": _cron, "systemd": _systemd, "airflow": _airflow}[kind]
    return make(words, work, int(found[1]), int(found[2]), name)


def _cron(words: Sequence[str], work: Path, hour: int, minute: int, name: str) -> str:
    command = f"cd {shlex.quote(str(work))} && {shlex.join(words)}".replace("%", r"\%")
    return f"# Put this line into: crontab -e\n{minute} {hour} * * * {command}\n"


def _systemd(words: Sequence[str], work: Path, hour: int, minute: int, name: str) -> str:
    command = " ".join('"' + _unit(word, quoted=True) + '"' for word in words)
    return f"""\
# ~/.config/systemd/user/crmlib-{name}.service
[Unit]
Description=crmlib reports: {name}

[Service]
Type=oneshot
WorkingDirectory={_unit(str(work))}
ExecStart={command}
# 3: nothing to do
SuccessExitStatus=3

# ~/.config/systemd/user/crmlib-{name}.timer; then: systemctl --user enable --now crmlib-{name}.timer
[Unit]
Description=crmlib reports: {name}, every day

[Timer]
OnCalendar=*-*-* {hour:02}:{minute:02}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _unit(word: str, *, quoted: bool = False) -> str:
    word = word.replace("%", "%%")
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") if quoted else word


def _airflow(words: Sequence[str], work: Path, hour: int, minute: int, name: str) -> str:
    # Airflow reads the command as a template of Jinja first.
    command = "{% raw %}" + f"cd {shlex.quote(str(work))} && {shlex.join(words)}" + "{% endraw %}"
    return f"""\
# Put this file into the folder of Airflow's DAGs.
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG(
    {f"crmlib_{name}"!r},
    schedule="{minute} {hour} * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={{"retries": 2, "retry_delay": timedelta(minutes=10)}},
):
    # 3: nothing to do
    BashOperator(task_id="report", bash_command={command!r}, skip_on_exit_code=3)
"""
