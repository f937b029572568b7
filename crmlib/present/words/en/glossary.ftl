# The words of the reports, explained once: filled by `terms_in` in present/publish/html.py.

glossary-term-80-20 = 80/20
glossary-80-20 = The saying that a fifth of the customers bring four fifths of the value. A report checks it.
glossary-term-as-of = As of
glossary-as-of = The closing moment of a report. Nothing that happened later is in it.
glossary-term-basket = Basket
glossary-basket = Everything bought together in one order or visit to the till.
glossary-term-best-seller = Best seller
glossary-best-seller = A product that more customers bought lately than others. Offering it to all is the
    simplest list.
glossary-term-class-a = Class A
glossary-class-a = The customers it takes for the first 80 % of the value; B are those for the next 15 %, C
    the rest.
glossary-term-cohort = Cohort
glossary-cohort = The customers who bought for the first time in the same period, such as one month.
glossary-term-concentration = Concentration
glossary-concentration = How unevenly value lies over the customers: 0 if all bring the same, near 1 if one
    brings nearly all.
glossary-term-confidence = Confidence
glossary-confidence = How often a rule holds: of all baskets with the first item, the share that also hold the
    second. 40 % means four in ten.
glossary-term-control-group = Control group
glossary-control-group = Customers held out of a campaign by lot, to see what those contacted would have spent
    without it.
glossary-term-cost-to-serve = Cost to serve
glossary-cost-to-serve = What a customer costs us besides the goods: service, time on calls and visits,
    campaigns.
glossary-term-credit-grade = Credit grade
glossary-credit-grade = How a customer pays, from A (as agreed) to E; with few invoices it leans on how others
    pay.
glossary-term-cross-sell = Cross-sell
glossary-cross-sell = Offering a customer something that goes with what they already buy.
glossary-term-customer-type = Customer type
glossary-customer-type = A name given by fixed rules from how lately, how often and how much somebody buys.
glossary-term-decision-tree = Decision tree
glossary-decision-tree = A chain of questions with two answers each; at its end stands the share of customers
    to whom something happened.
glossary-term-dormant = Dormant
glossary-dormant = { $quiet ->
        [2] A customer who has been silent for longer than was to be expected: twice their own usual gap,
        [3] A customer who has been silent for longer than was to be expected: three times their own usual gap,
       *[other] A customer who has been silent for longer than was to be expected: { $quiet } their own usual gap,
    } and at least as long as three in four customers never wait.
glossary-term-extra-spend = Extra spend
glossary-extra-spend = What customers of a campaign spent more than those they are compared with, refunds
    taken off.
glossary-term-frequency = Frequency
glossary-frequency = How many separate orders a customer has placed.
glossary-term-future-contribution = Future contribution
glossary-future-contribution = What a customer is expected to bring within the time ahead that the report
    names: margin, or revenue where the margin is not known.
glossary-term-growth-potential = Growth potential
glossary-growth-potential = What comparable customers spend in categories that a customer does not, or hardly,
    buy. Room to grow, not a forecast.
glossary-term-household = Household
glossary-household = The customer of a shop that knows its customers by a shared card.
glossary-term-indicator = Indicator
glossary-indicator = One number for each customer, such as days since the last order or spend in 90 days.
glossary-term-interval = Interval
glossary-interval = The range in which an estimated figure probably lies. A wide one says that the data leave
    much room for chance.
glossary-term-lift = Lift
glossary-lift = How many times more often two items are bought together than they would be by chance. 1 is
    chance; 3 is three times as often.
glossary-term-log-loss = Log loss
glossary-log-loss = How surprised a forecast is by what happens: small is good, and being sure of something
    wrong costs most.
glossary-term-lost = Lost
glossary-lost = { $late ->
        [2] A customer who has been silent twice as long as was to be expected.
       *[other] A customer who has been silent { $late } as long as was to be expected.
    } A deal that was closed without an order.
glossary-term-loyalty = Loyalty
glossary-loyalty = A score from 0 to 100: how long, how regularly, how widely and how steadily a customer
    buys.
glossary-term-many-small-trees = Many small trees
glossary-many-small-trees = A forecast added up from many short chains of questions, each mending what those
    before it got wrong.
glossary-term-margin = Margin
glossary-margin = What remains of the price after the cost of the goods.
glossary-term-median = Median
glossary-median = Of all values put in order, half lie below it and half above.
glossary-term-net-spend = Net spend
glossary-net-spend = What was paid, with refunds taken off.
glossary-term-overdue-deal = Overdue deal
glossary-overdue-deal = An open deal that has been in its stage for longer than most deals, open and closed,
    ever stay there.
glossary-term-percentage-point = Percentage point
glossary-percentage-point = The plain difference of two percentages: from 10 % to 12 % is two points.
glossary-term-recency = Recency
glossary-recency = Days since the customer's last order. Few is good.
glossary-term-repeat-sell = Repeat-sell
glossary-repeat-sell = Offering a customer what they buy again and again, when it is due.
glossary-term-revenue-at-risk = Revenue at risk
glossary-revenue-at-risk = The chance that a customer stops, times what the customer brought in the last time
    of the same length.
glossary-term-rows-set-aside = Rows set aside
glossary-rows-set-aside = Lines of the source files that could not be trusted, each with its reason. They are
    counted, kept apart and not used.
glossary-term-plain-rule = Plain rule
glossary-plain-rule = What one would expect without any model, such as the same as last year; a forecast has to
    do better.
glossary-term-segment = Segment
glossary-segment = A group of customers who buy alike, found from the data rather than set beforehand.
glossary-term-separation = Separation
glossary-separation = How clearly the segments stand apart: 1 is clear cut, 0 means they run into each other.
    Customers rarely score above 0.5.
glossary-term-small-neural-net = Small neural net
glossary-small-neural-net = A forecast from a few weighted sums of all figures, bent and added up again; it
    finds figures that count together.
glossary-term-stability = Stability
glossary-stability = How far the same segments come out again when they are worked out from another draw of
    the same customers. 1 is always the same; below 0.6 a segment is not published.
glossary-term-state = State
glossary-state = Where a customer stands, by fixed rules: { $states }. Everybody is in exactly one. For
    customers who are { $one } or { $other } the state counts, whatever a forecast says.
glossary-term-support = Support
glossary-support = The share of all baskets that hold an item, or all items of a rule together.
glossary-term-up-sell = Up-sell
glossary-up-sell = Offering a customer the next step of quality or price in a category they buy from.
glossary-term-value-score = Value score
glossary-value-score = A number from 0 to 100 that compares a customer with all others in everything that is
    known: 50 is an average customer.
glossary-term-weighted-sum-of-the-figures = Weighted sum of the figures
glossary-weighted-sum-of-the-figures = A forecast that gives each figure a number of points, adds them up and
    turns the sum into a chance.
glossary-term-won-back = Won back
glossary-won-back = A customer who has bought again lately after a silence longer than was to be expected.
