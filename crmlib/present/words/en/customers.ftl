# Customer profile. Filled by crmlib/present/reports/customers (say, show, draw).

## The answer: profile_answer

customers-answer-nobody = No purchase by a known customer is in these data; net sales are { $sales }.
customers-answer-buyers =
    { $customers } { PLURAL($customers, one: "customer", other: "customers") } placed { $orders }
    { PLURAL($orders, one: "order", other: "orders") } worth { $sales } from { $first } to { $last }.
customers-answer-buyers-known =
    Net sales from { $first } to { $last } were { $sales } in { $orders } { PLURAL($orders, one: "order", other: "orders") };
    { $share } of that came from { $customers } { PLURAL($customers, one: "known customer", other: "known customers") }.
customers-answer-back =
    { $back } of the customers have ordered again, and the fifth that spend most bring { $top } of spend.
customers-answer-call =
    Look first at the { $called } late { PLURAL($called, one: "customer", other: "customers") } who
    { PLURAL($called, one: "is", other: "are") } neither { $dormant } nor { $lost } yet; they have brought { $spend }.
customers-answer-nobody-late = Nobody is late: no call is needed on that account.

## Findings, repeated on the index: profile_findings

customers-finding-nobody = No purchase by a known customer is in these data.
customers-finding-fifth = A fifth of the customers brings { $share } of spend.
customers-finding-late =
    { $late } { PLURAL($late, one: "customer has", other: "customers have") } not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap; { $called } of them, worth { $spend }, { PLURAL($called, one: "is", other: "are") } neither
    { $dormant } nor { $lost } yet: look at those first.
customers-finding-late-silent =
    { $late } { PLURAL($late, one: "customer has", other: "customers have") } not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap, all of them { $dormant } or { $lost } by now.

## Key figures: profile_figures

customers-figure-customers = Customers
customers-figure-with-purchase = with a purchase
customers-figure-orders = Orders
customers-figure-sales = Net sales
customers-figure-anonymous = { $share } without a customer
customers-figure-back = Came back
customers-figure-twice = ordered at least twice
customers-figure-spend = Spend of a customer
customers-figure-median = median
customers-figure-fifth = Spend of the top fifth
customers-figure-of-spend = of all spend

## Which customers bring the money: types_paragraph, types_table, plot_customer_types

customers-nobody-bought = Nobody has bought yet
customers-types-nobody = Nobody has bought yet, so there is no type to tell of.
customers-types-first =
    { $type } are { $share } of customers and bring { $spend_share } of spend, { $times } as much each as the average
    customer.
customers-types-last = Of the larger types, “{ $type }” bring least: { $spend_share } of spend, with { $share } of customers.
customers-types-rule =
    Each customer has exactly one type, the first whose rule fits; “lately”, “often” and “much” are measured against the
    other customers here, in fifths. Whether somebody still buys, and what to do, is told by the state.
customers-types-own = “{ $type }” customers
customers-table-types = Customer types, the most spend first
customers-picture-types = { $type } are { $share } of customers and bring { $spend_share } of spend
customers-picture-types-alt = Bar chart of customer types, share of customers and share of spend: { $bars }.
customers-picture-types-bar = { $type } { $share } and { $spend_share }
customers-picture-of-customers = of customers
customers-picture-of-spend = of spend
customers-picture-share-unit = share, %

## Who a type is: TYPE_SAYS

customers-type-says-recent-first-timers = Bought once only, and lately.
customers-type-says-frequent-big-spenders = Bought lately, often and for much.
customers-type-says-big-spenders = Spend the most, but do not buy both lately and often.
customers-type-says-regulars = Buy often, and not long ago.
customers-type-says-recent-buyers = Bought lately and more than once, not yet often.
customers-type-says-occasional-buyers = Neither among those who buy often nor among those who bought lately.
customers-type-says-earlier-regulars = Bought often, longer ago than most.
customers-type-says-earlier-big-spenders = Spent much in few orders, longer ago than most.
customers-type-says-earlier-buyers = Bought seldom, longer ago than most.
customers-type-says-least-recent-buyers = Bought seldom, longest ago.
customers-type-says-others = No rule fits: a score is missing.

## Who is late: call_list

customers-table-call =
    Customers who have not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap and are neither { $dormant } nor { $lost }, most spend first

## How sales move: months_paragraph, months_table, plot_sales_by_month

customers-months-none = No whole month is in the data; a comparison needs two.
customers-months-one = One whole month is in the data; a comparison needs two.
customers-months-range = The best month was { $best } with { $high }, the weakest { $least } with { $low }.
customers-months-last =
    { $month }, the last whole month, was { $sales } on the month before; orders were { $orders } and customers
    { $customers }.
customers-months-year = Against { $month } it was { $sales }.
customers-months-no-year =
    There is no year before to compare with, so a season cannot be told from a trend.
customers-table-months = Sales by month
customers-picture-months-none = No sales are known
customers-picture-months-year = Net sales of the last three months are { $change } on the year before
customers-picture-months-best = { $month } had the highest net sales: { $sales }
customers-picture-months-axis = Net sales
customers-picture-months-pale = Pale: the data do not cover the whole month
customers-picture-months-alt = Column chart of net sales a month: { $months }.
customers-picture-months-one = { $month } { $sales }

