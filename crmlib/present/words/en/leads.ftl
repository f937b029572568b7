# Which deals are won. Filled by crmlib/present/reports/leads/ (say, draw, show).

## What deals are told apart by: TRAIT_WORDS, trait_words, trait_label, SOURCE_WORDS

leads-trait-industry = industry
leads-trait-region = region
leads-trait-country = country
leads-trait-company-size = company size
leads-trait-source = source
leads-trait-category = product category
leads-trait-product = product
leads-trait-campaign = campaign
leads-trait-team = owner’s team
leads-trait-days-in-first-stage = days in the first stage
leads-trait-touches-before-close = contacts before the close
leads-trait-champion = champion

leads-value = { $trait } “{ $value }”
leads-value-contacts = { $value } contacts before the close
leads-value-contact = 1 contact before the close
leads-value-days = { $value } days in the first stage
leads-value-day = 1 day in the first stage
leads-value-champion = a champion among the people who decide
leads-value-no-champion = no champion among the people who decide
leads-value-label = { $value } ({ $trait })

leads-by-source = source
leads-by-campaign-id = campaign
leads-by-owner-id = owner
leads-by-product-id = product
leads-by-category = product category
leads-by-industry = industry
leads-by-region = region
leads-by-country = country
leads-by-company-size = company size
leads-by-several-source = sources
leads-by-several-campaign-id = campaigns
leads-by-several-owner-id = owners
leads-by-several-product-id = products
leads-by-several-category = product categories
leads-by-several-industry = industries
leads-by-several-region = regions
leads-by-several-country = countries
leads-by-several-company-size = company sizes
leads-group = “{ $value }”
leads-group-none = deals without a known { $by }

## Leads without a deal: newcomers_answer, NEWCOMER_WAYS

leads-newcomers-none = Every lead has begun a deal or ordered.
leads-newcomers =
    Of { $leads } { PLURAL($leads, one: "lead", other: "leads") } without a deal about { $begin } are expected to order or begin a deal
    within { $days }.
leads-newcomers-way-newest-first =
    In tests on later days nothing ranked them better than the plainest rule, the newest leads first: { $top } times as many of the
    top tenth began as of all. The worklist has them in that order; make the first contact while they are new.
leads-newcomers-way-logistic-regression =
    In tests on later days this order was better than the newest leads first: { $top } times as many of the top tenth began as of
    all. The worklist has them in that order; make the first contact from the top.
leads-newcomers-way-base-rate =
    In tests on later days no order of them was better than chance, so begin with any.
leads-table-newcomers = Leads without a deal, the likeliest to begin first

## What deals are expected to bring: leads_answer, leads_findings

leads-answer-none = No open deal is there to be scored.
leads-answer-expected =
    About { $won } of { $open } open { PLURAL($open, one: "deal", other: "deals") } should be won within { $horizon }{ $amount ->
        [unknown] .
       *[other] , worth { $amount }.
    }
leads-verdict-chance = On later days the scores are not shown to rank deals better than tossing a coin.
leads-verdict-better = Over the whole list the scores ranked deals better on later days than { $better }.
leads-verdict-not-better = Over the whole list the scores ranked deals better than tossing a coin, but are not shown to do so better than { $worse }.
leads-verdict-both = Over the whole list the scores ranked deals better than { $better }, but are not shown to do so better than { $worse }.

leads-finding-rule-beaten =
    In a test on later days { $won } of the { $part } of open deals with the best scores were won; { $plain } of those that the best plain rule, { $rule }, puts first; { $all } of all.
leads-finding-rule-equal =
    For the top of the list a plain rule does as well as the scores: in a test on later days { $plain } of the { $part } of open deals that { $rule } puts first were won, and { $won } of those with the best scores; { $all } of all.
leads-finding-rule-wins =
    For the top of the list a plain rule does better than the scores: in a test on later days { $plain } of the { $part } of open deals that { $rule } puts first were won, but { $won } of those with the best scores; { $all } of all.
leads-finding-chance =
    The scores are not shown to rank open deals better than chance: in a test on later days { $won } of the { $part } with the best scores were won, and { $all } of all.
leads-part-tenth = tenth
leads-part-group = first group

leads-way-logistic-regression = a weighted sum of the figures
leads-way-decision-tree = a decision tree
leads-way-boosted-trees = many small trees
leads-way-neural-net = a small neural net
leads-way-stage-alone = the win rate of the stage alone
leads-way-age-alone = the days since a deal was opened alone
leads-way-base-rate = the same chance for every deal

## How good the scores are: scores_paragraph, leads_limits, plot_lead_test

