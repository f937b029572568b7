"""What a campaign's effect comes out as."""

from dataclasses import dataclass, field
from html import escape

import pandas as pd

from crmlib.analyse.campaigns.comparison import Comparison
from crmlib.analyse.campaigns.judging import Judgement
from crmlib.analyse.campaigns.response import Response


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignEffect:
    """Who answered one campaign, what it brought in extra spend, and how sure that is.

    Attributes
    ----------
    campaign_id : str
    name, kind, channel : str
        Empty where not known.
    begin_on, until_on, planned_until_on : Timestamp
        First day, last day that counts so far, last day as planned.
    is_over : bool
    judgement : Judgement
        `response`, `comparison` (with the balance and the ways to reckon), `trial`, `verdict`, `doubt`.
    groups : DataFrame, as `crmlib.analyse.campaigns.groups.who_responds` gives it
    overlap : DataFrame, as `crmlib.analyse.campaigns.judging.overlap_of` gives it
    money : DataFrame, one row: what is known in account currency
        `effect`, `low`, `high` (extra spend a customer), `total`, `total_low`, `total_high` (of all compared),
        `base_mean` (spend of those compared with), `cost_amount`, `cost_shared` (of the customers compared),
        `cost_per_contact`, `cost_per_response`, `margin_pct`, `gain`, `gain_low`, `gain_high` (extra margin, or spend
        where the margin is not known, less cost). NaN where not known.
    power : DataFrame, one row
        `smallest_effect` (a customer; shown four times in five), `smallest_pct` (of `base_mean`), `tenth_pct` (chance
        to see a tenth more spend), `level`.
    set_aside : DataFrame
        `what`, `customers`: counted, and not used.
    notes : tuple of str
    says : str
    currency : str

    Examples
    --------
    See `crmlib.analyse.campaigns.effect.campaign_effect`.
    """

    campaign_id: str
    name: str
    kind: str
    channel: str
    begin_on: pd.Timestamp
    until_on: pd.Timestamp
    planned_until_on: pd.Timestamp
    is_over: bool
    judgement: Judgement = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    overlap: pd.DataFrame = field(repr=False)
    money: pd.DataFrame = field(repr=False)
    power: pd.DataFrame = field(repr=False)
    set_aside: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    says: str = ""
    currency: str = ""

    @property
    def response(self) -> Response:
        """Who answered.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.response

    @property
    def comparison(self) -> Comparison:
        """Extra spend within the campaign's time.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.comparison

    @property
    def trial(self) -> Comparison:
        """The same comparison on the time before.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.trial

    @property
    def verdict(self) -> str:
        """What is concluded, one of the words of `crmlib.analyse.campaigns.judging`.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.verdict

    @property
    def balance(self) -> pd.DataFrame:
        """How alike the groups were before, and after matching.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.comparison.balance

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.says)}</p>{self.comparison.effects.round(2).to_html(index=False)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignSummary:
    """All campaigns side by side.

    Attributes
    ----------
    table : DataFrame, one row a campaign, the earliest first
        `campaign_id`, `name`, `kind`, `channel`, `begin_on`, `until_on`, `planned_until_on`, `is_over`, `contacted`,
        `control`, `responded`, `response_pct`, `response_low`, `response_high`, `comparison`, `compared` (customers of
        it that are compared), `effect`, `effect_low`, `effect_high` (extra net spend a customer), `p_value`, `q_value`
        (adjusted for the number of campaigns), `base_mean`, `everyone` (the difference from all others, as they are),
        `smallest_effect`, `trial_effect`, `trial_low`, `trial_high`, `total`, `cost_amount`, `overlapping_pct`,
        `verdict`, `doubt`, `reason`.
    responses_unknown : str
        Why answers are not known; empty where they are.
    currency : str
    as_of : Timestamp

    Examples
    --------
    See `crmlib.analyse.campaigns.summary.campaign_summary`.
    """

    table: pd.DataFrame
    responses_unknown: str = ""
    currency: str = ""
    as_of: pd.Timestamp = pd.NaT

    def _repr_html_(self) -> str:
        return self.table.round(2).to_html(index=False)
