"""The indicators that crmlib brings, one line of SQL each, by aspect."""

from crmlib.measure.indicators.built_in_characteristics import CHARACTERISTICS
from crmlib.measure.indicators.built_in_contact import CONTACT
from crmlib.measure.indicators.built_in_finance import FINANCE
from crmlib.measure.indicators.built_in_transactions import TRANSACTIONS
from crmlib.measure.indicators.indicator import Indicator

INDICATORS: tuple[Indicator, ...] = (*CHARACTERISTICS, *TRANSACTIONS, *FINANCE, *CONTACT)
"""The built-in indicators, in the order of the columns they become."""