leads-scores-learnt =
    The scores were learnt from deals that were open on { $learnt } past { PLURAL($learnt, one: "day", other: "days") } from { $first } to { $last }, with what was known then, and tested on { $tested } later { PLURAL($tested, one: "day", other: "days") } whose outcomes none of it had seen.
leads-scores-won-means =
    Won means won within { $horizon } of the moment asked about. A deal that was lost or still open then was not won within that time; it may be won later.
leads-scores-first-group =
    Of the { $part } of open deals with the best scores, { $won } were won in the test (likely { $range }); of all, { $all }.
leads-scores-pairs =
    Given one deal that was won and one that was not, the scores put the right one first in { $share } of cases (likely { $range }); tossing a coin does in { $coin }.
leads-scores-better-more = The scores rank deals better than { $rule }: { $gain } more pairs put right (likely { $range }).
leads-scores-not-more = The scores are not shown to rank deals better than { $rule }: { $gain } more pairs put right (likely { $range }).
leads-scores-not-fewer = The scores are not shown to rank deals better than { $rule }: { $gain } fewer pairs put right (likely { $range }).
leads-scores-honest =
    All in all { $predicted } were predicted to be won and { $won } were; in { $agree } of { $groups } { PLURAL($groups, one: "group", other: "groups") } the two agree, as far as chance allows.
leads-scores-order = Read the chances as an order of deals rather than as exact.
leads-scores-rest-on = They rest most on { $features }.
leads-scores-carried =
    Most of it rests on one figure, { $feature }. Make sure that it is written down before a deal ends, and not because it ended.
leads-scores-do = Work from the top of the list; the reasons beside each deal say what to talk about.

leads-limits-not-turned =
    The chances say which deals are likely to be won, not which can be turned by working on them: that takes a trial.
leads-limits-as-now =
    What the records of customers and deals say is as it is now; where it was changed afterwards, the test looks better than it should. Fields that are filled in as deals close were left out.
leads-limits-no-loss = No loss is recorded: only wins and time passing tell deals apart.
leads-limits-undated = { $deals } open { PLURAL($deals, one: "deal", other: "deals") } without an opening date { PLURAL($deals, one: "is", other: "are") } not scored.
leads-limits-chance = On the later days the scores are not shown to rank deals better than tossing a coin.
leads-limits-stage = The scores are not shown to rank deals better than the win rate of their stage alone.
leads-limits-no-stage = No stage history is kept, so the scores could not be held against the stage of each deal.
leads-limits-refused = Refused because they know the outcome: { $features }.
leads-limits-estimated =
    The value of { $deals } open { PLURAL($deals, one: "deal", other: "deals") } is not recorded; the median of like deals won stands in.
leads-limits-no-similarity = Too few deals were decided to say how like the won an open deal is.

leads-picture-test =
    Of the { $part } with the best scores { $won } were won, of all { $all }
leads-picture-test-unit = won in time, %
leads-picture-test-label = open deals in groups, best scores first; dots: won; diamonds: predicted; dashed: all
leads-picture-test-row = group { $group } { $won } ({ $range }), predicted { $predicted }
leads-picture-test-alt = Dots with ranges over groups of deals, share won: { $rows }.

## The won against all: portrait_answer, portrait_paragraph, plot_portrait

leads-portrait-won =
    { $base ->
        [decided] Of { $deals } decided { PLURAL($deals, one: "deal", other: "deals") }, { $won } { PLURAL($won, one: "was", other: "were") } won ({ $share }).
       *[other] Of { $deals } { PLURAL($deals, one: "deal", other: "deals") }, { $won } { PLURAL($won, one: "was", other: "were") } won ({ $share }).
    }
leads-portrait-more = Won more often than others are deals with { $values }.
leads-finding-champion =
    With a champion among the people who decide, { $won } of deals were won, without one { $without }: look for one in the { $open } open { PLURAL($open, one: "deal", other: "deals") } that { PLURAL($open, one: "has", other: "have") } none.
leads-portrait-nothing = Nothing that is known when a deal is opened sets the won apart by more than chance.
leads-portrait-lift = { $value } ({ $lift } as often as all, likely { $range })
leads-portrait-compared-decided =
    The won are compared with all { $deals } decided { PLURAL($deals, one: "deal", other: "deals") }; { $open } open { PLURAL($open, one: "deal is", other: "deals are") } counted apart. The fewer deals there are of a kind, the closer its figure is drawn to that of all.
leads-portrait-compared-all =
    The won are compared with all { $deals } { PLURAL($deals, one: "deal", other: "deals") }; those still open are among them and count as not won, since no loss is recorded. The fewer deals there are of a kind, the closer its figure is drawn to that of all.
