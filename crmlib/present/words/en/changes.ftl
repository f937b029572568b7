# What changed, and why. Filled by crmlib/present/reports/changes (say, show); the figures: crmlib/analyse/changes.py.

## What is compared: PERIODS

changes-period-quarter = the quarter before
changes-period-month = the month before
changes-period-days = as many days before

changes-what-net-amount = Net sales
changes-what-won-amount = The value of deals won

## What made a difference: CAUSE_WORDS

changes-cause-price-up = higher prices
changes-cause-price-down = lower prices
changes-cause-volume-up = more pieces sold
changes-cause-volume-down = fewer pieces sold
changes-cause-mix-up = dearer products among those sold
changes-cause-mix-down = cheaper products among those sold
changes-cause-new-products-up = new products
changes-cause-new-products-down = returns of new products
changes-cause-returned-products-up = products that sell again
changes-cause-returned-products-down = returns of products sold long ago
changes-cause-absent-products-up = returns that came to an end
changes-cause-absent-products-down = products no longer sold
changes-cause-unpriced-up = sales without a quantity
changes-cause-unpriced-down = sales without a quantity
changes-cause-first-orders-up = first orders of new customers
changes-cause-first-orders-down = returns of new customers
changes-cause-came-again-up = customers who ordered again after a pause
changes-cause-came-again-down = returns of customers who paused
changes-cause-stayed-away-up = returns that came to an end
changes-cause-stayed-away-down = customers who did not order again
changes-cause-more-orders-up = more orders from those who ordered in both
changes-cause-more-orders-down = fewer orders from those who ordered in both
changes-cause-larger-orders-up = larger orders from those who ordered in both
changes-cause-larger-orders-down = smaller orders from those who ordered in both
changes-cause-refunds-up = less money given back
changes-cause-refunds-down = more money given back
changes-cause-unknown-up = sales without a customer
changes-cause-unknown-down = sales without a customer

## The answer: changes_answer

changes-answer-none = Nothing was sold in either period, so there is nothing to compare.
changes-answer-up = { $what } from { $first } to { $last } came to { $now }, { $share } more than in { $period }{ $ago ->
        [unknown] { "" }
       *[other] { " " }(a year earlier: { $ago })
    }.
changes-answer-down = { $what } from { $first } to { $last } came to { $now }, { $share } less than in { $period }{ $ago ->
        [unknown] { "" }
       *[other] { " " }(a year earlier: { $ago })
    }.
changes-answer-level = { $what } from { $first } to { $last } came to { $now }, as much as in { $period } (within { $share }).
changes-answer-from-nothing = { $what } from { $first } to { $last } came to { $now }, after nothing in { $period }.
changes-answer-one = { CAPITAL($part) } made the largest difference ({ $amount }).
changes-answer-two = { CAPITAL($part) } ({ $amount }) and { $other } ({ $more }) made the largest differences.

## What to do first: changes_step

changes-step-data = First find out why rows of earlier months changed; until then, earlier reports cannot be compared.
changes-step-customer = First call customer { $customer }, who ordered for { $amount } and then stayed away.
changes-step-stage = First look into the deals in “{ $stage }”, which they now leave later.
changes-step-price = First check who gave which discount: prices fell.
changes-step-largest = First ask customer { $customer } why they ordered for { $amount } less.
changes-step-none = No customer ordered for less; nothing calls for a step.

## What moved: changes_findings

changes-finding-products = By products, the { $change } are: { $parts }.
changes-finding-customers = By customers, the same { $change } are: { $parts }.
changes-part = { $part } { $amount }
changes-finding-prices = Prices moved most in { $category }: { $share } { $side }, which makes { $amount }.
changes-finding-key-less = Customer { $customer } alone ordered for { $amount } less: { $before } before, { $now } now.
changes-finding-key-more = Customer { $customer } alone ordered for { $amount } more: { $before } before, { $now } now.
changes-finding-new-product = “{ $product }”, new since, brought { $amount }.
changes-finding-stage-slower = Deals leave “{ $stage }” later: of those that came into it before, half had left after { $days }; of the later ones, { $left }.
changes-finding-stage-faster = Deals leave “{ $stage }” sooner: of those that came into it before, half had left after { $days }; of the later ones, { $left }.
changes-finding-late = Earlier months gained { $rows } { PLURAL($rows, one: "row", other: "rows") } of { $table } that were not there at the last look{ $amount ->
        [unknown] { "" }
       *[other] { " " }({ $amount })
    }: the data changed, not the business.
changes-finding-fewer = Earlier months have { $rows } fewer { PLURAL($rows, one: "row", other: "rows") } of { $table } than at the last look{ $amount ->
        [unknown] { "" }
       *[other] { " " }({ $amount })
    }: the data changed, not the business.
changes-finding-sums = In { $months } { PLURAL($months, one: "month", other: "months") } the sales on record changed by { $amount } with the same number of rows: the data changed, not the business.

## Words beneath the tables

