"""The pages of a run, made by three functions that a test may replace."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How notebooks and runs become pages; nbconvert is imported when the first page is made.

    Parameters
    ----------
    notebook_to_html, run_index, site_index : callables, optional
        Instead of those of `crmlib.present.html` and `crmlib.present.site`.

    Examples
    --------
    >>> Pages(site_index=lambda workspaces: f"{len(list(workspaces))} workspaces").site([])
    '0 workspaces'
    """

    notebook_to_html: Callable[..., str] | None = None
    run_index: Callable[..., str] | None = None
    site_index: Callable[..., str] | None = None

    def report(
        self, notebook: Any, *, title: str, context: Mapping[str, Any], show_code: bool = False
    ) -> str:
        """The page of an executed notebook, refused when it is too heavy to send around.

        Raises
        ------
        HeavyPageError
            If it weighs more than a page may.

        Examples
        --------
        >>> made = Pages(notebook_to_html=lambda notebook, *, title, context, show_code: f"<h1>{title}</h1>")
        >>> made.report(None, title="Segments", context={})
        '<h1>Segments</h1>'
        """
        from crmlib.present.html import notebook_to_html
        from crmlib.present.page import check_size

        make = self.notebook_to_html or notebook_to_html
        page = make(notebook, title=title, context=dict(context), show_code=show_code)
        check_size(page, name=f"The page {title!r}")
        return page

    def index(self, run: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
        """The index page of a run.

        Examples
        --------
        >>> Pages(run_index=lambda run, reports: run["title"]).index({"title": "Retail"}, [])
        'Retail'
        """
        from crmlib.present.site import run_index

        return (self.run_index or run_index)(run, reports)

    def site(self, workspaces: Sequence[Mapping[str, Any]]) -> str:
        """The index page over all workspaces.

        Examples
        --------
        >>> Pages(site_index=lambda workspaces: "none").site([])
        'none'
        """
        from crmlib.present.site import site_index

        return (self.site_index or site_index)(workspaces)
