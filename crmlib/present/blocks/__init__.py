"""The blocks of a page: what a notebook cell ends with.

Words are here; figures, tables, pictures and downloads have modules of their own and stand on this shelf.
All text is escaped, since names of products and customers come from outside.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from crmlib.present.blocks.base import BLOCK_MIME, Block, statements_of
from crmlib.present.blocks.downloads import safe_cell, to_csv_bytes
from crmlib.present.blocks.figures import KeyFigure, KeyFigures
from crmlib.present.blocks.pictures import Picture
from crmlib.present.blocks.tables import DataTable
from crmlib.present.claims import Claim, Fact, claim, claims_in

__all__ = [
    "BLOCK_MIME",
    "Answer",
    "Block",
    "DataTable",
    "Findings",
    "KeyFigure",
    "KeyFigures",
    "Limits",
    "Picture",
    "Prose",
    "Skipped",
    "safe_cell",
    "to_csv_bytes",
]

_PARAGRAPH = Markup("<p>{}</p>")
_ITEM = Markup("<li>{}</li>")
_LIST = Markup('<ul class="crm-limits">{}</ul>')
_REST = Markup('<details class="crm-folded crm-rest"><summary>{}</summary>{}</details>')
RUNNING = 6
"""So many sentences are read as one paragraph."""
SHOWN_LIMITS = 3
"""So many limits stand in sight, the others fold; one more is not worth the fold."""


@dataclass(frozen=True, init=False)
class _Sentences(Block):
    sentences: tuple[str, ...]
    claims: tuple[Claim, ...]

    def __init__(self, *sentences):
        said = statements_of(sentences)
        object.__setattr__(self, "sentences", tuple(str(statement) for statement in said))
        object.__setattr__(self, "claims", tuple(claims_in(*said)))

    def _text(self) -> str:
        return "\n".join(self.sentences)

    def _record(self) -> dict[str, Any]:
        said = {"text": " ".join(self.sentences), "sentences": list(self.sentences)}
        return said | {"claims": [claim.record() for claim in self.claims]}


class Answer(_Sentences):
    """The answer of a report: two or three sentences made from the numbers, at its top.

    Parameters
    ----------
    *sentences : Claim or str, or lists of them
        Plain text; the first one stands on the report's card in the index.
    """

    kind = "answer"

    def _html(self) -> str:
        return Markup('<div class="crm-answer"><p>{}</p></div>').format(" ".join(self.sentences))


class Prose(_Sentences):
    """Paragraphs that say what a picture or table means.

    Parameters
    ----------
    *paragraphs : Claim or str, or lists of them
        Plain text, one paragraph each; a list of up to `RUNNING` sentences is one, a longer one is a sentence a line.
    """

    kind = "prose"
    paragraphs: tuple[str, ...]

    def __init__(self, *paragraphs):
        given = [statements_of([part]) for part in paragraphs]
        super().__init__(*given)
        said = ((" ".join(map(str, part)),) if len(part) <= RUNNING else map(str, part) for part in given)
        object.__setattr__(self, "paragraphs", tuple(one for part in said for one in part if one))

    def _html(self) -> str:
        paragraphs = Markup("").join(_PARAGRAPH.format(paragraph) for paragraph in self.paragraphs)
        return Markup('<div class="crm-prose">{}</div>').format(paragraphs) if paragraphs else ""


class Findings(_Sentences):
    """Findings that the index repeats, each one whole sentence, linked back to where it stands.

    Parameters
    ----------
    *sentences : Claim or str, or lists of them
    """

    kind = "findings"

    def _anchors(self) -> list[str]:
        return [f"finding-{sha256(sentence.encode()).hexdigest()[:8]}" for sentence in self.sentences]

    def _html(self) -> str:
        items = Markup("").join(
            Markup('<li id="{}">{}</li>').format(anchor, sentence)
            for anchor, sentence in zip(self._anchors(), self.sentences, strict=True)
        )
        return Markup('<ul class="crm-findings">{}</ul>').format(items) if items else ""

    def _record(self) -> dict[str, Any]:
        record, anchors = super()._record(), self._anchors()
        at = dict(zip(self.sentences, anchors, strict=True))
        claims = [claim | {"anchor": at[claim["text"]]} for claim in record["claims"]]
        return {**record, "anchors": anchors, "claims": claims}


class Limits(_Sentences):
    """What the data cannot say, at the end of a report.

    Parameters
    ----------
    *sentences : Claim or str, or lists of them
    """

    kind = "limits"

    def _html(self) -> str:
        items = [_ITEM.format(sentence) for sentence in self.sentences]
        most = SHOWN_LIMITS if len(items) > SHOWN_LIMITS + 1 else len(items)
        shown, rest = (_LIST.format(Markup("").join(part)) for part in (items[:most], items[most:]))
        if most == len(items):
            return shown
        return shown + _REST.format(claim("page-limits-rest", n=Fact(len(items) - most, "count")), rest)


@dataclass(frozen=True)
class Skipped(Block):
    """A part that could not be made, and the table that would bring it.

    `reason`: Why it is not there, a sentence.
    `table`: The table of the vocabulary that is missing.
    """

    kind = "skipped"
    reason: str | Claim
    table: str | None = None

    def _html(self) -> str:
        remedy = Markup(" The table <code>{}</code> would bring it.").format(self.table) if self.table else ""
        note = Markup('<p class="crm-skipped"><strong>Left out:</strong> {}{}</p>')
        return note.format(str(self.reason), remedy)

    def _text(self) -> str:
        remedy = f" The table {self.table} would bring it." if self.table else ""
        return f"Left out: {self.reason}{remedy}"

    def _record(self) -> dict[str, Any]:
        claims = [claim.record() for claim in claims_in(self.reason)]
        return {"reason": str(self.reason), "table": self.table, "claims": claims}
