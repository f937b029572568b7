# Offers. Filled by crmlib/present/reports/offers/say.py (sentences and reasons), show.py (figures, tables), draw.py (pictures).

## The answer: offers_answer

offers-answer-ahead = These offers beat the strongest plain list, { $list }, by { $gap } ({ $ours } of customers bought within { $days }, against { $theirs }){ $money }.
offers-answer-behind = { CAPITAL($list) } did better than these offers by { $gap } ({ $theirs } of customers bought within { $days }, against { $ours }){ $money }.
offers-answer-uncertain = These offers tie with { $list }: { $ours } of customers bought from them within { $days }, { $theirs } from that list{ $money }.
offers-answer-alone = { $ours } of customers bought something from these offers within { $days }.
offers-answer-untested = Whether the offers hold could not be tested. { $reason }
offers-money-more = { " " }and { $gap } more each
offers-money-less = , but brought { $gap } less a customer
offers-money-they-more = ; the offers brought { $gap } more a customer
offers-money-they-less = ; the offers brought { $gap } less a customer
offers-money-alike = ; in money, too
offers-money-none = { "" }
offers-answer-start-list = First, offer “{ $product }” to { $customers } { PLURAL($customers, one: "customer", other: "customers") }.
offers-answer-start-own-repeats = First, offer each customer what they already buy most often.
offers-answer-start-popularity = First, offer everybody the best sellers.
offers-answer-start-item-kNN = First, offer what buyers of the same things bought.
offers-answer-start-trial = First, try the offers on some customers and leave others alone.
offers-none-made = No offers could be made. { $reason }
offers-none = There is nothing to offer to anybody.

# What the offers are held against, inside a sentence
offers-list-offers = the offers
offers-list-popularity = the best sellers
offers-list-own-repeats = what each customer bought most often
offers-list-item-kNN = what buyers of the same things bought

# The same as names of rows
offers-side-offers = These offers
offers-side-popularity = Best sellers, the same for all
offers-side-own-repeats = What the customer bought most often
offers-side-item-kNN = What buyers of the same things bought
offers-side-popularity-new = Best sellers the customer had not bought

## Findings, repeated on the index: offers_findings

offers-finding-new-ahead = With products new to the customer, the offers beat { $list }: { $ours } of customers bought one, against { $theirs }.
offers-finding-new-behind = With products new to the customer, { $list } did better than the offers: { $theirs } of customers bought one, against { $ours }.
offers-finding-new-uncertain = With products new to the customer, the offers tie with { $list }: { $ours } of customers bought one, against { $theirs }.

## Key figures: offers_figures

offers-figure-hit = Bought something offered
offers-figure-hit-note = of customers; { $k } { PLURAL($k, one: "product", other: "products") } each, { $days }, in the test
offers-figure-ahead = Ahead of the strongest plain list
offers-figure-ahead-note = percentage points; that list: { $list }
offers-figure-money = Ahead of it in money
offers-figure-money-note = a customer, in { $days }
offers-figure-unit-points = points
offers-figure-customers = Customers with offers
offers-figure-customers-note = of { $customers }; { $offers } { PLURAL($offers, one: "offer", other: "offers") }

## Whether they work: proof_paragraph, plot_proof

offers-proof-others = Of the other lists, { $lists }.
offers-proof-other = { $list } reached { $share }
offers-proof-money = What was bought from the offers made up { $ours } of all that was spent in the test; from { $list }, { $theirs }.
offers-proof-missing = There is no proof here. { $reason }

offers-picture-proof = { $ours } of customers bought something from the offers, { $theirs } from { $list }
offers-picture-proof-new = { $ours } bought something new from the offers, { $theirs } from { $list }
offers-picture-proof-none = Offers of new products were not asked for
offers-picture-proof-axis = bought at least one of { $k } within { $days }, % of customers who had bought before
offers-picture-proof-alt = Dots with ranges, customers who bought at least one of the products on each list: { $lists }.
offers-picture-proof-alt-one = { $list } { $share } ({ $range })

## Products that are new to the customer: new_paragraph

offers-new-why = Something new is harder to foresee than the next repeat, and it is where sales grow.
offers-new-use-ahead = Use this list for a campaign that is meant to widen what customers buy.
offers-new-use-leading = Use this list for a campaign that is meant to widen what customers buy: it was { $gap } ahead of { $list }, though that lead may be chance.
offers-new-use-behind = For a campaign that is meant to widen what customers buy, take { $list } first; this list adds what each customer is likely to want next.