leads-portrait-none-differs = No value among the { $values } looked at differs by more than chance.
leads-portrait-less = Won less often are deals with { $values }.
leads-portrait-together = { CAPITAL($one) } and { $other } nearly always go together, so that only { $kept } is told.
leads-portrait-grows =
    Some traits build up while a deal lasts, so that they go with how long it took: { $traits }. They are no reason why it was won.
leads-portrait-no-cause =
    A trait that goes along with winning need not be why: look for more such deals, but do not expect to turn a deal by changing the trait.

leads-picture-portrait-none = Nothing sets the won apart by more than chance
leads-picture-portrait = Deals with { $value } are won { $lift } as often as all
leads-picture-portrait-label-decided = times as often won as all decided deals
leads-picture-portrait-label-all = times as often won as all deals, open ones among them
leads-picture-portrait-hollow = { $label }; hollow: builds up over time
leads-picture-portrait-lift = { $lift }×
leads-picture-portrait-row = { $value } { $lift } ({ $range })
leads-picture-portrait-alt = Dots with ranges, won against all deals: { $rows }.

## Where most is open: open_paragraph, plot_open_opportunity

leads-open-most =
    Most is open in { $value }: { $deals } { PLURAL($deals, one: "deal", other: "deals") }.
leads-open-most-worth =
    Most is open in { $value }: { $deals } { PLURAL($deals, one: "deal", other: "deals") } worth { $amount }, of which about { $expected } can be expected.
leads-open-unknown = Of the open deals neither industry, region nor product is known, or each has one value only.
leads-open-expected = Expected is the open value times the win rate of that kind of deal.
leads-open-estimated =
    For { $share } of the open deals no value is recorded: the median of like deals that were won stands in.

leads-picture-open-none = No open deal has a known { $trait }
leads-picture-open-expected = Most can be expected from { $trait } { $value }
leads-picture-open-deals = Most deals are open in { $trait } { $value }
leads-picture-open-from = { $value } from { $deals }
leads-picture-open-from-deals = { $value } from { $deals } { PLURAL($deals, one: "deal", other: "deals") }
leads-picture-open-unit = open deals
leads-picture-open-unit-expected = expected, { $currency } { $size }
leads-picture-open-alt = Bars, { $unit } by { $trait }: { $rows }.
leads-picture-left-out = { $alt } { $left } more { PLURAL($left, one: "is", other: "are") } not drawn.

## Where deals come from: sources_answer, sources_paragraph, sources_limits, plot_source_rates

leads-base-decided = decided deals
leads-base-leads = deals, open ones among them
leads-sources-won = { $won } of { $deals } { $base } were won ({ $share }, likely { $range }).
leads-sources-more-often = Won more often than the rest: { $groups }.
leads-sources-less-often = Won less often than the rest: { $groups }.
leads-sources-no-difference = No { $by } is shown to differ from the rest.
leads-sources-rate = { $group } ({ $share }, likely { $range })
leads-sources-base-leads = The win rate is of all leads: one that is still open counts as not won yet.
leads-sources-base-decided = The win rate is of the deals decided; none is open.
leads-sources-base-open =
    The win rate is of the deals decided; the { $open } open { PLURAL($open, one: "deal is", other: "deals are") } counted apart.
leads-mix-turns =
    The picture turns for { $group } once all are compared at the same mix of { $mix }: { $crude } against the rest as it is, { $same } at one mix (likely { $range }).
leads-mix-more = By itself { $group } is not shown to differ; at the same mix of { $mix } it is won more often ({ $same }, likely { $range }).
leads-mix-less = By itself { $group } is not shown to differ; at the same mix of { $mix } it is won less often ({ $same }, likely { $range }).
leads-mix-none = No difference turns when all are compared at the same mix of { $mixes }, one at a time.
leads-sources-time = Half of the deals won took at most { $fast } from { $first }, and { $slow } from { $last }.
leads-sources-cost =
    For each { $one } that campaigns cost, deals were won worth { $groups }. That is value won, not margin.
leads-sources-return = { $amount } from { $group }
leads-sources-one = All deals have the same { $by }, so there is nothing to compare it with.
leads-sources-few = Too few deals to judge: { $groups }. Of the differences named, about { $sure } at most may be due to chance.

leads-limits-easier =
    Where more deals are won they may simply be the easier ones; the comparison at one mix allows for { $mixes } only, one at a time.
leads-limits-no-mix =
    Where more deals are won they may simply be the easier ones; nothing is known by which { $several } could be compared at one mix.
leads-limits-no-cost = What { $several } cost is not known.
leads-limits-some-cost =
    Costs are those of campaigns that brought deals; other costs are not known, so that what looks free need not be.
