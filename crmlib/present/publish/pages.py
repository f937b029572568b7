"""The pages of a run, made by three functions that a test may replace."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmlib.present.publish.page import check_size


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How notebooks and runs become pages; nbconvert is imported when the first page is made.

    Parameters
    ----------
    notebook_to_html, run_index, site_index : callables, optional
        Instead of those of `crmlib.present.publish.html` and `crmlib.present.publish.site`.
    """

    notebook_to_html: Callable[..., str] | None = None
    run_index: Callable[..., str] | None = None
    site_index: Callable[..., str] | None = None

    def report(
        self, notebook: Any, *, title: str, context: Mapping[str, Any], show_code: bool = False
    ) -> str:
        """The page of an executed notebook, refused when it is too heavy to send around."""
        from crmlib.present.publish.html import notebook_to_html

        make = self.notebook_to_html or notebook_to_html
        page = make(notebook, title=title, context=dict(context), show_code=show_code)
        check_size(page, name=f"The page {title!r}")
        return page

    def index(self, run: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
        """The index page of a run."""
        from crmlib.present.publish.site import run_index

        return (self.run_index or run_index)(run, reports)

    def site(self, workspaces: Sequence[Mapping[str, Any]]) -> str:
        """The index page over all workspaces."""
        from crmlib.present.publish.site import site_index

        return (self.site_index or site_index)(workspaces)
