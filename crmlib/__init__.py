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
    "crmlib.analyse.customer_types": ("CUSTOMER_TYPES", "customer_types"),
    "crmlib.analyse.health": ("DataHealth", "data_health"),
    "crmlib.analyse.lifetime": ("lifetime_value",),
    "crmlib.analyse.lifetime_bgnbd": ("BetaGeoModel", "ModifiedBetaGeoModel"),
    "crmlib.analyse.lifetime_pareto": ("ParetoNBDModel",),
    "crmlib.analyse.lifetime_spend": ("GammaGammaModel",),
    "crmlib.analyse.profile": ("CustomerProfile", "customer_profile"),
    "crmlib.analyse.cross_sell": ("CrossSell", "cross_sell"),
    "crmlib.analyse.segments": ("Segmentation", "segment_customers"),
    "crmlib.analyse.rules": ("RuleBook", "frequent_itemsets", "mine_rules", "prune_redundant"),
}
_HOME = {name: module for module, names in _SHELF.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'crmlib' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *__all__])
