"""What a prepared view is: its rows, its columns, and what each is made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Column = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class View:
    """A prepared view.

    Parameters
    ----------
    name : str
        What an indicator's `over` says.
    row : str
        What one row is, in words.
    table : str
        The table without which it does not exist.
    steps : tuple of str
        The named steps it is made of; the last one is the view itself.
    columns : tuple of (name, says, needs)
        `needs` are the optional columns, as table.column, that it is made from.

    Examples
    --------
    >>> View(name="visits", row="a visit", table="events", steps=("visits",), columns=()).row
    'a visit'
    """

    name: str
    row: str
    table: str
    steps: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names.

        Examples
        --------
        >>> columns = plain(customer_id="Who came.") + of_table("events", page="The page.")
        >>> View(name="visits", row="a visit", table="events", steps=("visits",), columns=columns).names
        ('customer_id', 'page')
        """
        return tuple(name for name, _, _ in self.columns)

    def missing(self, used: Iterable[str], tables: Mapping[str, Iterable[str]]) -> str:
        """Why columns of this view cannot be had, or nothing.

        Parameters
        ----------
        used : names of this view's columns
        tables : table -> its columns in this workspace

        Returns
        -------
        str
            A sentence with the remedy; empty where all is there.

        Examples
        --------
        >>> columns = plain(customer_id="Who came.") + of_table("events", page="The page.")
        >>> visits = View(name="visits", row="a visit", table="events", steps=("visits",), columns=columns)
        >>> print(visits.missing({"page"}, {"events": ["customer_id"]}))
        events has no column page. Map it in crm.toml under [tables.events.columns].
        >>> visits.missing({"customer_id"}, {"events": ["customer_id"]})
        ''
        """
        needs = {name: need for name, _, need in self.columns}
        wanted = [need.split(".") for name in sorted(used) for need in needs.get(name, ())]
        for table in (self.table, *(table for table, _ in wanted)):
            if table not in tables:
                return f"There is no table {table}. Add it to crm.toml as [tables.{table}]."
        for table, column in wanted:
            if column not in tables[table]:
                return f"{table} has no column {column}. Map it in crm.toml under [tables.{table}.columns]."
        return ""


def plain(**columns: str) -> tuple[Column, ...]:
    """Columns that are always there.

    Parameters
    ----------
    **columns : name = what it says

    Examples
    --------
    >>> plain(customer_id="Who bought.")
    (('customer_id', 'Who bought.', ()),)
    """
    return tuple((name, says, ()) for name, says in columns.items())


def of_table(table: str, **columns: str) -> tuple[Column, ...]:
    """Columns that are those of a table, where it has them.

    Parameters
    ----------
    table : str
    **columns : name = what it says

    Examples
    --------
    >>> of_table("products", brand="The brand.")
    (('brand', 'The brand.', ('products.brand',)),)
    """
    return tuple((name, says, (f"{table}.{name}",)) for name, says in columns.items())


def made_from(*needs: str, **columns: str) -> tuple[Column, ...]:
    """Columns that are made from others, all of which must be there.

    Parameters
    ----------
    *needs : table.column
    **columns : name = what it says

    Examples
    --------
    >>> made_from("feedback.score", "feedback.score_max", score_pct="The score as a share of the best.")
    (('score_pct', 'The score as a share of the best.', ('feedback.score', 'feedback.score_max')),)
    """
    return tuple((name, says, needs) for name, says in columns.items())
