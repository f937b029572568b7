"""The command ``crmlib``: arguments in, exit codes out."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

import crmlib
from crmlib.schema.errors import CrmlibError, ParameterError

EXIT_CODES = """Exit codes: 0 done, 1 a report failed, 2 bad use, configuration or data, 3 nothing to do."""

STOPPED, TERMINATED = 130, 143


def _leave(code: int | None, **given: Any) -> None:
    raise typer.Exit(code or 0)


app = typer.Typer(
    name="crmlib",
    result_callback=_leave,
    help=f"Reports from CRM exports: checked, published whole, and repeatable.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


command = partial(app.command, epilog=EXIT_CODES)
"""A command: its docstring is what `--help` says of it, and what it returns is the exit code."""


def option(kind: Any, says: str, *names: str, **more: Any) -> Any:
    """The type of an argument that is given by name."""
    return Annotated[kind, typer.Option(*names, help=says, **more)]


def argument(kind: Any, says: str, **more: Any) -> Any:
    """The type of an argument that is given by its place."""
    return Annotated[kind, typer.Argument(help=says, **more)]


class PairedParameters(TyperCommand):
    """A command whose ``-p NAME VALUE`` takes two words, as papermill's does."""

    def parse_args(self, ctx, args):
        """Join each pair before the options are read."""
        return super().parse_args(ctx, pair_parameters(args))


def pair_parameters(arguments: Sequence[str]) -> list[str]:
    """``-p NAME VALUE`` as one word behind ``-p``; ``-p NAME=VALUE`` stays as it is."""
    paired: list[str] = []
    rest = iter(arguments)
    for word in rest:
        paired.append(word)
        if word == "--":
            break
        if word in ("-p", "--parameter"):
            name = next(rest, None)
            if name is not None and "=" not in name:
                value = next(rest, None)
                name = name if value is None else f"{name}={value}"
            paired += [] if name is None else [name]
    return paired + list(rest)


def main() -> None:
    """Run the command line and leave with its exit code; what is wrong is one sentence, no traceback."""
    try:
        code = app(standalone_mode=False)
    except CrmlibError as error:
        _complain(f"crmlib: {error}")
        code = 2
    except OSError as error:
        _complain(f"crmlib: {error.filename or 'the system'}: {error.strerror or error}")
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except Exception as error:
        if not hasattr(error, "exit_code"):
            raise
        if hasattr(error, "show"):
            error.show()
        code = error.exit_code or 0
    if code in (STOPPED, TERMINATED):
        _complain("crmlib: stopped. What was published before is untouched.")
    sys.exit(code or 0)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crmlib {crmlib.__version__}")
        raise typer.Exit


@app.callback()
def _global(
    version: option(
        bool, "Print the version and end.", "--version", callback=_version, is_eager=True
    ) = False,
) -> None:
    pass


Workspace = argument(Path, "Folder with a crm.toml.")
Workspaces = argument(list[Path], "Folders with a crm.toml.", metavar="WORKSPACE")
Customer = argument(str, "The number, or the pseudonym of a list.")
Reports = option(list[str] | None, "Only this one; may be repeated.", "--report", "-r", metavar="NAME")
AsOf = option(str | None, "Closing moment; otherwise as crm.toml says.", metavar="DATE")
Notebooks = option(Path | None, "Folder of notebooks, instead of ./notebooks.")
Seconds = option(float, "Seconds that reading, and that one notebook may take.", min=1)
Mail = option(
    list[str] | None, "Tell of a failure by mail; the server stands in CRMLIB_SMTP.", metavar="ADDRESS"
)
Encrypt = option(
    bool, "Under a password: of CRMLIB_PASSWORD, CRMLIB_PASSWORD_FILE, or asked for.", "--encrypt"
)
PasswordFile = option(Path | None, "Holds the password; only you can read it (chmod 600).", metavar="FILE")
Write = option(Path | None, "Write it there instead of printing it.", metavar="FILE")
Parameters = option(
    list[str] | None,
    "Set a notebook's parameter; may be repeated.",
    "--parameter",
    "-p",
    metavar="NAME VALUE",
)
Audiences = option(
    list[str] | None,
    "public, stakeholder, analyst or operator, each in a folder of its own; may be repeated.",
    "--audience",
    metavar="NAME",
)
OnFailure = option(
    str,
    "Run this after a failure: the reason is its input, and CRMLIB_REASON, CRMLIB_LOG, "
    "CRMLIB_WORKSPACE, CRMLIB_RUN and CRMLIB_EXIT_CODE are set.",
    metavar="COMMAND",
)
OnSuccess = option(str, "The same after a good run: what was published is its input.", metavar="COMMAND")


