"""The command ``crmlib``: arguments in, exit codes out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

import crmlib
from crmlib.schema.errors import CrmlibError, ParameterError

EXIT_CODES = """Exit codes: 0 done, 1 a report failed, 2 bad use, configuration or data, 3 nothing to do."""

STOPPED, TERMINATED = 130, 143

app = typer.Typer(
    name="crmlib",
    help=f"Reports from CRM exports: checked, published whole, and repeatable.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


Workspace = Annotated[Path, typer.Argument(help="Folder with a crm.toml.")]
Workspaces = Annotated[list[Path], typer.Argument(metavar="WORKSPACE", help="Folders with a crm.toml.")]
Customer = Annotated[str, typer.Argument(help="The number, or the pseudonym of a list.")]
Reports = Annotated[
    list[str] | None, typer.Option("--report", "-r", metavar="NAME", help="Only this one; may be repeated.")
]
AsOf = Annotated[str, typer.Option(metavar="DATE", help="Closing moment; otherwise as crm.toml says.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", metavar="NAME VALUE", help="Set a notebook's parameter; may be repeated."
    ),
]
Notebooks = Annotated[Path | None, typer.Option(help="Folder of notebooks, instead of ./notebooks.")]
OnFailure = Annotated[
    str,
    typer.Option(
        metavar="COMMAND",
        help="Run this after a failure: the reason is its input, and CRMLIB_REASON, CRMLIB_LOG, "
        "CRMLIB_WORKSPACE, CRMLIB_RUN and CRMLIB_EXIT_CODE are set.",
    ),
]
Keep = Annotated[
    str, typer.Option(metavar="N|DAYSd", help="Published runs that stay: so many, or so long (90d).")
]
Retries = Annotated[int, typer.Option(min=0, help="Try a workspace that failed again so often.")]
RetrySeconds = Annotated[float, typer.Option(min=0, help="The pause before that; each time twice as long.")]
Seconds = Annotated[float, typer.Option(min=1, help="Seconds that reading, and that one notebook may take.")]
OnSuccess = Annotated[
    str,
    typer.Option(metavar="COMMAND", help="The same after a good run: what was published is its input."),
]
Mail = Annotated[
    list[str] | None,
    typer.Option(metavar="ADDRESS", help="Tell of a failure by mail; the server stands in CRMLIB_SMTP."),
]
Webhook = Annotated[
    str, typer.Option(metavar="URL", envvar="CRMLIB_WEBHOOK", help="Tell of a failure as JSON.")
]
Link = Annotated[str, typer.Option(metavar="URL", help="Where the pages can be read, for both.")]
TellSuccess = Annotated[
    bool, typer.Option("--tell-success", help="Mail and webhook tell of a good run, too.")
]
Audiences = Annotated[
    list[str] | None,
    typer.Option(
        "--audience",
        metavar="NAME",
        help="public, stakeholder, analyst or operator, each in a folder of its own; may be repeated.",
    ),
]
IfChanged = Annotated[bool, typer.Option("--if-changed", help="Do nothing when nothing has changed.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Reuse nothing of a run that did not finish.")]
Encrypt = Annotated[
    bool,
    typer.Option(
        "--encrypt", help="Under a password: of CRMLIB_PASSWORD, CRMLIB_PASSWORD_FILE, or asked for."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Holds the password; only you can read it (chmod 600).")
]
Write = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of printing it.")]


@app.command(
    cls=PairedParameters, epilog=EXIT_CODES, help="Execute the reports of workspaces and publish them."
)
def report(
    workspaces: Workspaces,
    reports: Reports = None,
    as_of: AsOf = "",
    parameters: Parameters = None,
    out: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("reports"),
    audiences: Audiences = None,
    jobs: Annotated[int, typer.Option(min=0, help="Notebooks at once; 0: one for each core.")] = 0,
    notebooks: Notebooks = None,
    keep: Keep = "30",
    retries: Retries = 0,
    retry_seconds: RetrySeconds = 60,
    timeout: Seconds = 3600,
    if_changed: IfChanged = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Refuse while another run is at work.")] = False,
    fresh: Fresh = False,
    show_code: Annotated[bool, typer.Option("--show-code", help="Pages show the code, folded.")] = False,
    encrypt: Encrypt = False,
    password_file: PasswordFile = None,
    on_failure: OnFailure = "",
    on_success: OnSuccess = "",
    mail: Mail = None,
    webhook: Webhook = "",
    link: Link = "",
    tell_success: TellSuccess = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing unless something failed.")
    ] = False,
) -> None:
    """Execute the reports of workspaces and publish them; see `crmlib.present.run.runs.run_reports`."""
    from crmlib.present.run.console import Receivers, Terminated, report_and_tell

    try:
        code = report_and_tell(
            workspaces,
            quiet=quiet,
            on_failure=on_failure,
            on_success=on_success,
            receivers=Receivers(mail=mail or (), webhook=webhook, link=link, good=tell_success),
            reports=reports or None,
            as_of=as_of or None,
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
    raise typer.Exit(code)


Run = Annotated[Path, typer.Argument(metavar="RUN", help="A published run, such as reports/shop/latest.")]


@app.command(epilog=EXIT_CODES, help="Reckon what a published run claims again from the sources.")
def verify(
    run: Run,
    workspace: Annotated[Path | None, typer.Option(help="Where the folder of runs does not know it.")] = None,
    notebooks: Notebooks = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only what can be counted another way; execute no report again.")
    ] = False,
) -> None:
    """Verify a published run; see `crmlib.present.run.verify.verify_run`."""
    from crmlib.present.run.console import print_verified

    raise typer.Exit(print_verified(run, workspace=workspace, notebooks=notebooks, quick=quick))


@app.command(epilog=EXIT_CODES, help="List what a published run claims, with tabs between the columns.")
def claims(
    run: Run,
    diff: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Only what differs from this earlier run.")
    ] = None,
) -> None:
    """Print the claims of a run: report, key, fact, value, quantity, unit, source tables, page."""
    from crmlib.present.run.console import print_claims

    raise typer.Exit(print_claims(run, diff=diff))


@app.command(epilog=EXIT_CODES, help="Set two published runs of a workspace beside each other.")
def compare(
    one: Run,
    other: Run,
    workspace: Annotated[Path | None, typer.Option(help="Where the folder of runs does not know it.")] = None,
) -> None:
    """Print what differs between two runs, and why; see `crmlib.present.run.compare.compare_runs`."""
    from crmlib.present.run.console import print_compared

    raise typer.Exit(print_compared(one, other, workspace=workspace))


@app.command(
    epilog="Exit codes: 0 all is well, 1 a workspace failed or is too old, 3 there is none.",
    help="Show how all workspaces stand: last good run, its age, what failed since.",
)
def status(
    out: Annotated[Path, typer.Option(help="Where the pages are.")] = Path("reports"),
    max_age_hours: Annotated[
        float | None, typer.Option(min=0, help="A last good run that is older is not well.")
    ] = None,
) -> None:
    """Print the last runs of all workspaces; see `crmlib.present.run.status.read_status`."""
    from crmlib.present.run.console import print_status

    raise typer.Exit(print_status(out, max_age_hours=max_age_hours))


@app.command(epilog=EXIT_CODES, help="Print what makes a scheduler run the reports every day.")
def schedule(
    workspaces: Workspaces,
    kind: Annotated[str, typer.Option("--for", help="cron, systemd or airflow.")] = "cron",
    at: Annotated[str, typer.Option(metavar="HH:MM", help="The time of day.")] = "02:30",
    options: Annotated[str, typer.Option(metavar="TEXT", help="More options of crmlib report.")] = "",
) -> None:
    """Print a text for a scheduler; see `crmlib.present.run.schedule.schedule_text`."""
    from crmlib.present.run.schedule import schedule_text

    typer.echo(schedule_text(workspaces, kind=kind, at=at, options=options), nl=False)


@app.command(epilog=EXIT_CODES, help="Read a workspace and count what is wrong.")
def check(workspace: Workspace, as_of: AsOf = "") -> None:
    """Read a workspace and print its check report."""
    from crmlib.present.run.console import print_checks

    raise typer.Exit(print_checks(workspace, as_of=as_of or None))


@app.command(epilog=EXIT_CODES, help="List what can run, and what lacks which table.")
def reports(workspace: Workspace, notebooks: Notebooks = None) -> None:
    """Print the reports, what they lack on a workspace, and their parameters."""
    from crmlib.present.run.console import print_reports

    print_reports(workspace, notebooks=notebooks)


@app.command(epilog=EXIT_CODES, help="Write editable copies of the notebooks into a folder.")
def notebooks(
    folder: Annotated[Path, typer.Argument(help="Gets the copies; ./notebooks is found by itself.")],
    force: Annotated[bool, typer.Option("--force", help="Write over those that are there.")] = False,
) -> None:
    """Write copies of the notebooks that came with the package, and say what runs them."""
    from crmlib.present.run.console import print_copies

    print_copies(folder, force=force)


@app.command(epilog=EXIT_CODES, help="Turn the pseudonyms of a list back into your own customer numbers.")
def reveal(
    workspace: Workspace,
    listed: Annotated[Path, typer.Argument(metavar="LIST", help="A CSV or Excel list that a page offered.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The new CSV file; otherwise NAME-revealed.csv beside the list."),
    ] = None,
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write a list again with the house's own customer numbers; see `crmlib.present.run.console`."""
    from crmlib.present.run.console import print_revealed

    raise typer.Exit(
        print_revealed(workspace, listed, out=out, as_of=as_of or None, password=_password(encrypt))
    )


