"""What the sample company is made from: every figure that an analysis may try to find again."""

import numpy as np

START, END = np.datetime64("2023-01-01", "D"), np.datetime64("2025-12-31", "D")
DAYS = int((END - START).astype(int)) + 1
"""Days of history; day 0 is `START`, the last is the closing day."""

CUSTOMERS, DEALS, ORDERS = 3000, 8000, 20_000
"""Numbers at scale 1; an order has some three lines."""

# ---- customers -----------------------------------------------------------------------------------------

COUNTRIES = {
    "China": ("zh_CN", "CN", 0.26, ("China East", "China South")),
    "Japan": ("ja_JP", "JP", 0.18, ("Japan Kanto", "Japan Kansai")),
    "Germany": ("de_DE", "DE", 0.26, ("Germany North", "Germany South")),
    "United Kingdom": ("en_GB", "GB", 0.16, ("United Kingdom",)),
    "France": ("fr_FR", "FR", 0.14, ("France",)),
}
"""Country -> locale, code, share of the customers, sales regions. None of them changes the odds of a deal."""

SEGMENTS = {
    # share, weight of ordering, pieces a line, extra lines, discount, monthly churn hazard, uplift of a campaign
    "key account": (0.05, 9.0, 9.0, 2.6, 0.05, 0.004, 0.05),
    "regular": (0.25, 2.5, 3.0, 1.6, 0.02, 0.010, 0.16),
    "seasonal": (0.12, 1.6, 4.0, 1.8, 0.02, 0.015, 0.12),
    "bargain hunter": (0.13, 1.6, 3.5, 1.4, 0.15, 0.030, 0.35),
    "occasional": (0.20, 0.45, 1.5, 0.8, 0.02, 0.040, 0.10),
    "prospect": (0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}
SEASONAL_MONTHS, SEASONAL_FACTOR = (11, 12), 6.0
"""A seasonal customer's weight of ordering is so much higher in these months."""

# ---- deals ---------------------------------------------------------------------------------------------

STAGES = ("Inquiry", "Qualified", "Proposal", "Negotiation")

SOURCE_ODDS = {
    "Web form": 1.0, "Referral": 2.2, "Partner": 1.3, "Trade fair": 1.0, "Advertising": 0.7, "Cold call": 0.45,
}  # fmt: skip
INDUSTRY_ODDS = {
    "Manufacturing": 1.0, "Healthcare": 2.0, "Food": 1.25, "Electronics": 1.4, "Logistics": 0.9,
    "Construction": 0.8, "Education": 0.75, "Retail": 0.5,
}  # fmt: skip
INDUSTRY_SHARE = (0.22, 0.13, 0.13, 0.12, 0.12, 0.11, 0.07, 0.10)
SIZE_ODDS = {"1-9": 0.8, "10-49": 1.0, "50-249": 1.2, "250+": 0.9}
CHAMPION_ODDS, ENGAGEMENT_ODDS, AMOUNT_ODDS = 1.8, 1.65, 0.82
"""Factors of the odds: somebody there speaks for us; one more unit of engagement; an amount e times as large."""
BASE_LOG_ODDS, TYPICAL_AMOUNT = -0.75, 25_000.0
ENGAGEMENT_ON_TOUCHES = 0.5
"""Contacts from the customer come exp(this times engagement) as often."""

SOURCE_SHARE = {
    "Web form": 0.30,
    "Referral": 0.14,
    "Partner": 0.14,
    "Trade fair": 0.16,
    "Advertising": 0.12,
    "Cold call": 0.14,
}
SOURCE_MIX = {
    ("Trade fair", "Healthcare"): 5.0,
    ("Trade fair", "Electronics"): 2.5,
    ("Partner", "Retail"): 5.0,
}
"""Trade fairs bring industries that buy easily, partners one that does not: by itself a trade fair is worth as
much as a web form and a partner more, and the plain win rates say otherwise."""
SOURCE_SPEED = {
    "Web form": 1.0, "Referral": 1.3, "Partner": 1.0, "Trade fair": 0.9, "Advertising": 1.0, "Cold call": 0.8,
}  # fmt: skip
"""The chance to stay in a stage for one more day is raised to this power."""

AGE_BANDS = (0, 7, 30, 90)
"""A stay's days 1 to 7, 8 to 30, 31 to 90, and later."""
EXIT_HAZARDS = {
    "Inquiry": (0.030, 0.050, 0.020, 0.004),
    "Qualified": (0.010, 0.030, 0.020, 0.005),
    "Proposal": (0.008, 0.035, 0.022, 0.006),
    "Negotiation": (0.020, 0.045, 0.025, 0.008),
}
"""Chance to leave the stage on a day, given that the deal was there the day before (source Web form)."""
EXIT_SHARES = {
    "Inquiry": {"forward": 0.76, "back": 0.0, "lost": 0.24},
    "Qualified": {"forward": 0.74, "back": 0.04, "lost": 0.22},
    "Proposal": {"forward": 0.72, "back": 0.10, "lost": 0.18},
    "Negotiation": {"forward": 0.73, "back": 0.12, "lost": 0.15},
}
"""Where those who leave go, for a deal whose chance to be won is `base_win_chances()[0]`; see `exit_shares`."""

TOPICS = ("price", "delivery time", "missing feature", "competitor", "budget postponed", "service quality")
TOPICS_OF_LOST = (0.28, 0.12, 0.13, 0.17, 0.14, 0.06)
TOPICS_OF_WON = (0.20, 0.10, 0.05, 0.05, 0.03, 0.07)
"""Share of the deals with this concern; the rest has none. In 2025 delivery time counts so much more:"""
DELIVERY_2025 = 2.0

# ---- demand --------------------------------------------------------------------------------------------

GROWTH_PER_YEAR = 1.12
SEASON = (0.86, 0.90, 1.04, 0.95, 0.95, 1.00, 0.90, 0.80, 1.08, 1.08, 1.14, 1.30)
"""Factors of January to December; their mean is 1."""
WEEKDAY = (1.1, 1.1, 1.1, 1.05, 1.0, 0.15, 0.05)
PRICE_BY_YEAR = {2023: 1.0, 2024: 1.02, 2025: 1.05}
FILTER_RISE = ("Filters", np.datetime64("2025-04-01", "D"), 1.12, 0.90)
"""From that day filters cost 12 % more than other things would, and 10 % fewer are bought a line."""
CLEANING_MIX = ("Cleaning", np.datetime64("2025-01-01", "D"), 2.5)
"""From that day the best tier is chosen so many times as readily where a line is a free choice."""

RULES = (
    (("Label printer B2",), "Label roll B2", 0.45),
    (("Hand scanner A2",), "Battery pack A2", 0.35),
    (("Bench scale A3",), "Calibration A2", 0.30),
    (("Nitrile gloves A1",), "Disinfectant A1", 0.40),
    (("Drill set B1",), "Cutting oil B1", 0.38),
    (("Dust filter A1",), "Filter bag A1", 0.50),
    (("Disinfectant A1", "Nitrile gloves A1"), "Wipes A1", 0.50),
)
"""Where all of the first are in a basket, the second is put in with this chance unless it is there already."""

RETURN_SHARE, NEVER_PAID, FAULTY, FAULTY_FACTOR = 0.015, 0.01, "Hand scanner B1", 6.0
PLAN_FACTORS = (0.9, 0.95, 1.0, 1.05, 1.1, 1.2)


def month_weights() -> tuple[np.ndarray, np.ndarray]:
    """First day of each month, and the demand expected in it against an average month of 2023 without trend."""
    months = np.arange(np.datetime64(START, "M"), np.datetime64(END, "M") + 2)
    first = (months.astype("datetime64[D]") - START).astype(np.int64)
    place = np.arange(36)
    season = np.array(SEASON)[place % 12] * np.diff(first) / 30.4375
    return first[:-1], season * GROWTH_PER_YEAR ** (place / 12)


def base_win_chances() -> np.ndarray:
    """The chance to be won from each stage under `EXIT_SHARES`."""
    shares = [EXIT_SHARES[stage] for stage in STAGES]
    moves = np.zeros((4, 4))
    for i, share in enumerate(shares):
        if i < 3:
            moves[i, i + 1] = share["forward"]
        if i > 0:
            moves[i, i - 1] = share["back"]
    return np.linalg.solve(np.eye(4) - moves, np.array([0, 0, 0, shares[3]["forward"]]))


def exit_shares(stage: int, chance: np.ndarray) -> np.ndarray:
    """Where deals that leave a stage go, given their chance to be won at the start.

    The moves are those of `EXIT_SHARES`, each weighed by how much it favours a deal of that chance (Doob's
    transform), so that a deal is won with exactly that chance and the stages stay a chain without memory.

    References
    ----------
    Rogers & Williams (2000). Diffusions, Markov Processes and Martingales, III.45.
    """
    won = base_win_chances()
    chance = np.asarray(chance, dtype=float)

    def weight(at: float) -> np.ndarray:
        return chance * at / won[0] + (1 - chance) * (1 - at) / (1 - won[0])

    share = EXIT_SHARES[STAGES[stage]]
    after = won[stage + 1] if stage < 3 else 1.0
    before = won[stage - 1] if stage else 0.0
    here = weight(won[stage])
    return np.column_stack(
        [
            share["forward"] * weight(after) / here,
            share["back"] * weight(before) / here,
            share["lost"] * weight(0.0) / here,
        ]
    )


def exit_chances(stage: str, days: int, *, speed: float = 1.0) -> np.ndarray:
    """The chance to leave a stage on each of its first days, given that the deal is still there."""
    band = np.searchsorted(AGE_BANDS, np.arange(days), side="right") - 1
    return 1 - (1 - np.array(EXIT_HAZARDS[stage])[band]) ** speed