## What is offered to whom: offers_paragraph, offers_table, plot_offers_by_kind

offers-made-all = { $people ->
        [1] The one customer gets { $made } { PLURAL($made, one: "offer", other: "offers") }: { $kinds }.
       *[other] All { $people } { PLURAL($people, one: "customer", other: "customers") } get { $made } { PLURAL($made, one: "offer", other: "offers") }: { $kinds }.
    }
offers-made-some = { $people } of { $customers } { PLURAL($customers, one: "customer", other: "customers") } { PLURAL($people, one: "gets", other: "get") } { $made } { PLURAL($made, one: "offer", other: "offers") }: { $kinds }.
offers-order-expected-margin = Each customer’s offers stand in the order of expected margin: the chance of buying within { $days }, times what we earn on a piece.
offers-order-probability = Each customer’s offers stand in the order of the chance of buying within { $days }.
offers-order-only = This is a ranking only: how high the chances are did not agree with later dates, so no chance is shown.
offers-cold = { $cold } { PLURAL($cold, one: "customer has", other: "customers have") } not bought anything yet and { PLURAL($cold, one: "gets", other: "get") } best sellers.

offer-count-repeat-sell = { $n } { PLURAL($n, one: "repeat", other: "repeats") }
offer-count-cross-sell = { $n } { PLURAL($n, one: "cross-sell", other: "cross-sells") }
offer-count-up-sell = { $n } { PLURAL($n, one: "up-sell", other: "up-sells") }
offer-count-best-seller = { $n } { PLURAL($n, one: "best seller", other: "best sellers") }
offer-plural-repeat-sell = repeats
offer-plural-cross-sell = cross-sells
offer-plural-up-sell = up-sells
offer-plural-best-seller = best sellers
offer-kind-repeat-sell = Repeat: due again
offer-kind-cross-sell = Cross-sell: goes with what was bought
offer-kind-up-sell = Up-sell: the next step in a category
offer-kind-best-seller = Best seller: nothing else is known

offers-picture-kinds = { $made } { PLURAL($made, one: "offer", other: "offers") }, first of all { $kind }
offers-picture-kinds-one = Every offer is of one kind: { $kind }
offers-picture-kinds-bar = { $n }, for { $people } { PLURAL($people, one: "customer", other: "customers") }
offers-picture-kinds-unit = offers
offers-picture-kinds-none = There is nothing to offer
offers-picture-kinds-alt = Bar chart of the number of offers of each kind: { $bars }.

offers-table-all = Every offer; customers with the best first offer stand first
offers-table-kind = A list of { $kind } only; customers with the best first offer stand first
offers-table-new = Offers new to the customer; customers with the best first offer stand first
offers-table-chance = Of buying it within { $days }.

## Why something is offered: offer_reasons. Counts come with their nouns, so that nothing agrees with them here.

offers-reason-bought = { $bought }, the last on { $last }.
offers-reason-bought-due = { $bought }, the last on { $last }: due on { $due }.
offers-reason-bought-overdue = { $bought }, the last on { $last }: it was due on { $due }.
offers-reason-together = Bought { $because }: of { $orders } with it, { $baskets } have this too, { $lift } the share among all orders.
offers-reason-alike = Customers who buy much the same bought it: { $buyers } did in the last { $within }.
offers-reason-next-tier = Buys { $because }: this is the next tier of the same category.
offers-reason-step-up = Buys { $because } at about { $paid }: this is a step up at about { $price }.
offers-reason-step-up-paid = Buys { $because } at about { $paid } and has paid up to { $most } for a piece of this category: this is a step up at about { $price }.
offers-reason-best-seller = It sells best: { $buyers } bought it in the last { $within }.
offers-reason-no-purchase = No purchase is known yet: of { $members } in the last { $within }, { $taken } bought it.
offers-reason-no-purchase-group = No purchase is known yet: of { $members } in the last { $within } with the same { $trait } ({ $group }), { $taken } bought it.
offers-reason-no-purchase-trait = No purchase is known yet: of { $members } in the last { $within } with the same { $trait }, { $taken } bought it.
offers-replaces = { $product } replaces { $old }, which is no longer offered.
offers-bought-once = Bought once
offers-bought-daily = Bought on { $n }, day after day
offers-bought-often = Bought on { $n }, { $gap } apart on average
offers-n-orders = { $n } { PLURAL($n, one: "order", other: "orders") }
offers-n-customers = { $n } { PLURAL($n, one: "customer", other: "customers") }
offers-n-buyers = { $n } { PLURAL($n, one: "buyer", other: "buyers") }

