# Service. Filled by crmlib/present/reports/service (say, show, draw); the figures: crmlib/analyse/service.

## Groups and ways: THIRDS, LOAD_WAYS, CALL_WAYS, WHY_WORDS

service-third-3 = the third who spend most
service-third-2 = the third in between
service-third-1 = the third who spend least

service-load-way-as-today = as many as today
service-load-way-flow = what comes in less what is closed

service-call-way-chance = Those who bought the product, the likeliest case first
service-call-way-latest = Those who bought the product, the latest first
service-call-way-anybody = Whoever bought anything last, asked about that

service-why-successor = replaces the product of the case
service-why-better = the next better one of the same kind and brand

## The answer: service_answer

service-answer-both = { $cases } { PLURAL($cases, one: "case", other: "cases") } came in within the last year; half of all are answered within { $hours } hours and closed within { $days }.
service-answer-closed = { $cases } { PLURAL($cases, one: "case", other: "cases") } came in within the last year; half of all are closed within { $days }.
service-answer-answered = { $cases } { PLURAL($cases, one: "case", other: "cases") } came in within the last year; half of all are answered within { $hours } hours.
service-answer-came = { $cases } { PLURAL($cases, one: "case", other: "cases") } came in within the last year.
service-answer-product = “{ $product }” brings { $times } as many cases as other products.
service-answer-no-product = No product has more cases than chance makes.

service-step-product = First find out what goes wrong with “{ $product }”.
service-step-served = First answer those who spend most: they wait no less than others.
service-step-open = First close what has waited longest of the { $n } open { PLURAL($n, one: "case", other: "cases") }.
service-step-none = No case waits, and nothing needs to be done first.

## Findings: service_findings

service-finding-product = “{ $product }” has { $rate } cases per hundred order lines, { $times } as many as other products ({ $between }).
service-served-best = Customers who spend most are served first: half of their cases are { $done } within { $most }, those of customers who spend least within { $least }.
service-served-worst = Customers who spend most wait longer than others: half of their cases are { $done } within { $most }, those of customers who spend least within { $least }.
service-served-alike = Customers who spend most are not served sooner than others: half of their cases are { $done } within { $most }, those of customers who spend least within { $least }.
service-answered = answered
service-closed = closed
service-hours = { $n } hours
service-finding-waiting = { $n } { PLURAL($n, one: "case waits", other: "cases wait") }.
service-finding-ahead = { $n } { PLURAL($n, one: "case waits", other: "cases wait") }; in { $weeks } weeks about { $expected } will ({ $between }).
service-finding-more-orders = After { $ordered } of the cases the customer ordered within { $days }, { $gap } more than as long after other orders ({ $between }).
service-finding-fewer-orders = After { $ordered } of the cases the customer ordered within { $days }, { $gap } fewer than as long after other orders ({ $between }).
service-finding-same-orders = After { $ordered } of the cases the customer ordered within { $days }; as long after other orders it is { $usual }. Cases neither bring nor cost orders beyond chance.

## Whom service serves: served_paragraph, plot_times, thirds_table

service-served-unknown = Whether those who spend most are served first is not known: that needs orders, and enough cases of each third of customers.
service-reopened = { $share } of the cases were opened again ({ $between }).
service-levels =
    A level by value that today’s staff could keep: answer { $part } of the cases of those who spend most within { $most }
    hours (now { $now }), of those in between within { $middle }, and of those who spend least within { $least }. These
    are the answering times of each month of the last year, handed out in the order of spend; more takes more staff. Valuable
    customers who asked twice or more and wait longer stand on the worklist under “Agree service”.
service-picture-times = Half answered within { $first } hours for those who spend most, { $last } for those who spend least
service-picture-times-unit = hours until half of the cases are answered, with { $level } range
service-picture-times-alt = Dots with ranges: hours until half of the cases are answered. { $rows }.
service-picture-times-none = No group is large enough to be shown, or no answer is on record.
service-picture-row = { $what }: { $value } ({ $between })
service-table-thirds = How each third of customers by spend is served: kept are times within which { $part } of the cases of the last year were answered, or could be
service-table-levels = How each service level agreed is kept

## Which products fail: products_paragraph, plot_products, products_table

