"""What every block of a page is: one object that a notebook, a plain text and the site can each read."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

BLOCK_MIME = "application/vnd.crmlib+json"
"""The media type under which a block hands its content to the site."""


class Block(ABC):
    """Something a notebook cell ends with, and a page is built from.

    A block is written once and read three times: as HTML whose text is escaped, as plain text, and as the
    record `application/vnd.crmlib+json` (``{"kind": ...}``) from which the index pages are made.

    Examples
    --------
    >>> class Hello(Block):
    ...     kind = "hello"
    ...     def _html(self): return "<p>Hello</p>"
    ...     def _text(self): return "Hello"
    ...     def _record(self): return {"text": "Hello"}
    >>> sorted(Hello()._repr_mimebundle_())
    ['application/vnd.crmlib+json', 'text/html', 'text/plain']
    """

    kind: ClassVar[str] = ""

    @abstractmethod
    def _html(self) -> str: ...

    @abstractmethod
    def _text(self) -> str: ...

    @abstractmethod
    def _record(self) -> dict[str, Any]: ...

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        bundle = {
            "text/html": str(self._html()),
            "text/plain": self._text(),
            BLOCK_MIME: {"kind": self.kind, **self._record()},
        }
        wanted = set(include or bundle) - set(exclude or ())
        return {mime: content for mime, content in bundle.items() if mime in wanted}


def sentences_of(parts: Iterable[Any]) -> tuple[str, ...]:
    """Flatten sentences and lists of sentences, and leave the empty ones out.

    Parameters
    ----------
    parts : sentences, or iterables of sentences
        The functions of `claims` return lists; a block takes those as they come.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> sentences_of(["One.", ["Two.", ""], "Three."])
    ('One.', 'Two.', 'Three.')
    """
    flat: list[str] = []
    for part in parts:
        flat.extend([part] if isinstance(part, str) else [str(sentence) for sentence in part])
    return tuple(sentence for sentence in flat if sentence.strip())
