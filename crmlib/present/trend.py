"""A key figure beside its own past: the change since the last run, and a small line of its history."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from markupsafe import Markup

from crmlib.present.blocks_figures import is_known, shown_number, with_unit

_WIDTH, _HEIGHT, _EDGE = 120, 28, 3
_LONGEST = 24


def earlier(record: Mapping[str, Any], figures: Iterable[Mapping[str, Any]]) -> Real | None:
    """The value that the same figure had in another run: same label, same unit.

    Parameters
    ----------
    record : the figure now
    figures : the figures of the other run

    Returns
    -------
    number, or None where it is not known

    Examples
    --------
    >>> earlier({"label": "Orders", "unit": ""}, [{"label": "Orders", "unit": "", "value": 12}])
    12
    """
    for figure in figures:
        same = all((figure.get(key) or "") == (record.get(key) or "") for key in ("label", "unit", "report"))
        if same and _is_number(figure.get("value")):
            return figure["value"]
    return None


def past_values(record: Mapping[str, Any], runs: Iterable[Iterable[Mapping[str, Any]]]) -> list[Real | None]:
    """The values of a figure in earlier runs, oldest first.

    Parameters
    ----------
    record : the figure now
    runs : the figures of each earlier run

    Returns
    -------
    list of numbers, None where it was not known

    Examples
    --------
    >>> past_values({"label": "Orders"}, [[{"label": "Orders", "value": 12}], []])
    [12, None]
    """
    return [earlier(record, figures) for figures in runs]


def change_note(record: Mapping[str, Any], previous: Iterable[Mapping[str, Any]]) -> Markup:
    """The change since the last published run, with its direction in a sign and a word.

    Parameters
    ----------
    record : the figure now
        `better` says which way is good.
    previous : the figures of the run before

    Returns
    -------
    Markup
        Empty where one of the two values is not known: an unknown change is no change.

    Examples
    --------
    >>> before = [{"label": "Orders", "value": 100}]
    >>> print(change_note({"label": "Orders", "value": 110}, before))
    <dd class="crm-change"><span aria-hidden="true">▲</span> 10 % more</dd>
    >>> change_note({"label": "Orders", "value": None}, before)
    Markup('')
    """
    before, now = earlier(record, previous), record.get("value")
    if before is None or not _is_number(now):
        return Markup("")
    if now == before:
        return Markup('<dd class="crm-change">no change</dd>')
    up = now > before
    better = record.get("better")
    verdict = "" if better not in ("higher", "lower") else "good" if up == (better == "higher") else "bad"
    said = {"good": ", better", "bad": ", worse", "": ""}[verdict]
    note = Markup('<dd class="crm-change{}"><span aria-hidden="true">{}</span> {}{}</dd>')
    unseen = Markup('<span class="unseen">{}</span>').format(said) if said else ""
    amount = _difference(now - before, before, str(record.get("unit") or ""))
    words = f"{amount} {'more' if up else 'less'}"
    return note.format(f" {verdict}" if verdict else "", "▲" if up else "▼", words, unseen)


def _difference(change: Real, before: Real, unit: str) -> str:
    size = abs(change)
    if unit == "%":
        return with_unit(_short(size), "points")
    if unit == "days" or not before:
        return with_unit(_short(size), unit)
    percent = 100 * size / abs(before)
    return "under 0.1 %" if percent < 0.1 else f"{_short(percent)} %"


def _short(number: Real) -> str:
    return shown_number(float(f"{number:.2g}") if number < 100 else round(number))


def sparkline(values: Sequence[Any], *, label: str | None = None) -> Markup:
    """A small line of a figure's history, the newest at its end.

    Parameters
    ----------
    values : numbers, oldest first
        What is not known leaves a gap in time but no point; only the last 24 are drawn.
    label : what it is the history of

    Returns
    -------
    Markup
        Inline SVG without styles; empty with fewer than two known values.

    Examples
    --------
    >>> "<polyline" in sparkline([1, 2, 3], label="Orders"), sparkline([None, 3])
    (True, Markup(''))
    """
    recent = list(values)[-_LONGEST:]
    known = [(place, float(value)) for place, value in enumerate(recent) if _is_number(value)]
    if len(known) < 2:
        return Markup("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    across = (_WIDTH - 2 * _EDGE) / max(len(recent) - 1, 1)
    up = (_HEIGHT - 2 * _EDGE) / (high - low) if high > low else 0
    middle = 0 if high > low else (_HEIGHT - 2 * _EDGE) / 2
    points = [
        (round(_EDGE + place * across, 1), round(_HEIGHT - _EDGE - middle - (value - low) * up, 1))
        for place, value in known
    ]
    said = f"{label or 'History'}, {len(known)} runs: " + ", ".join(shown_number(value) for _, value in known)
    drawing = Markup(
        '<dd class="crm-history"><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg></dd>'
    )
    line = " ".join(f"{x},{y}" for x, y in points)
    return drawing.format(_WIDTH, _HEIGHT, _WIDTH, _HEIGHT, said, line, *points[-1])


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and is_known(value)