## What was left out: removed_paragraph, removed_table

offers-removed-none = No possible offer had to be left out.
offers-removed-one = One rule took out { $offers } { PLURAL($offers, one: "possible offer", other: "possible offers") }: { $rule }.
offers-removed-several = { $rules } rules took out { $offers } possible offers, the most because { $rule } ({ $most }).
offers-removed-no-rule = No rule of eligibility applies here, so nothing was left out.
offers-table-removed = Possible offers that were left out, and why
offers-rule = { CAPITAL($rule) }.
rule-consent = the customer has refused every channel by which we could ask
rule-no-goods = it is no article, or is never to be offered
rule-retired = it is no longer sold, and nothing replaces it
rule-not-launched = it is not on sale yet
rule-just-bought = it was bought within the last { $bound ->
        [unknown] days
       *[other] { $bound }
    } and is not due again soon
rule-margin = its margin is below { $bound } of the price

## How it was computed: how_paragraph, decile_paragraph, kinds_paragraph, signals_paragraph, proof_table, kinds_table, plot_acceptance

offers-how-dates = Offers were made as of { $dates }, from what was known then, and compared with what customers bought in the { $days } after.
offers-how-judged = Everybody who had bought before is judged: { $customers } on a date, of whom { $buyers } bought anything in the test. Among those who did, { $ours } bought at least one of their offers and { $theirs } one of the best sellers.
offers-how-fewer = Only { $used } of { $asked } { PLURAL($asked, one: "date", other: "dates") } { PLURAL($used, one: "has", other: "have") } enough orders and customers before them.
offers-how-gap-ahead = Against { $list } the offers are ahead by { $gap } (likely { $range }).
offers-how-gap-behind = Against { $list } the offers are behind by { $gap } (likely { $range }).
offers-how-gap-uncertain = Against { $list } the difference is { $gap }, which may be chance (likely { $range }).
offers-how-learnt = The chances were learnt from what { $customers } customers bought in the { $days } after { $dates }: for products bought before by { $own }, for new ones by { $new }.
offers-how-unlearnt = The orders are too few, or reach back too short a time, to learn from: the chances are { $way }, and have not been tested.
offers-how-signals-own = For products bought before, these tell most: { $signals }.
offers-how-signals-new = For new products, these tell most: { $signals }.
offers-way-own-most = how often the customer bought them
offers-way-own-lately = how often and how lately the customer, and customers alike, bought them
offers-way-best-sellers = best sellers among what the customer has not bought
offers-way-first-buyers = what most customers bought for the first time this season
offers-way-customers-alike = what customers who buy much the same bought
offers-way-products-alike = what goes with the customer’s other products
offers-way-all-signals = all signals, weighed
offers-way-shrunk-shares = plain shares, drawn towards the usual

offers-deciles-none = The offers carry no chance, so it cannot be compared with what happened.
offers-deciles-ends = Of the offers with the highest chance { $last } were bought, of those with the lowest { $first }.
offers-deciles-whole = All in all { $expected } were expected to be bought and { $bought } were; in { $agree } of { $groups } { PLURAL($groups, one: "group", other: "groups") } of like chance the two agree, as far as chance allows.
offers-deciles-order = Read the chances as an order of offers rather than as exact.
offers-kinds-bought = Bought in the test: { $kinds }.
offers-kinds-bought-new = Bought where only products new to the customer were picked: { $kinds }.
offers-kinds-one = { $kind } { $share } of { $offers } { PLURAL($offers, one: "offer", other: "offers") } ({ $range })

offers-table-proof = { $k } { PLURAL($k, one: "product", other: "products") } named to each customer, and what was bought within { $days }
offers-table-kinds = Offers of the test by kind, with likely ranges
offers-question-all-offers = all offers
offers-question-new-offers = offers new to the customer
offers-judged-everybody = all who had bought before
offers-judged-buyers = those who bought in the test