@command(cls=PairedParameters)
def report(
    workspaces: Workspaces,
    reports: Reports = None,
    as_of: AsOf = None,
    parameters: Parameters = None,
    out: option(Path, "Where the pages go.") = Path("reports"),
    audiences: Audiences = None,
    jobs: option(int, "Notebooks at once; 0: one for each core, if memory allows.", min=0) = 0,
    notebooks: Notebooks = None,
    keep: option(str, "Published runs that stay: so many, or so long (90d).", metavar="N|DAYSd") = "30",
    retries: option(int, "Try a workspace that failed again so often.", min=0) = 0,
    retry_seconds: option(float, "The pause before that; each time twice as long.", min=0) = 60,
    timeout: Seconds = 3600,
    if_changed: option(bool, "Do nothing when nothing has changed.", "--if-changed") = False,
    no_wait: option(bool, "Refuse while another run is at work.", "--no-wait") = False,
    fresh: option(bool, "Reuse nothing of a run that did not finish.", "--fresh") = False,
    show_code: option(bool, "Pages show the code, folded.", "--show-code") = False,
    encrypt: Encrypt = False,
    password_file: PasswordFile = None,
    on_failure: OnFailure = "",
    on_success: OnSuccess = "",
    mail: Mail = None,
    webhook: option(str, "Tell of a failure as JSON.", metavar="URL", envvar="CRMLIB_WEBHOOK") = "",
    link: option(str, "Where the pages can be read, for both.", metavar="URL") = "",
    tell_success: option(bool, "Mail and webhook tell of a good run, too.", "--tell-success") = False,
    quiet: option(bool, "Say nothing unless something failed.", "--quiet", "-q") = False,
) -> int:
    """Execute the reports of workspaces and publish them."""
    from crmlib.present.run.console import Receivers, Terminated, report_and_tell

    try:
        code = report_and_tell(
            workspaces,
            quiet=quiet,
            on_failure=on_failure,
            on_success=on_success,
            receivers=Receivers(mail=mail or (), webhook=webhook, link=link, good=tell_success),
            reports=reports or None,
            as_of=as_of,
            parameters=split_parameters(parameters or []),
            out=out,
            audiences=audiences or ("stakeholder",),
            jobs=jobs or None,
            notebooks=notebooks,
            **split_keep(keep),
            retries=retries,
            retry_seconds=retry_seconds,
            timeout=timeout,
            if_changed=if_changed,
            wait=not no_wait,
            fresh=fresh,
            show_code=show_code,
            password=_password(encrypt, password_file),
        )
    except Terminated:
        code = TERMINATED
    return code


Run = argument(Path, "A published run, such as reports/shop/latest.", metavar="RUN")


@command()
def verify(
    run: Run,
    workspace: option(Path | None, "Where the folder of runs does not know it.") = None,
    notebooks: Notebooks = None,
    quick: option(bool, "Only what can be counted another way; execute no report again.", "--quick") = False,
) -> int:
    """Reckon what a published run claims again from the sources."""
    from crmlib.present.run.console import print_verified

    return print_verified(run, workspace=workspace, notebooks=notebooks, quick=quick)


@command()
def claims(
    run: Run, diff: option(Path | None, "Only what differs from this earlier run.", metavar="RUN") = None
) -> int:
    """List what a published run claims, with tabs between the columns."""
    from crmlib.present.run.console import print_claims

    return print_claims(run, diff=diff)


@command()
def compare(
    one: Run, other: Run, workspace: option(Path | None, "Where the folder of runs does not know it.") = None
) -> int:
    """Set two published runs of a workspace beside each other."""
    from crmlib.present.run.console import print_compared

    return print_compared(one, other, workspace=workspace)


