"""Every state a customer can be in, and every signal about a customer, each declared once.

Three things speak about whether a customer still buys. The **states** are facts: silence measured against the
customer's own rhythm, by rules that can be read. The **purchase model** gives the probability that a customer has
not stopped for good, from the dates of purchases alone. The **churn model** gives the probability that a customer
buys nothing within a stated time ahead, from all that is known.

The state speaks first. Of a customer who is dormant or lost its word stands, and no page calls that customer safe or
gone by a model; a lead or prospect has not bought, so that no model speaks. A model adds something only about
customers who buy by their state (new, active, growing, declining, won back): which of them may not buy again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from crmlib.schema.errors import ParameterError

QUIET_TIMES = 3
"""A customer is expected back within so many of the own usual gaps."""

LOST_TIMES = 2
"""Silent for so many times as long as was to be expected, a customer counts as lost."""

NEW_PERIODS = 1
"""New and won back look at so many of the latest periods."""

COMPARED_PERIODS = 2
"""Growing and declining need a customer of so many periods, the last of which is set against the one before."""

CHANGE_SHARE = 0.1
"""Growing and declining: change of spend over the spend of both periods; 0.1 is a rise of 22 % or a fall of 18 %."""

CHANCE_ONE_IN = 100
"""One steady customer in so many looks as if growing by chance alone, and one as if declining."""

CHANGE_SCORE = round(NormalDist().inv_cdf(1 - 1 / CHANCE_ONE_IN), 2)
"""Growing and declining: change of spend over its standard error."""

LATE_TIMES = 2.0
"""Silent for so many of the own usual gaps, a customer is late."""

LIKELY = 0.5
"""The probability from which a model's word is acted on: a customer is then `LIKELY_GONE` or `AT_RISK`."""

KEEP, DEVELOP, WIN_BACK, FOLLOW_UP = "keep", "develop", "win_back", "follow_up"
OFFER, HAND_OVER, COLLECT, NO_ACTION = "offer", "hand_over", "collect", "none"
PREVENT, COUPON, SERVE = "prevent", "coupon", "serve"
ACTIONS = (KEEP, DEVELOP, WIN_BACK, FOLLOW_UP, OFFER, HAND_OVER, COLLECT, PREVENT, COUPON, SERVE, NO_ACTION)
"""What can be called for; the words of an action belong to floor 4."""

LEAD, PROSPECT, NEW, ACTIVE, GROWING = "lead", "prospect", "new", "active", "growing"
DECLINING, DORMANT, LOST, WON_BACK = "declining", "dormant", "lost", "won back"

_SPOKEN: dict[float, str] = {2: "twice", 3: "three times", 4: "four times"}


def spoken(times: float) -> str:
    """A multiple as a sentence says it."""
    return _SPOKEN.get(times) or f"{times:g} times"


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of a customer: its rule, and what it calls for.

    `rule` is a condition in SQL over the figures of `crmlib.measure.purchases.states.STAGE_FIGURES`; an empty one takes
    whoever is left. `action` is one of `ACTIONS`. Its sentences are in present/words/<language>/states.ftl.
    """

    name: str
    rule: str
    action: str


STATES = (
    State(name=LEAD, rule="purchase_count = 0 and contact_count = 0", action=FOLLOW_UP),
    State(name=PROSPECT, rule="purchase_count = 0", action=FOLLOW_UP),
    State(name=LOST, rule=f"silence_ratio > {LOST_TIMES}", action=WIN_BACK),
    State(name=DORMANT, rule="silence_ratio > 1", action=WIN_BACK),
    State(name=NEW, rule=f"tenure_periods <= {NEW_PERIODS} and history_ratio >= 1", action=DEVELOP),
    State(name=WON_BACK, rule=f"return_periods <= {NEW_PERIODS}", action=KEEP),
    State(
        name=GROWING,
        rule=f"tenure_periods >= {COMPARED_PERIODS} and spend_change >= {CHANGE_SHARE} "
        f"and change_score >= {CHANGE_SCORE}",
        action=DEVELOP,
    ),
    State(
        name=DECLINING,
        rule=f"tenure_periods >= {COMPARED_PERIODS} and spend_change <= -{CHANGE_SHARE} "
        f"and change_score <= -{CHANGE_SCORE}",
        action=KEEP,
    ),
    State(name=ACTIVE, rule="", action=KEEP),
)
"""The states in the order in which their rules are tried: the first that fits is the customer's."""

LIFE_ORDER = (LEAD, PROSPECT, NEW, ACTIVE, GROWING, DECLINING, DORMANT, LOST, WON_BACK)
"""The names in the order of a customer's life."""

WITHOUT_PURCHASE = (LEAD, PROSPECT)
BUYING = (NEW, ACTIVE, GROWING, DECLINING, WON_BACK)
"""Who buys by the state; only of them a model has a say."""

SILENT = (DORMANT, LOST)
"""Who has been silent for longer than was to be expected."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Something that is said of a customer beside the state: who says it, and of which states."""

    name: str
    source: str
    states: tuple[str, ...]


LATE = Signal(name="late", source="own habit", states=(*BUYING, *SILENT))
QUIET = Signal(name="silent", source="state", states=SILENT)
LIKELY_GONE = Signal(name="likely gone", source="purchase model", states=BUYING)
AT_RISK = Signal(name="at risk", source="churn model", states=BUYING)
SIGNALS = (LATE, QUIET, LIKELY_GONE, AT_RISK)

_RESERVED = {*LIFE_ORDER, *(signal.name for signal in SIGNALS)}


def state_named(name: str) -> State:
    """The state of a name."""
    return next(state for state in STATES if state.name == name)


def is_taken(name: str) -> bool:
    """Whether another grouping of customers may not use a name, since it is that of a state or a signal."""
    return " ".join(name.replace("_", " ").casefold().split()) in _RESERVED


def taken_words(name: str) -> str:
    """Why a name is taken and what to do, as the end of a sentence."""
    return (
        f"named {name!r}: that name has a rule of its own (stages of a customer's life, signals). Choose another "
        f"name, such as 'my {name.strip()}'."
    )


def require_states(names: Iterable[str]) -> None:
    """Refuse stages that are not the house's states, where what follows rests on what each of them means."""
    for name in names:
        if name not in LIFE_ORDER:
            raise ParameterError(
                f"{name!r} is no state of a customer (states: {', '.join(LIFE_ORDER)}). Give the stages that "
                "lifecycle_stages(crm) makes without definitions of your own."
            )
