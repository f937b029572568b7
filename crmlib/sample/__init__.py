"""The sample company: raw exports of an invented business, drawn from truths that are known.

It trades equipment, supplies and services from Singapore and sells to companies in China, Japan, Germany, the
United Kingdom and France. Three years of history end on 2025-12-31. `crmlib.sample.dirt.write_company` writes
``exports/`` (what a real company would hand over, dirt and all) and ``truth/`` (what is true of it). No report
reads the truth; tests and curious readers do.

How it comes about, and so what can be found again (the figures stand in `crmlib.sample.truths`):

deals
    Of each deal the chance to be won is ``odds / (1 + odds)``; its odds are the product of a base and a factor
    for source, industry, size of the company, a champion among the contacts, engagement of the customer and
    amount. Country, region, owner and product do nothing. A deal stays in a stage for a whole number of days,
    drawn from a chance to leave that depends on the stage, the days spent there and the source; where it goes
    then (forward, back, lost) depends on the stage and its chance to be won, so that it is won with exactly
    that chance. Customers with more engagement get in touch more often. Trade fairs bring industries that buy
    easily and partners one that does not: the plain win rates of these sources mislead.
concerns
    A deal has one concern or none; how likely each is depends on the end that the deal takes. Notes speak of
    it, in the language of the country.
open deals
    Three in five have a contact planned after the closing day, hardly any of those whose seller has left.
demand
    Orders of a month are Poisson with the mean of trend (twelve percent a year), season (December is highest)
    and length of the month. Who orders is drawn by the weight of those who are still customers; a customer
    leaves for good with the monthly chance of its segment.
baskets
    Supplies that are due again by their life, free choices by popularity, and what the planted rules put in.
    Retired products give way to their successors.
campaigns
    Two of them left three in ten of their customers alone, by lot. One gave those who were asked one more order
    with the chance of their segment; the other did nothing.
price, volume, mix
    Prices rise by the year; filters rise once more in April 2025 and fewer are bought; of cleaning goods the
    best are chosen more readily from 2025.
plans
    Each target is a known factor times what came of it. Three were never set, some too late.
duplicates
    One customer in twenty-five stands in both systems under two numbers, written differently; the deals of
    these are divided between the two.
dirt
    Comes as rows of its own, or as a spoilt value that no truth rests on; ``truth/dirt.csv`` counts it by the
    check that finds it.

Won deals are billed elsewhere: they are no order lines.
"""