offers-picture-acceptance = Of the likeliest offers { $last } were bought, of the least likely { $first }
offers-picture-acceptance-one = { $last } of the offers were bought
offers-picture-acceptance-none = The offers carry no chance
offers-picture-acceptance-alt = Bars of the share of offers bought in groups of like chance, with ranges: { $groups }. In { $agree } of { $all } { PLURAL($all, one: "group", other: "groups") } what was expected lies in the range.
offers-picture-acceptance-alt-one = group { $place }: { $bought } bought ({ $range }), { $expected } expected
offers-picture-acceptance-y = offers bought, %
offers-picture-acceptance-x = offers in groups of like chance, the likeliest at the right
offers-picture-key-bought = bought, with its range
offers-picture-key-expected = expected
offers-picture-key-off = expected, off by more than chance

## Limits: offers_limits

offers-limits-foresight = The test looks at what customers bought whether or not it had been offered to them. What offering adds takes a trial in which some customers are left alone.
offers-limits-untested = The offers are untested, for the reason above.
offers-limits-rules = In the test the offers obey the rules of eligibility, all but consent; the lists beside them obey none.
offers-limits-one-year = The dates of the test lie within one year: trust the order of offers more than the shares, which another year may change.
offers-limits-behind = The offers are not shown to do better than { $lists }.
offers-limits-poorer = By the money spent on the products named they fall behind { $lists }.
offers-limits-poorer-new = By the money spent on products new to the customer they fall behind { $lists }.
offers-limits-chances = The chances stand in the right order more than they are exact.
offers-limit-no-category = No step up can be offered: products have no category.
offers-limit-steps-by-list-price = Products have no tiers: a step up is one of list price within the category.
offers-limit-steps-by-price-paid = Products have no tiers: a step up is one of the price paid for a piece within the category.
offers-limit-no-costs = No costs are known, so offers are ranked by chance and margins are empty.
offers-limit-few-costs = Costs are known for too few of the products sold, so offers are ranked by chance.
offers-limit-margin-unknown = The least margin could not be asked of { $n } { PLURAL($n, one: "product", other: "products") } whose margin is not known.
offers-limit-consent-not-asked = Consent was not asked about: check it before anybody is addressed.
offers-limit-consent-not-recorded = Customers’ consent is not recorded here: check it before anybody is addressed.
offers-limit-consent-unknown = For { $n } { PLURAL($n, one: "customer", other: "customers") } no consent or refusal is on record; they get offers.
offers-limit-no-probability = How many customers without a purchase start to buy is not known, so their offers have no chance.
offers-limit-large-orders = What goes together was counted in orders of known customers with up to { $n } different products.

## What a look, or a stated interest, tells: INTEREST_WORDS

offers-interest-looked-tells =
    Of categories that a customer had not bought for a year, { $bought } were bought within { $days } where the customer had
    looked at them lately, and { $others } of the same customers’ other categories: a look is worth a word in the next talk.
offers-interest-looked-silent =
    Of categories that a customer had not bought for a year, { $bought } were bought within { $days } where the customer had
    looked at them lately, and { $others } of the same customers’ other categories: that may be chance, so a look alone is no
    reason for an offer.
offers-interest-stated-tells =
    Of categories stated as an interest and not bought for a year, { $bought } were bought within { $days }, and { $others } of
    the same customers’ other categories: a stated interest is worth a word.
offers-interest-stated-silent =
    Of categories stated as an interest and not bought for a year, { $bought } were bought within { $days }, and { $others } of
    the same customers’ other categories: what is stated is shown on a customer’s page and changes no offer.

## What speaks for an offer: signals_paragraph

signal-own-most = days on which the customer bought it
signal-own-lately = how often and how lately the customer, and customers alike, bought it
signal-since = days since the customer bought it
signal-tenure = days since the customer first bought it
signal-due-ratio = time since the last purchase against the usual time between two
signal-bought-again = share of its buyers who came back for it
signal-alike = how much customers alike buy it
signal-viewed = how lately the customer looked at it
signal-best-sellers = customers who bought it lately
signal-buyers-recent = customers who bought it lately
signal-first-buyers = customers who bought it for the first time this season
signal-buyers-season = customers who bought it this season
signal-buyers = customers who ever bought it
signal-customers-alike = what customers who buy much the same bought
signal-products-alike = what goes with the customer’s other products
signal-liking = the customer’s liking for its category
signal-visits = days on which the customer bought anything
signal-visits-lately = how often the customer came lately
signal-recency = days since the customer’s last visit
