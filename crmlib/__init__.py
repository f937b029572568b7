"""crmlib: from raw CRM exports to decisions that can be checked.

The public shelf. Names are imported when they are first used, so that ``import crmlib`` stays quick.

Examples
--------
>>> import crmlib
>>> "rfm_table" in dir(crmlib)
True
"""

from importlib import import_module

__version__ = "0.1.0"

_SHELF = {
    "crmlib.analyse.campaigns.effect": "campaign_effect CampaignEffect CampaignSummary campaign_summary",
    "crmlib.analyse.changes": "what_changed WhatChanged",
    "crmlib.analyse.churn.model": "fit_churn fit_purchase fit_given_label ChurnModel",
    "crmlib.analyse.customers.profile": "CustomerProfile customer_profile CUSTOMER_TYPES customer_types",
    "crmlib.analyse.customers.states": "LIFECYCLE_STAGES LifecycleStage lifecycle_stages lifecycle_summary "
    "LifecycleMoves lifecycle_between lifecycle_moves",
    "crmlib.analyse.forecast.pipeline": "forecast_pipeline",
    "crmlib.analyse.forecast.plan": "plan_vs_actual",
    "crmlib.analyse.forecast.result": "PlanVsActual Forecast",
    "crmlib.analyse.forecast.sales": "forecast_sales",
    "crmlib.analyse.health": "DataHealth data_health",
    "crmlib.analyse.lifetime.choice": "PurchaseFit fit_purchases",
    "crmlib.analyse.lifetime.future": "FutureContribution future_contribution",
    "crmlib.analyse.lifetime.history": "Regularity regularity",
    "crmlib.analyse.lifetime.holdout": "HoldoutCheck holdout_check",
    "crmlib.analyse.lifetime.purchase_models": "BetaGeoModel ModifiedBetaGeoModel ParetoNBDModel "
    "ShiftedBetaGeoModel",
    "crmlib.analyse.lifetime.spend": "lifetime_value GammaGammaModel",
    "crmlib.analyse.offers.proof": "evaluate_offers OffersProof",
    "crmlib.analyse.offers.recommend": "recommend_offers recommend_several",
    "crmlib.analyse.offers.result": "NEW_KINDS Offers",
    "crmlib.analyse.outreach": "plan_outreach OutreachPlan",
    "crmlib.analyse.people.contacts": "ContactMap contact_map",
    "crmlib.analyse.people.decisions": "DecisionTree decision_tree",
    "crmlib.analyse.people.handover": "Handover handover",
    "crmlib.analyse.people.ties": "RelationGraph relation_graph",
    "crmlib.analyse.pipeline.durations": "stage_durations StageDurations",
    "crmlib.analyse.pipeline.leads": "LeadScores score_leads Newcomers score_newcomers",
    "crmlib.analyse.pipeline.overdue": "Overdue overdue_opportunities",
    "crmlib.analyse.pipeline.portrait": "Portrait won_portrait",
    "crmlib.analyse.pipeline.sources": "ChannelConversion channel_conversion",
    "crmlib.analyse.pipeline.team": "TeamWork team_work ProcessFlow deal_process process_flow",
    "crmlib.analyse.retention": "Retention retention_curves SurvivalCurves survival_curves",
    "crmlib.analyse.rules.cross_sell": "CrossSell cross_sell",
    "crmlib.analyse.rules.exchange": "rules_from_mlxtend",
    "crmlib.analyse.rules.mine": "seasonality ItemSets RuleBook frequent_itemsets "
    "mine_itemsets mine_rules prune_redundant",
    "crmlib.analyse.offers.interests": "Preferences preferences",
    "crmlib.analyse.segments.groups": "GroupComparison compare_groups",
    "crmlib.analyse.segments.moves": "SegmentMoves follow_segments segment_moves",
    "crmlib.analyse.segments.segment": "Segmentation segment_customers",
    "crmlib.analyse.service.ahead": "CasesAhead cases_ahead",
    "crmlib.analyse.service.cases": "ServiceCases service",
    "crmlib.analyse.service.load": "ServiceLoad service_load",
    "crmlib.analyse.service.sales": "CaseSales case_sales",
    "crmlib.analyse.value.pareto": "ParetoCurve pareto",
    "crmlib.analyse.value.scorecard": "Scorecard value_scorecard",
    "crmlib.analyse.value.valuations": "customer_valuations",
    "crmlib.analyse.voice.browsing": "Browsing browsing",
    "crmlib.analyse.voice.concerns": "Concerns concerns",
    "crmlib.analyse.voice.satisfaction": "Satisfaction satisfaction",
    "crmlib.analyse.voice.sentiment": "Sentiment attitude",
    "crmlib.analyse.voice.themes": "speaks_of",
    "crmlib.analyse.worklist": "Worklist worklist",
    "crmlib.measure.deals.stays": "deals stage_stays",
    "crmlib.measure.indicators": "Indicator compute_indicators indicator_catalogue",
    "crmlib.measure.purchases.history": "purchase_history rfm_table",
    "crmlib.prepare.check.findings": "CheckReport",
    "crmlib.prepare.crm": "Crm check_tables",
    "crmlib.prepare.draft.draft": "draft Draft",
    "crmlib.prepare.identity.resolve": "resolve_identities IdentityMap",
    "crmlib.prepare.identity.settings": "IdentitySettings",
    "crmlib.prepare.workspace": "open_workspace",
    "crmlib.present.reports.rules.draw": "plot_lift_by_support plot_rule_graph",
}
_HOME = {name: module for module, names in _SHELF.items() for name in names.split()}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'crmlib' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *__all__])