leads-limits-negative =
    { $deals } { PLURAL($deals, one: "deal is", other: "deals are") } said to have closed before being opened, and left out of the days to win.

leads-verdict-word-more-often = more often
leads-verdict-word-less-often = less often
leads-verdict-word-no-difference = no difference shown
leads-verdict-word-too-few = too few to judge

leads-picture-sources-none = No deal has been decided yet
leads-picture-sources-more = Deals from { $group } are won more often than the rest
leads-picture-sources-less = Deals from { $group } are won less often than the rest
leads-picture-sources-more-none = Deals without a known { $by } are won more often than the rest
leads-picture-sources-less-none = Deals without a known { $by } are won less often than the rest
leads-picture-sources-no-difference = No { $by } is shown to be won more or less often than the rest
leads-picture-sources-of = { $share } of { $deals }
leads-picture-sources-label = won of { $base }, %; dashed: all
leads-picture-sources-label-hollow = won of { $base }, %; dashed: all; hollow: too few to judge
leads-picture-sources-row = { $group } { $share } ({ $range })
leads-picture-sources-alt = Dots with ranges, share won by { $by }: { $rows }.

## Why deals were lost: reasons_paragraph

leads-reasons-none = For too few lost deals a reason was written down to say anything.
leads-reasons-first =
    The reason given most often for a lost deal is “{ $reason }”: { $deals } of { $known } { PLURAL($known, one: "deal", other: "deals") } with a reason ({ $share }).
leads-reasons-rising = “{ $reason }” is rising: { $recent } of the last { $time }, { $earlier } before.
leads-reasons-falling = “{ $reason }” is falling: { $recent } of the last { $time }, { $earlier } before.
leads-reasons-known = A reason is known for { $share } of the lost deals.
leads-reason-other = other

## Tables, and what speaks for and against a deal

leads-table-open = Open deals, the best chances to be won within { $horizon } first
leads-table-portrait = What the won have in common, against all { $base }
leads-table-opportunity = Open deals by industry, region, product and product category
leads-table-sources = Deals by { $by }: the win rate is of { $base }
leads-table-ways = Ways to predict a win, tested on later days (ranges: 95 %)
leads-table-refused = Fields that were refused because they know the outcome
leads-table-reasons = Reasons given for lost deals
leads-refused-none = No field was refused: none tells how a deal ends by itself.
leads-refused-written-when-lost = Is written when a deal is lost.
leads-refused-stage-at-end = Is the stage at the end; where the deal stood before is not recorded.
leads-refused-filled-at-close =
    Is filled in as a deal closes: known of { $decided } of the decided deals and of { $open } of the open ones.
leads-refused-emptied-at-close =
    Is emptied as a deal closes: known of { $decided } of the decided deals and of { $open } of the open ones.
leads-refused-tells-outcome = Tells by itself, nearly without fail, how a deal ends.

leads-speaks-value = { $feature } { $value }
leads-speaks-number = { $feature } { $value } (usual: { $typical })
leads-speaks-nothing = nothing stands out

leads-feature-amount = value of the deal
leads-feature-age-days = days since it was opened
leads-feature-stage-age-days = days in its stage
leads-feature-touch-count = contacts so far
leads-feature-touch-in-count = contacts from the customer
leads-feature-touch-out-count = contacts from us
leads-feature-last-touch-days = days since the last contact
leads-feature-planned-count = contacts planned
leads-feature-minutes-spent = minutes spent
leads-feature-cost-spent = spent on contacts
leads-feature-employee-count = employees of the customer
leads-feature-days-to-expected-close = days to the expected close
leads-feature-customer-won-count = deals won with this customer
leads-feature-customer-lost-count = deals lost with this customer
leads-feature-stage = stage
leads-feature-industry = industry
leads-feature-company-size = company size
leads-feature-country = country
leads-feature-region = region
leads-feature-source = source
leads-feature-category = product category
leads-feature-product-id = product
leads-feature-campaign-id = campaign
leads-feature-team = owner’s team
leads-feature-people-count = people named in the decision
leads-feature-champion-count = champions in the decision
leads-feature-decider-count = deciders in the decision
leads-feature-blocker-count = blockers in the decision
leads-feature-stance-mean = mean stance of the people who decide (−1 to 1)
leads-feature-owner-won-pct = owner’s earlier deals won in time
leads-feature-campaign-won-pct = earlier deals of the campaign won in time
leads-feature-product-won-pct = earlier deals of the product won in time
leads-feature-industry-won-pct = earlier deals of the industry won in time
leads-feature-lost-reason = reason lost
