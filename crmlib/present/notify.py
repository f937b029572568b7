"""Telling somebody that a scheduled run has failed."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from crmlib.schema.errors import ParameterError

SECONDS = 60


def split_command(command: str) -> list[str]:
    """A command line as a list of words; no shell will see it.

    Raises
    ------
    ParameterError
        If a quote is left open or it is empty.

    Examples
    --------
    >>> split_command("mail -s 'reports failed' team@example.com")
    ['mail', '-s', 'reports failed', 'team@example.com']
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ParameterError(f"--on-failure {command!r}: {error}. Write it as in a shell.") from None
    if not words:
        raise ParameterError("--on-failure is empty. Name a command, such as /usr/local/bin/tell-the-team.")
    return words


def tell_failure(command: str, *, reason: str, facts: Mapping[str, str]) -> str:
    """Run a command after a failure, with what happened in its environment and the reason as its input.

    Parameters
    ----------
    command : such as ``mail -s 'reports failed' team@example.com``
    reason : what failed, for a person; on the command's standard input and in ``CRMLIB_REASON``
    facts : further variables: ``workspace`` becomes ``CRMLIB_WORKSPACE``

    Returns
    -------
    str
        Empty, or why the command itself has failed.

    Examples
    --------
    >>> tell_failure("sh -c 'test \\"$CRMLIB_EXIT_CODE\\" = 1'", reason="it broke", facts={"exit_code": "1"})
    ''
    >>> tell_failure("no-such-command", reason="it broke", facts={})
    'no-such-command could not be started: No such file or directory'
    """
    words = split_command(command)
    told = {f"CRMLIB_{name.upper()}": value for name, value in facts.items()} | {"CRMLIB_REASON": reason}
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            input=reason,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | told,
            stdout=subprocess.DEVNULL,
        )
    except OSError as error:
        return f"{name} could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{name} was still running after {SECONDS} seconds"
    return f"{name} ended with exit code {done.returncode}" if done.returncode else ""