service-products-none = Which products bring cases is not known: that needs orders, and cases that name their product.
service-products-alike = Of { $n } products with cases of enough customers, none has more than chance makes, tested all together.
service-products-tested = Of { $n } products with cases of enough customers, { $failing } { PLURAL($failing, one: "has", other: "have") } more cases than chance makes, tested all together.
service-products-cost = Cases about “{ $product }” cost { $cost } in the last year, { $pct } of what it earned before service.
service-products-do = Ask the maker for the cause, and tell those who sell it.
service-picture-products = “{ $product }” brings { $times } as many cases as other products
service-picture-products-alike = No product brings more cases than chance makes
service-picture-products-unit = cases an order line, times those of all other products
service-picture-products-alt = Dots with ranges: cases an order line against all other products. { $rows }.
service-picture-products-none = No product has cases of enough customers.
service-table-products = Cases against sales, by product

## What it costs: cost_paragraph

service-cost = The { $cases } cases of the last year cost { $cost }.
service-cost-thirds = Against their margin cases cost most for { $most } ({ $most_pct }), least for { $least } ({ $least_pct }).
service-cost-unknown = What cases cost is not known: no case of the last year has a cost.

## What waits: load_paragraph, plot_load, load_table

service-load-unknown = What waits is not counted: no case says when it was closed.
service-load-unpromised = No number is promised for the coming weeks: too few past weeks, or too wide a range.
service-load-flow = Expected is { $way }. On past days it was { $off } cases off, “as many as today” { $plain }; { $held } of { $tried } past ranges held, which should be { $level }.
service-load-plain = Expected is { $way }: nothing was closer. On past days it was { $off } cases off; { $held } of { $tried } past ranges held, which should be { $level }.
service-picture-load = { $n } cases wait; in { $weeks } weeks about { $expected } will
service-picture-load-open = { $n } { PLURAL($n, one: "case waits", other: "cases wait") }
service-picture-load-alt = A line over bars: cases that waited at the end of each of { $weeks } weeks, now { $n }, and those that came in.
service-picture-load-ahead-alt = A line over bars: cases that waited at the end of each week, now { $n }; in { $weeks } weeks { $expected } are expected ({ $between }).
service-picture-load-key = line: waiting; bars: came in that week; blue: expected, with the 80 % range
service-picture-load-key-open = line: waiting; bars: came in that week
service-picture-load-unit = cases
service-table-load = How far off each way was on past days

## What cases bring: sales_paragraph, offers_table

service-sales-unknown = Whether customers order after a case is not known: that needs orders of customers who had cases.
service-sales-compared = A case comes when the next order may be due anyhow. So { $cases } cases of { $customers } customers were each compared with the same customer's other orders, at a moment as long after them.
service-offers = To { $customers } { PLURAL($customers, one: "customer", other: "customers") } with a case in the last { $days } something fits: what replaces the product or, where it fails often, the next better one. Offer it once the case is closed.
service-offers-none = After no case of the last { $days } is there a successor of the product, or a better one of a product that fails, that the customer does not have.
service-table-offers = What could be offered once the case is closed, the dearest first

## Whom to call before a case arises: ahead_paragraph, calls_table

service-ahead-unknown = Whom to call is not known: that needs orders of known customers, and cases that name their product.
service-ahead-nobody = Nobody needs a call: no product fails more often than others, or nobody bought one lately.
service-ahead-untested = Nobody is named: no past day is far enough back to test it.
service-ahead-unproven = Nobody is named: of { $called } who would have been called on { $dates } past days, { $hit } had a case with the product within { $days } ({ $between }), of those who bought anything last { $anybody }.
service-ahead-proven = Of { $called } who would have been called on { $dates } past days, { $hit } had a case with the product within { $days } ({ $between }); { $expected } were expected. Of those who bought anything last, { $anybody } had one with what they bought.
service-ahead-listed = The list has { $n } of the { $owners } customers who may still have a case with such a product; who has reported it since, or has a case open, is left out.
service-ahead-by-chance = They are those with the likeliest case, which found more than the latest purchase did.
service-ahead-by-purchase = They are those who bought last: ordering them by the chance of a case found no more.
service-table-calls = What became of those who would have been called on past days

## Key figures: service_figures

service-figure-open = Open cases
service-figure-response = Half answered within
service-figure-resolution = Half closed within
service-figure-reopened = Opened again
service-figure-cost = Cost of cases in a year

## Limits: service_limits

service-limits-spend = Thirds are by all that a customer has spent so far; no agreed time to answer is on record, so what counts as kept is not judged.
service-limits-hours = Hours run through nights and weekends; cases that still wait are counted as far as they have come.
service-limits-lots = Which lot a product came from is not on record; a fault of one lot looks like one of the product.
service-limits-calls = That a call prevents a case has not been tested; only who is likely to have one.