## How often customers come back: frequency_paragraph, plot_order_frequency, plot_distribution

customers-frequency-nobody = Nobody has bought yet.
customers-frequency-half =
    Half of the customers have placed { $orders } { PLURAL($orders, one: "order", other: "orders") } or fewer, and half
    have spent { $spend } or less.
customers-frequency-once =
    { $share } have ordered once only, { $customers } { PLURAL($customers, one: "customer", other: "customers") }: a second
    order from one in ten of them would be { $more } more { PLURAL($more, one: "order", other: "orders") }.
customers-frequency-gap =
    At the median, { $gap } pass from one order to the next; a reminder makes sense after that, not before.
customers-picture-frequency-once = { $share } of customers have ordered only once
customers-picture-frequency-common = Most common are { $orders } orders: { $share } of customers
customers-picture-frequency-side = customers, %
customers-picture-frequency-axis = orders placed
customers-picture-frequency-alt = Column chart of the share of customers by orders placed: { $columns }.
customers-picture-frequency-one = { $orders } { PLURAL($one, one: "order", other: "orders") } { $share }
customers-half-spend-total = Half of the customers spent less than { $value }
customers-half-order-count = Half of the customers placed fewer than { $value }
customers-half-basket-value-mean = Half of the customers spend less than { $value } an order
customers-half-gap-days-mean = Half of the customers come back within { $value }
customers-half-recency-days = Half of the customers bought within the last { $value }
customers-half-other = { $figure }: half of the customers lie below { $value }
customers-picture-spread-below = half below { $value }
customers-picture-spread-side = customers
customers-picture-spread-ten = (each step ten times)
customers-picture-spread-unknown = { $figure } is not known for any customer
customers-picture-spread-alt =
    Histogram of { $figure } over { $customers } { PLURAL($customers, one: "customer", other: "customers") }: a tenth lie
    below { $tenth }, half below { $half }, nine tenths below { $most }.

## How far the business rests on few: concentration_paragraph, plot_concentration

customers-few-nobody = Nobody has bought yet.
customers-few-parts =
    The 1{ "\u00A0" }% of customers who spend most bring { $one }, the first tenth { $ten }, the first half { $half } of
    spend.
customers-few-rests =
    The business rests on few: each of the { $customers } { PLURAL($customers, one: "customer", other: "customers") } who spend most should have somebody here who knows them by name.
customers-few-programme =
    The first fifth is worth a programme of its own, without forgetting the others.
customers-few-spread =
    Spend is spread widely: what helps many customers a little is worth more than care for a few.
customers-picture-few = A fifth of the customers brings { $share } of spend
customers-picture-few-equal = if all spent the same
customers-picture-few-point = { $part } bring { $share }
customers-picture-few-axis = customers, most spend first, %
customers-picture-few-side = spend, %
customers-picture-few-alt = Curve of spend over customers, those with most spend first: { $points }.

## What is known beyond purchases: groups_paragraph, groups_table, plot_groups

customers-groups-described =
    This is known of { $customers } { PLURAL($customers, one: "customer", other: "customers") }, { $share } of all. They
    need not be like the others.
customers-groups-one =
    { $field }: “{ $largest }” is the largest group with { $share } of those listed; the median customer spent from
    { $low } (“{ $least }”) to { $high } (“{ $most }”).
customers-groups-small =
    Values are shown for groups of at least { $customers } customers; smaller ones are put together, with one more where
    they could be worked out.
customers-table-groups = Customers by what is known of them
customers-picture-groups-none = Nothing is known about groups of customers
customers-picture-groups =
    { $field }: “{ $best }” spend most, { $high } at the median; “{ $least }” least, { $low }
customers-picture-groups-bar = { $spend } ({ $customers } { PLURAL($customers, one: "customer", other: "customers") })
customers-picture-groups-unit = median spend
customers-picture-groups-few = median spend (grey: fewer than { $few } customers)
customers-picture-groups-alt = Bar chart of median spend by { $field }: { $bars }.

## Limits: profile_limits

customers-limits-anonymous =
    { $share } of net sales have no customer. Some of it may be bought by customers counted here, whose spend is then
    higher than shown.
customers-limits-begin =
    The data begin on { $first }. Who bought before that and again since looks newer than they are.
customers-limits-refunds =
    Refunds are { $share } of what was bought. They reduce spend, never move the date of a purchase, and an order wholly
    refunded is no purchase.
customers-limits-no-refunds =
    There are next to no refunds in the data: either nothing comes back, or it is not exported.
customers-limits-types =
    Customer types compare customers with each other: a customer’s type can change because the others changed.
customers-limits-groups =
    Nothing is known of customers but what they buy; the table of customers would bring their region, size or age.

## How it was computed: indicators_paragraph, indicators_table

customers-indicators-read =
    Half of the customers lie below the median, a tenth below the low figure and a tenth above the high one.
customers-indicators-left =
    { $n } { PLURAL($n, one: "figure", other: "figures") } could not be computed, for want of a column or table: { $figures }.
    The report on data health says what would bring them.
customers-table-indicators = Figures of the customers who bought