@command(epilog="Exit codes: 0 all is well, 1 a workspace failed or is too old, 3 there is none.")
def status(
    out: option(Path, "Where the pages are.") = Path("reports"),
    max_age_hours: option(float | None, "A last good run that is older is not well.", min=0) = None,
) -> int:
    """Show how all workspaces stand: last good run, its age, what failed since."""
    from crmlib.present.run.console import print_status

    return print_status(out, max_age_hours=max_age_hours)


@command()
def schedule(
    workspaces: Workspaces,
    kind: option(str, "cron, systemd or airflow.", "--for") = "cron",
    at: option(str, "The time of day.", metavar="HH:MM") = "02:30",
    options: option(str, "More options of crmlib report.", metavar="TEXT") = "",
) -> None:
    """Print what makes a scheduler run the reports every day."""
    from crmlib.present.run.schedule import schedule_text

    typer.echo(schedule_text(workspaces, kind=kind, at=at, options=options), nl=False)


@command()
def check(workspace: Workspace, as_of: AsOf = None) -> int:
    """Read a workspace and count what is wrong."""
    from crmlib.present.run.console import print_checks

    return print_checks(workspace, as_of=as_of)


@command()
def reports(workspace: Workspace, notebooks: Notebooks = None) -> None:
    """List what can run, and what lacks which table."""
    from crmlib.present.run.console import print_reports

    print_reports(workspace, notebooks=notebooks)


@command()
def notebooks(
    folder: argument(Path, "Gets the copies; ./notebooks is found by itself."),
    force: option(bool, "Write over those that are there.", "--force") = False,
) -> None:
    """Write editable copies of the notebooks into a folder."""
    from crmlib.present.run.console import print_copies

    print_copies(folder, force=force)


