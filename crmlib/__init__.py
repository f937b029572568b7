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
    "crmlib.prepare.checks": ("CheckReport",),
    "crmlib.prepare.crm": ("Crm", "check_tables"),
    "crmlib.prepare.workspace": ("open_workspace",),
    "crmlib.measure.purchase_history": ("purchase_history",),
    "crmlib.measure.rfm": ("rfm_table",),
    "crmlib.measure.indicators": ("Indicator", "compute_indicators", "indicator_catalogue"),
    "crmlib.analyse.action_lists": ("ActionLists", "action_lists"),
    "crmlib.analyse.campaigns.effect": ("campaign_effect",),
    "crmlib.analyse.campaigns.result": ("CampaignEffect", "CampaignSummary"),
    "crmlib.analyse.campaigns.summary": ("campaign_summary",),
    "crmlib.analyse.churn": ("fit_churn", "fit_purchase"),
    "crmlib.analyse.churn_given": ("fit_given_label",),
    "crmlib.analyse.churn_result": ("ChurnModel",),
    "crmlib.analyse.cross_sell": ("CrossSell", "cross_sell"),
    "crmlib.analyse.customer_types": ("CUSTOMER_TYPES", "customer_types"),
    "crmlib.analyse.forecast.pipeline": ("forecast_pipeline",),
    "crmlib.analyse.forecast.plan": ("plan_vs_actual",),
    "crmlib.analyse.forecast.plan_result": ("PlanVsActual",),
    "crmlib.analyse.forecast.result": ("Forecast",),
    "crmlib.analyse.forecast.sales": ("forecast_sales",),
    "crmlib.analyse.future": ("FutureContribution", "future_contribution"),
    "crmlib.analyse.health": ("DataHealth", "data_health"),
    "crmlib.analyse.holdout": ("HoldoutCheck", "holdout_check"),
    "crmlib.analyse.lifecycle": (
        "LIFECYCLE_STAGES",
        "LifecycleStage",
        "lifecycle_stages",
        "lifecycle_summary",
    ),
    "crmlib.analyse.lifecycle_moves": ("LifecycleMoves", "lifecycle_between", "lifecycle_moves"),
    "crmlib.analyse.lifetime": ("lifetime_value",),
    "crmlib.analyse.lifetime_bgnbd": ("BetaGeoModel", "ModifiedBetaGeoModel"),
    "crmlib.analyse.lifetime_choice": ("PurchaseFit", "fit_purchases"),
    "crmlib.analyse.lifetime_pareto": ("ParetoNBDModel",),
    "crmlib.analyse.lifetime_sbg": ("ShiftedBetaGeoModel",),
    "crmlib.analyse.lifetime_spend": ("GammaGammaModel",),
    "crmlib.analyse.offers.proof": ("evaluate_offers",),
    "crmlib.analyse.offers.proof_result": ("OffersProof",),
    "crmlib.analyse.offers.recommend": ("recommend_offers", "recommend_several"),
    "crmlib.analyse.offers.result": ("NEW_KINDS", "Offers"),
    "crmlib.analyse.outreach.plan": ("plan_outreach",),
    "crmlib.analyse.outreach.result": ("OutreachPlan",),
    "crmlib.analyse.pareto": ("ParetoCurve", "pareto"),
    "crmlib.analyse.pipeline.concerns": ("Concerns", "concerns"),
    "crmlib.analyse.pipeline.durations": ("stage_durations",),
    "crmlib.analyse.pipeline.durations_result": ("StageDurations",),
    "crmlib.analyse.pipeline.handover": ("TeamWork", "team_work"),
    "crmlib.analyse.pipeline.lead_result": ("LeadScores",),
    "crmlib.analyse.pipeline.lead_scores": ("score_leads",),
    "crmlib.analyse.pipeline.overdue": ("Overdue", "overdue_opportunities"),
    "crmlib.analyse.pipeline.portrait": ("Portrait", "won_portrait"),
    "crmlib.analyse.pipeline.process": ("ProcessFlow", "deal_process", "process_flow"),
    "crmlib.analyse.pipeline.sources": ("ChannelConversion", "channel_conversion"),
    "crmlib.analyse.profile": ("CustomerProfile", "customer_profile"),
    "crmlib.analyse.regularity": ("Regularity", "regularity"),
    "crmlib.analyse.retention": ("Retention", "retention_curves"),
    "crmlib.analyse.retention_survival": ("SurvivalCurves", "survival_curves"),
    "crmlib.analyse.rule_seasons": ("seasonality",),
    "crmlib.analyse.rules": (
        *("ItemSets", "RuleBook", "frequent_itemsets", "mine_itemsets", "mine_rules", "prune_redundant"),
    ),
    "crmlib.analyse.scorecard": ("Scorecard", "value_scorecard"),
    "crmlib.analyse.segments": ("Segmentation", "segment_customers"),
    "crmlib.analyse.valuations": ("customer_valuations",),
    "crmlib.measure.deals": ("deals",),
    "crmlib.measure.stage_stays": ("stage_stays",),
    "crmlib.present.plots_rules_graph": ("plot_lift_by_support", "plot_rule_graph"),
}
_HOME = {name: module for module, names in _SHELF.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'crmlib' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *__all__])