changes-movers = The customers and products that moved most are below. A customer’s money counts once by customer and once by product.
changes-group = By { $by }, { $group } made the largest difference ({ $amount }): { $buyers } by more or fewer customers, { $spend } by more or less from each.
changes-group-rest = By { $by }, { $group } made the largest difference ({ $amount }); it sold in one of the two periods only.
changes-group-behind = { $group } fell behind most: { $before } of sales before, { $now } now.
changes-by-category = category of products
changes-by-source = source of the customer
changes-by-region = region
changes-by-industry = industry
changes-by-segment = segment
changes-group-unknown = “not known”
changes-deals-rate = Of the deals decided, { $now } were won, against { $before } before: { $rate } because deals of the same source were won at another rate, { $mix } because other sources had more of them.
changes-deals-stages = The time in { $stages } { PLURAL($stages, one: "stage", other: "stages") } was tested, deals that are still there counted; { $differ ->
        [0] it differs in none by more than chance
       *[other] in { $differ } it differs by more than chance
    }.
changes-deals-none = There are too few deals in both periods to compare how they go.
changes-deals-absent = No deals are kept here.
changes-states = Of the customers known on { $since } and now, { $share } are in another state. The largest move: { $customers } { PLURAL($customers, one: "customer", other: "customers") } from “{ $before }” to “{ $after }”{ $revenue ->
        [unknown] { "" }
       *[other] { " " }({ $revenue } of sales in the year before)
    }.
changes-states-silent = Of the customers known on { $since } and now, { $share } are in another state. The largest move into silence: { $customers } { PLURAL($customers, one: "customer", other: "customers") } from “{ $before }” to “{ $after }”{ $revenue ->
        [unknown] { "" }
       *[other] { " " }({ $revenue } of sales in the year before)
    }.
changes-states-none = No customer known at both dates is in another state.
changes-states-unknown = Customers’ states are not known here.
changes-segments = Since { $since }, { $moved } { PLURAL($moved, one: "customer has", other: "customers have") } moved to another segment.
changes-turnover-first = There is no earlier look at rules and offers to set these beside: this is the first, or rules are between things of another level now.
changes-rules-same = The { $now } { PLURAL($now, one: "rule", other: "rules") } on what is bought together are those of the last look, as of { $looked }.
changes-rules-moved = Since the last look, as of { $looked }, { $born } { PLURAL($born, one: "rule", other: "rules") } on what is bought together came up and { $died } no longer { PLURAL($died, one: "holds", other: "hold") } ({ $before } then, { $now } now){ $changed ->
        [0] { "" }
       *[other] ; { $changed } moved by { $points } or more
    }.
changes-rule-born = New is: who buys “{ $if }” also buys “{ $then }”, in { $share } of the orders ({ $baskets } { PLURAL($baskets, one: "order", other: "orders") } with both).
changes-rule-died = No longer holds: who buys “{ $if }” also buys “{ $then }”; it did in { $share } of the orders.
changes-rule-changed = Who buys “{ $if }” now also buys “{ $then }” in { $share } of the orders, { $before } then.
changes-offers = Offers go to { $now } { PLURAL($now, one: "customer", other: "customers") }, { $before } then.
changes-offers-born = { $n } { PLURAL($n, one: "product is", other: "products are") } offered that { PLURAL($n, one: "was", other: "were") } not, “{ $product }” to most ({ $customers } { PLURAL($customers, one: "customer", other: "customers") }).
changes-offers-died = { $n } { PLURAL($n, one: "product is", other: "products are") } no longer offered, “{ $product }” went to most ({ $customers } { PLURAL($customers, one: "customer", other: "customers") }).

changes-data-first = This is the first look at these tables: from the next one on, rows that came late, rows that went and columns that changed are told here.
changes-data-same = Nothing in the tables of then has changed since the last look, as of { $looked }.
changes-data-changed = Since the last look, as of { $looked }, { $places } { PLURAL($places, one: "place", other: "places") } in the tables of then changed; they are listed below.
changes-data-revised = By that, the period before now stands at { $amount } more (or less, where negative) than that look would have said; both periods here are as the data are known now.

## Tables

changes-table-parts = What made the difference; each group of lines adds up to it
changes-table-movers = Who and what moved most
changes-table-groups = Sales of both periods by group
changes-table-stages = Time in each stage, of deals that came into it before and since
changes-table-rates = Deals won of those decided, by where they came from
changes-table-data = What changed in the tables of then
changes-by-products = By product
changes-by-customers = By customer
changes-kind-product = Product
changes-kind-customer = Customer
changes-sold-sold = in both
changes-data-late-rows = rows that came late
changes-data-fewer-rows = rows that went
changes-data-changed-sums = other sums
changes-data-new-column = new column
changes-data-lost-column = column gone
changes-data-filled = filled in differently
changes-data-new-table = new table
changes-data-lost-table = table gone

## Key figures: changes_figures

changes-figure-change = Difference
changes-figure-beside = { $period }: { $before }
changes-figure-year = Difference to a year earlier
changes-figure-buyers = Sales of customers who ordered in one period only

## Limits: changes_limits

changes-limits-parts = These parts say where a difference lies, not who caused it: a customer who orders every half year is away in one quarter and back in the next.
changes-limits-season = The period before may be another season; the same days a year earlier are the fairer comparison where sales have seasons.
changes-limits-pieces = Pieces of all products are counted alike, so “more pieces” and “dearer products” mean little where some are sold by the box and others one by one.