@app.command(epilog=EXIT_CODES, help="Write all that a workspace holds on one customer.")
def person(
    workspace: Workspace,
    customer: Customer,
    to: Annotated[Path, typer.Option(metavar="FILE", help="A .json or .xlsx file; for you alone.")],
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write all that is held on one customer; see `crmlib.prepare.forget.find_person`."""
    from crmlib.present.run.persons import print_person

    raise typer.Exit(
        print_person(workspace, customer, to=to, as_of=as_of or None, password=_password(encrypt))
    )


@app.command("open", epilog=EXIT_CODES, help="Decrypt a file, or an encrypted page with all that it holds.")
def open_encrypted(
    file: Annotated[Path, typer.Argument(help="What --encrypt has written.")],
    to: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A file, or a folder for a page; for you alone.")
    ] = None,
    password_file: PasswordFile = None,
) -> None:
    """Decrypt a file; see `crmlib.prepare.encryption.decrypt`."""
    from crmlib.present.run.persons import print_opened

    raise typer.Exit(print_opened(file, to=to, password_file=password_file))


@app.command(
    epilog=EXIT_CODES, help="Forget a customer: in all that is kept, and whenever the exports are read."
)
def forget(
    workspace: Workspace,
    customer: Customer,
    out: Annotated[Path, typer.Option(help="Where the pages are; runs that hold her are named.")] = Path(
        "reports"
    ),
    lists: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="Lists in it lose her rows; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False,
) -> None:
    """Forget a customer; see `crmlib.prepare.forget.forget_person`."""
    from crmlib.present.run.persons import print_forgotten

    if not yes:
        typer.confirm(f"Forget {customer} in {workspace} for good?", abort=True)
    raise typer.Exit(print_forgotten(workspace, customer, out=out, lists=lists or ()))


@app.command(
    epilog=EXIT_CODES, help="Which records are one customer: read decisions, write what is doubtful."
)
def identities(
    workspace: Workspace,
    review: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The Excel file: decisions in it are read, then it is written anew."
        ),
    ] = Path("identities.xlsx"),
    as_of: AsOf = "",
) -> None:
    """Take over a person's decisions and write the doubtful pairs; see `crmlib.present.run.console`."""
    from crmlib.present.run.console import print_identities

    raise typer.Exit(print_identities(workspace, review=review, as_of=as_of or None))


@app.command(
    epilog=EXIT_CODES, help="Make a list: whom to address with which offer, and whom to leave alone."
)
def lists(
    workspace: Workspace,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets a folder of the campaign's name.")],
    offer: Annotated[
        str | None, typer.Option(metavar="KIND", help="cross-sell, up-sell, repeat-sell or any.")
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of an offer: coupon or serve.")
    ] = None,
    product: Annotated[str | None, typer.Option(help="Only this one, by number or name.")] = None,
    category: Annotated[str | None, typer.Option(help="Only products of this category.")] = None,
    segment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only customers of this segment.")
    ] = None,
    state: Annotated[str | None, typer.Option(metavar="NAME", help="Only customers in this state.")] = None,
    kind: Annotated[str | None, typer.Option("--type", metavar="NAME", help="Only of this type.")] = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="Only who bears this label.")] = None,
    stage: Annotated[str | None, typer.Option(metavar="NAME", help="Only with an open deal here.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only who this one looks after.")] = None,
    interest: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="Only who is interested in it.")
    ] = None,
    campaign: Annotated[str | None, typer.Option(metavar="ID", help="Otherwise kind and day.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="At most so many customers.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same control group.")] = 0,
    control_share: Annotated[float | None, typer.Option(metavar="PCT", help="Percent left alone.")] = None,
    channel: Annotated[str, typer.Option(help="auto, email, sms, phone, fax or web.")] = "auto",
    drafts: Annotated[bool, typer.Option("--drafts", help="A draft for each customer, too.")] = False,
    real_ids: Annotated[bool, typer.Option("--real-ids", help="Customer numbers, no pseudonyms.")] = False,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day of contact, or today.")] = "",
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write a list of whom to address with which offer; see `crmlib.present.outreach.lists.write_outreach`."""
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
    raise typer.Exit(print_lists(workspace, groups=groups, **chosen, **drawn, **written))


@app.command(
    epilog=EXIT_CODES, help="Write clean tables, indicators, labels and the worklist for other tools."
)
def export(
    workspace: Workspace,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets one file a table.")],
    kind: Annotated[str, typer.Option("--format", help="parquet, csv, excel or spss.")] = "parquet",
    personal: Annotated[
        bool,
        typer.Option("--personal", help="Names, addresses and customer numbers, too; files for you alone."),
    ] = False,
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write clean tables and results as files; see `crmlib.present.export.export_workspace`."""
    from crmlib.present.run.console import print_export

    raise typer.Exit(
        print_export(
            workspace, to, kind=kind, personal=personal, as_of=as_of or None, password=_password(encrypt)
        )
    )


@app.command(epilog=EXIT_CODES, help="Write one page about one customer.")
def customer(
    workspace: Workspace,
    customer_id: Annotated[
        str, typer.Argument(metavar="ID", help="Customer number, or pseudonym of a page.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets the page.")] = Path("reports"),
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write the page of one customer; see `crmlib.present.reports.people.show.CustomerPages`."""
    from crmlib.present.run.customers import print_customer

    raise typer.Exit(
        print_customer(workspace, customer_id, out=out, as_of=as_of or None, password=_password(encrypt))
    )


@app.command(epilog=EXIT_CODES, help="Write what somebody who leaves hands over, with follow-ups as .ics.")
def handover(
    workspace: Workspace,
    from_id: Annotated[str, typer.Option("--from", metavar="EMPLOYEE", help="Who leaves.")],
    to_id: Annotated[str, typer.Option("--to", metavar="EMPLOYEE", help="Who takes over.")] = "",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets the page and the calendar.")] = Path(
        "reports"
    ),
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write the brief of who hands over; see `crmlib.handover`."""
    from crmlib.present.run.customers import print_handover

    raise typer.Exit(
        print_handover(
            workspace, from_id, to_id=to_id, out=out, as_of=as_of or None, password=_password(encrypt)
        )
    )


@app.command(epilog=EXIT_CODES, help="Write what somebody is to do first, as a calendar (.ics).")
def steps(
    workspace: Workspace,
    owner: Annotated[str, typer.Option("--of", metavar="EMPLOYEE", help="Whose steps of the worklist.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets the calendar.")] = Path("reports"),
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write an owner's steps of the worklist; see `crmlib.worklist`."""
    from crmlib.present.run.customers import print_steps

    raise typer.Exit(print_steps(workspace, owner, out=out, as_of=as_of or None, password=_password(encrypt)))


@app.command(epilog=EXIT_CODES, help="Write what to mend back in the CRM, one row a mistake.")
def corrections(
    workspace: Workspace,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A CSV or Excel file; else set_aside/corrections.csv."),
    ] = None,
    as_of: AsOf = "",
    encrypt: Encrypt = False,
) -> None:
    """Write the mistakes of the exports with what to do; see `crmlib.prepare.corrections.find_corrections`."""
    from crmlib.present.run.console import print_corrections

    raise typer.Exit(print_corrections(workspace, out=out, as_of=as_of or None, password=_password(encrypt)))


@app.command(epilog=EXIT_CODES, help="Draft a first crm.toml for a folder of exports.")
def draft(
    folder: Annotated[Path, typer.Argument(help="Folder with the exports.")],
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Of ISO 4217; else as seen.")] = None,
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Europe/Paris.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write it, never over one that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take the guesses; ask nothing.")] = False,
) -> None:
    """Print a first crm.toml for a folder of exports, or write it there; see `crmlib.draft`."""
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


@app.command(epilog=EXIT_CODES, help="Write the exports of an invented company, and what is true of it.")
def sample(
    folder: Annotated[Path, typer.Argument(help="exports/ and truth/ are written into it.")],
    scale: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="1: some 3,000 customers, 8,000 deals, 60,000 order lines."),
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another company.")] = 1,
) -> None:
    """Write the sample company; see `crmlib.sample.dirt.write_company`."""
    from crmlib.sample.dirt import write_company

    write_company(folder, seed=seed, scale=scale)
    typer.echo(f"Written: {folder / 'exports'}; what is true of them: {folder / 'truth' / 'README.md'}")


@app.command(epilog=EXIT_CODES, help="Print the tables, the indicators and what they are made from.")
def dictionary(write: Write = None) -> None:
    """Print the data dictionary, or write it into a file."""
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
