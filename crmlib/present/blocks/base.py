"""What every block of a page is: one object that a notebook, a plain text and the site can each read."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from crmlib.present.claims import Claim

BLOCK_MIME = "application/vnd.crmlib+json"
"""The media type under which a block hands its content to the site."""

FILES_MIME = "application/vnd.crmlib.files+json"
"""The media type of files that are too large for the page and will lie beside it."""

FILES_VARIABLE = "CRMLIB_FILES"
"""The environment variable by which a run names the folder in which blocks leave those files, each by its digest."""


class Block(ABC):
    """Something a notebook cell ends with, and a page is built from.

    A block is written once and read three times: as HTML whose text is escaped, as plain text, and as the
    record `application/vnd.crmlib+json` (``{"kind": ...}``) from which the index pages are made.
    """

    kind: ClassVar[str] = ""

    @abstractmethod
    def _html(self) -> str: ...

    @abstractmethod
    def _text(self) -> str: ...

    @abstractmethod
    def _record(self) -> dict[str, Any]: ...

    def _files(self) -> dict[str, dict[str, str]]:
        """What will lie beside the page: file name -> what its link `says`, and its `content` in base64 or `digest`."""
        return {}

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        bundle: dict[str, Any] = {
            "text/html": str(self._html()),
            "text/plain": self._text(),
            BLOCK_MIME: {"kind": self.kind, **self._record()},
        }
        files = self._files()
        if files:
            bundle[FILES_MIME] = files
        wanted = set(include or bundle) - set(exclude or ())
        return {mime: content for mime, content in bundle.items() if mime in wanted}


def statements_of(parts: Iterable[Any]) -> tuple[str | Claim, ...]:
    """Flatten sentences, claims and lists of them, and leave the empty ones out.

    >>> statements_of(["One.", ["Two.", ""], "Three."])
    ('One.', 'Two.', 'Three.')
    """
    flat: list[Any] = []
    for part in parts:
        flat.extend([part] if isinstance(part, str | Claim) else part)
    return tuple(part if isinstance(part, Claim) else str(part) for part in flat if str(part).strip())