@command()
def reveal(
    workspace: Workspace,
    listed: argument(Path, "A CSV or Excel list that a page offered.", metavar="LIST"),
    out: option(
        Path | None, "The new CSV file; otherwise NAME-revealed.csv beside the list.", metavar="FILE"
    ) = None,
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Turn the pseudonyms of a list back into your own customer numbers."""
    from crmlib.present.run.console import print_revealed

    return print_revealed(workspace, listed, out=out, as_of=as_of, password=_password(encrypt))


@command()
def person(
    workspace: Workspace,
    customer: Customer,
    to: option(Path, "A .json or .xlsx file; for you alone.", metavar="FILE"),
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write all that a workspace holds on one customer."""
    from crmlib.present.run.persons import print_person

    return print_person(workspace, customer, to=to, as_of=as_of, password=_password(encrypt))


@command("open")
def open_encrypted(
    file: argument(Path, "What --encrypt has written."),
    to: option(Path | None, "A file, or a folder for a page; for you alone.", metavar="PATH") = None,
    password_file: PasswordFile = None,
) -> int:
    """Decrypt a file, or an encrypted page with all that it holds."""
    from crmlib.present.run.persons import print_opened

    return print_opened(file, to=to, password_file=password_file)


@command()
def forget(
    workspace: Workspace,
    customer: Customer,
    out: option(Path, "Where the pages are; runs that hold her are named.") = Path("reports"),
    lists: option(list[Path] | None, "Lists in it lose her rows; may be repeated.", metavar="FOLDER") = None,
    yes: option(bool, "Do not ask; it cannot be undone.", "--yes") = False,
) -> int:
    """Forget a customer: in all that is kept, and whenever the exports are read."""
    from crmlib.present.run.persons import print_forgotten

    if not yes:
        typer.confirm(f"Forget {customer} in {workspace} for good?", abort=True)
    return print_forgotten(workspace, customer, out=out, lists=lists or ())


@command()
def identities(
    workspace: Workspace,
    review: option(
        Path, "The Excel file: decisions in it are read, then it is written anew.", metavar="FILE"
    ) = Path("identities.xlsx"),
    as_of: AsOf = None,
) -> int:
    """Which records are one customer: read decisions, write what is doubtful."""
    from crmlib.present.run.console import print_identities

    return print_identities(workspace, review=review, as_of=as_of)


@command()
def lists(
    workspace: Workspace,
    out: option(Path, "Gets a folder of the campaign's name.", metavar="FOLDER"),
    offer: option(str | None, "cross-sell, up-sell, repeat-sell or any.", metavar="KIND") = None,
    action: option(str | None, "Instead of an offer: coupon or serve.", metavar="NAME") = None,
    product: option(str | None, "Only this one, by number or name.") = None,
    category: option(str | None, "Only products of this category.") = None,
    segment: option(str | None, "Only customers of this segment.", metavar="NAME") = None,
    state: option(str | None, "Only customers in this state.", metavar="NAME") = None,
    kind: option(str | None, "Only of this type.", "--type", metavar="NAME") = None,
    label: option(str | None, "Only who bears this label.", metavar="NAME") = None,
    stage: option(str | None, "Only with an open deal here.", metavar="NAME") = None,
    owner: option(str | None, "Only who this one looks after.", metavar="NAME") = None,
    interest: option(str | None, "Only who is interested in it.", metavar="CATEGORY") = None,
    campaign: option(str | None, "Otherwise kind and day.", metavar="ID") = None,
    most: option(int | None, "At most so many customers.", min=1) = None,
    seed: option(int, "The same seed, the same control group.", min=0) = 0,
    control_share: option(float | None, "Percent left alone.", metavar="PCT") = None,
    channel: option(str, "auto, email, sms, phone, fax or web.") = "auto",
    drafts: option(bool, "A draft for each customer, too.", "--drafts") = False,
    real_ids: option(bool, "Customer numbers, no pseudonyms.", "--real-ids") = False,
    on: option(str, "The day of contact, or today.", metavar="DATE") = "",
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Make a list: whom to address with which offer, and whom to leave alone."""
    from crmlib.present.run.console import print_lists

    if (offer is None) == (action is None):
        raise typer.BadParameter("Give one of --offer and --action.")
    chosen = {
        "kind": offer or action,
        "product": product,
        "category": category,
        "campaign_id": campaign,
        "most": most,
    }
    drawn = {"seed": seed, "control_share_pct": control_share, "channel": channel, "moment": on or None}
    written = {"out": out, "drafts": drafts, "real_ids": real_ids, "as_of": as_of or None}
    written["password"] = _password(encrypt)
    groups = {
        "segment": segment,
        "state": state,
        "type": kind,
        "label": label,
        "stage": stage,
        "owner": owner,
        "interest": interest,
    }
    return print_lists(workspace, groups=groups, **chosen, **drawn, **written)


@command()
def export(
    workspace: Workspace,
    to: option(Path, "Gets one file a table.", metavar="FOLDER"),
    kind: option(str, "parquet, csv, excel or spss.", "--format") = "parquet",
    personal: option(
        bool, "Names, addresses and customer numbers, too; files for you alone.", "--personal"
    ) = False,
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write clean tables, indicators, labels and the worklist for other tools."""
    from crmlib.present.run.console import print_export

    return print_export(workspace, to, kind=kind, personal=personal, as_of=as_of, password=_password(encrypt))


@command()
def customer(
    workspace: Workspace,
    customer_id: argument(str, "Customer number, or pseudonym of a page.", metavar="ID"),
    out: option(Path, "Gets the page.", metavar="FOLDER") = Path("reports"),
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write one page about one customer."""
    from crmlib.present.run.customers import print_customer

    return print_customer(workspace, customer_id, out=out, as_of=as_of, password=_password(encrypt))


@command()
def handover(
    workspace: Workspace,
    from_id: option(str, "Who leaves.", "--from", metavar="EMPLOYEE"),
    to_id: option(str, "Who takes over.", "--to", metavar="EMPLOYEE") = "",
    out: option(Path, "Gets the page and the calendar.", metavar="FOLDER") = Path("reports"),
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write what somebody who leaves hands over, with follow-ups as .ics."""
    from crmlib.present.run.customers import print_handover

    return print_handover(workspace, from_id, to_id=to_id, out=out, as_of=as_of, password=_password(encrypt))


@command()
def steps(
    workspace: Workspace,
    owner: option(str, "Whose steps of the worklist.", "--of", metavar="EMPLOYEE"),
    out: option(Path, "Gets the calendar.", metavar="FOLDER") = Path("reports"),
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write what somebody is to do first, as a calendar (.ics)."""
    from crmlib.present.run.customers import print_steps

    return print_steps(workspace, owner, out=out, as_of=as_of, password=_password(encrypt))


@command()
def corrections(
    workspace: Workspace,
    out: option(Path | None, "A CSV or Excel file; else set_aside/corrections.csv.", metavar="FILE") = None,
    as_of: AsOf = None,
    encrypt: Encrypt = False,
) -> int:
    """Write what to mend back in the CRM, one row a mistake."""
    from crmlib.present.run.console import print_corrections

    return print_corrections(workspace, out=out, as_of=as_of, password=_password(encrypt))


@command()
def draft(
    folder: argument(Path, "Folder with the exports."),
    currency: option(str | None, "Of ISO 4217; else as seen.", metavar="CODE") = None,
    time_zone: option(str | None, "Such as Europe/Paris.", metavar="ZONE") = None,
    write: option(bool, "Write it, never over one that is there.", "--write") = False,
    yes: option(bool, "Take the guesses; ask nothing.", "--yes") = False,
) -> None:
    """Draft a first crm.toml for a folder of exports."""
    from crmlib.prepare.draft.draft import answered
    from crmlib.prepare.draft.draft import draft as drafted

    found = drafted(folder, currency=currency, time_zone=time_zone)
    if write and not yes and sys.stdin.isatty() and sys.stdout.isatty():
        found = answered(found, ask=typer.prompt)
    if write:
        typer.echo(f"Written: {found.write(folder)}. Read it, then: crmlib check {folder}")
    else:
        typer.echo(found.text, nl=False)
    for question in found.questions:
        _complain(f"To be answered: {question}")
    for gap in found.gaps:
        _complain(f"Not found, and required: {gap}. Name its column in crm.toml.")
    for file, reason in found.unused:
        _complain(f"Not used: {file}: {reason}")


@command()
def sample(
    folder: argument(Path, "exports/ and truth/ are written into it."),
    scale: option(
        float, "1: some 3,000 customers, 8,000 deals, 60,000 order lines.", min=0.01, max=100
    ) = 1.0,
    seed: option(int, "Another number, another company.", min=0) = 1,
    leaving: option(
        float, "A drift: so many percent more leave in each month of 2025.", min=0, max=100
    ) = 0.0,
) -> None:
    """Write the exports of an invented company, and what is true of it."""
    from crmlib.sample.dirt import write_company

    write_company(folder, seed=seed, scale=scale, leaving_pct=leaving)
    typer.echo(f"Written: {folder / 'exports'}; what is true of them: {folder / 'truth' / 'README.md'}")


@command()
def dictionary(write: Write = None) -> None:
    """Print the tables, the indicators and what they are made from."""
    from crmlib.measure.columns import data_dictionary

    text = data_dictionary()
    if write is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        write.write_text(text, encoding="utf-8")


def split_parameters(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a dict."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ParameterError(f"-p {name} has no value. Write -p {name} VALUE.")
        if name in found:
            raise ParameterError(f"-p {name} is given twice. Give it once.")
        found[name] = value
    return found


def split_keep(text: str) -> dict[str, float]:
    """Which runs stay, as `run_reports` takes it: "30" runs, or those of "90d" days."""
    number = text.removesuffix("d")
    if not number.isdecimal() or int(number) < 1:
        raise ParameterError(f"--keep {text}: give a number of runs such as 30, or of days such as 90d.")
    return {"keep": sys.maxsize, "keep_days": int(number)} if text.endswith("d") else {"keep": int(number)}


def _password(encrypt: bool, file: Path | None = None) -> str | None:
    """The password to encrypt under, asked for before the work; None where nothing is to be encrypted."""
    from crmlib.prepare.encryption import check_installed, stated_password

    if not (encrypt or file):
        return None
    check_installed()
    return stated_password(file, again=True)


def _complain(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    main()
