# What customers are worth. Filled by say.py, draw.py and show.py in crmlib/present/reports/value.

## The answer: value_answer, future_answer

value-answer-expected =
    Today’s { $customers } { PLURAL($customers, one: "customer", other: "customers") } should bring { $value } of
    { $what } within { $horizon } ({ $range }).
value-answer-expected-alone =
    Today’s { $customers } { PLURAL($customers, one: "customer", other: "customers") } should bring { $value } of
    { $what } within { $horizon }.
value-answer-purchases =
    Today’s { $customers } { PLURAL($customers, one: "customer", other: "customers") } should make { $purchases }
    { PLURAL($purchases, one: "purchase", other: "purchases") } within { $horizon }.
value-answer-untested = The history is too short to test this.
value-answer-order =
    { $tried ->
        [0] No earlier time as long could be tried: trust the order of customers, not the total.
       *[other] Earlier years do not allow a promise: trust the order of customers, not the total.
    }
value-answer-first-late =
    First call the { $late } late { PLURAL($late, one: "customer", other: "customers") } to keep: { $stake } a year.
value-answer-first-keep =
    First see to the { $n } { PLURAL($n, one: "customer", other: "customers") } to keep: { $stake } at stake.
value-answer-first-win-back =
    First win back the { $n } { PLURAL($n, one: "customer", other: "customers") } listed: { $stake } a year.
value-answer-first-nobody = No customer calls for action now.

value-what-margin = margin
value-what-revenue = revenue

## The test in money, against the strongest plain rule: _tested_in_money

value-tested-method =
    Tested on the last { $days }, the revenue forecast was { $missed }, nearer than the best plain rule, “{ $rule }” ({ $rule-missed }).
value-tested-rule =
    Tested on the last { $days }, the revenue forecast was { $missed }; the plain rule “{ $rule }” ({ $rule-missed }) was nearer.
value-tested-level =
    Tested on the last { $days }, the revenue forecast was { $missed }, about as near as the plain rule “{ $rule }” ({ $rule-missed }).
value-tested-alone = Tested on the last { $days }, the revenue forecast was { $missed }.
value-tested-purchases =
    Tested on the last { $days }: { $predicted } { PLURAL($predicted, one: "purchase", other: "purchases") } expected,
    { $actual } came.
value-missed-high = { $by } too high
value-missed-low = { $by } too low
value-missed-level = right
value-signed-plus = +{ $x }

guess-shrunk-rate = each goes on at the usual pace, evened out towards everyone’s
guess-past-rate = each goes on at the usual pace
guess-mean-rate = everyone buys like the average customer
guess-last-rate = the time before repeats itself
guess-last-amount = each spends as much as in the time before

## The findings: valuations_findings, future_findings, likely_gone_sentences

value-finding-late =
    { $late ->
        [0] Not one
       *[other] { $late }
    } of { $all } { PLURAL($all, one: "customer", other: "customers") } on the list to keep { PLURAL($late, one: "has", other: "have") } not bought for { $times ->
        [2] twice
       *[other] { $times } times
    } the usual gap or longer; they spent { $stake } in the last year.
value-finding-win-back =
    { $n } { PLURAL($n, one: "customer is", other: "customers are") } { $dormant } or { $lost } and once brought at least
    as much a year as the median customer; at their former pace they spent { $stake } a year.
value-finding-develop =
    { $n } { PLURAL($n, one: "customer who buys", other: "customers who buy") } as usual could be developed: up to
    { $stake } a year, if each bought what a quarter of comparable customers do.
value-gone-none =
    None of { $n } { PLURAL($n, one: "customer who is", other: "customers who are") } neither { $dormant } nor { $lost } has probably stopped buying: no chance of that reaches { $likely }.
value-gone-some =
    Of { $n } { PLURAL($n, one: "customer who is", other: "customers who are") } neither { $dormant } nor { $lost }, { $gone } { PLURAL($gone, one: "has", other: "have") } probably stopped buying: the chance of that is { $likely } or more.
value-finding-best-tenth =
    The best tenth of customers should bring { $share } of the { $what } of the next { $horizon }.

## Do a few customers bring most?: worth_answer, pareto_paragraph

value-pareto-nobody = Of no customer { $measure } is known.
value-pareto-nothing = No customer brings { $measure } above 0, so there is nothing to share out.
value-pareto-answer =
    The top { $top } of { $customers } { PLURAL($customers, one: "customer", other: "customers") } bring { $share } of
    { $measure } (likely { $low } to { $high }): { $verdict }.
value-pareto-half = Half of all { $measure } comes from { $half } of customers.
value-pareto-verdict-yes = 80/20 is true here
value-pareto-verdict-steeper = value is even less evenly spread than 80/20
value-pareto-verdict-no = 80/20 is not true here
value-pareto-verdict-uncertain = whether 80/20 is true here cannot be told

value-pareto-concentration =
    If all brought the same, the curve would be the straight line; concentration is { $gini } on a scale from 0 (all alike)
    to 1 (one brings all), likely { $range }.
value-pareto-class-a =
    { $n } { PLURAL($n, one: "customer makes", other: "customers make") } up class A ({ $share }, likely { $low } to
    { $high }), those it takes for the first { $border }: { $parts }.
value-pareto-class-a-brings = they bring { $share }
value-pareto-class-brings = class { $name } { $share }
value-pareto-negative =
    { $n } { PLURAL($n, one: "customer has", other: "customers have") } sent back more than was bought, { $amount } in all;
    on the curve they bring 0, and are in class C.
value-pareto-zero = { $n } { PLURAL($n, one: "customer brings", other: "customers bring") } exactly 0.

## How each is scored: score_paragraph, weights_paragraph, stability_paragraph

value-score-names =
    A value score of { $figures } { PLURAL($figures, one: "figure", other: "figures") } names the best; with all weights
    moved by up to { $shake }, { $kept } of the best fifth stay in it.
value-score-none = Customers cannot be scored: no figure tells them apart.
value-score-how =
    Each of { $figures } { PLURAL($figures, one: "figure", other: "figures") } is turned into a score from 0 to 100, the
    share of customers that a customer leaves behind; the value score is their weighted mean, and 50 is an average customer.
value-score-all-weight = All weight has { $topics }.
value-score-heaviest = The heaviest are { $topics }.
value-score-topic-weight = { $topic } ({ $weight })
value-score-shared = Figures that say nearly the same share one weight, so that none counts several times.
value-score-lead = The best fifth are ahead above all in { $topics }.
value-score-thin =
    { $n } { PLURAL($n, one: "customer has", other: "customers have") } less than half of the weight known and
    { PLURAL($n, one: "is", other: "are") } not among the listed.
value-stability-none = No score could be made, so there is nothing to try.
value-stability-tried =
    Weights are a judgement, so each was moved at random { $draws } times: by up to { $mild }, { $mild-kept } of the best
    fifth stay in it; by up to { $wild }, { $wild-kept } (nearly always { $low } to { $high }).
value-stability-firm = Who the best are does not hang on the exact weights.
value-stability-border = Most of the best are so under nearly all weights tried; near the border, the weights decide.
value-stability-loose = The weights decide who is among the best: agree on them before acting on the list.

topic-spend = spend
topic-margin = margin
topic-trend-of-spend = trend of spend
topic-value-of-an-order = value of an order
topic-discounts-and-margin-rate = discounts and margin rate
topic-deals-won = deals won
topic-open-deals = open deals
topic-paying-on-time = paying on time
topic-cost-to-serve = cost to serve
topic-time-since-the-last-order = time since the last order
topic-number-of-orders = number of orders
topic-regularity = regularity
topic-breadth = breadth
topic-products-bought-again = products bought again
topic-size-of-an-order = size of an order
topic-returns = returns
topic-length-of-the-tie = time as a customer
topic-size-of-the-customer = size of the customer
topic-how-well-we-know-them = how well we know them
topic-consent-to-be-contacted = consent to be contacted
topic-referrals = referrals
topic-response-to-campaigns = response to campaigns
topic-contact-from-their-side = contact from their side
topic-interest-on-the-site = interest on the site
topic-satisfaction = satisfaction
topic-complaints-and-service = complaints and service
topic-amounts-that-grow-with-spend = amounts that grow with spend

## Why a customer stands where they stand: reason_words

score-reason-spend-total-high = high net spend
score-reason-spend-total-low = low net spend
score-reason-spend-trend-high = spend trend better than others’
score-reason-spend-trend-low = spend trend worse than others’
score-reason-recency-days-low = bought lately
score-reason-recency-days-high = long without an order
score-reason-tenure-days-high = long with us
score-reason-tenure-days-low = new with us
score-reason-gap-days-mean-low = orders close together
score-reason-gap-days-mean-high = orders far apart
score-reason-gap-days-variation-low = buys regularly
score-reason-gap-days-variation-high = buys irregularly
score-reason-gap-overdue-ratio-low = silent for less of the usual gap than others
score-reason-gap-overdue-ratio-high = silent for more of the usual gap than others
score-reason-basket-value-mean-high = large orders
score-reason-basket-value-mean-low = small orders
score-reason-campaign-response-rate-pct-high = answers campaigns
score-reason-campaign-response-rate-pct-low = seldom answers campaigns
score-reason-discount-share-pct-low = little discount
score-reason-discount-share-pct-high = much discount
score-reason-return-rate-pct-low = few returns
score-reason-return-rate-pct-high = many returns
score-way-many = many { $label }
score-way-few = few { $label }
score-way-high = high { $label }
score-way-low = low { $label }

## What will each still bring?: future_paragraph

value-future-model =
    The purchases expected come from a model in which each customer buys at a pace of their own and may stop one day; both
    are read from how often and how lately somebody bought.
value-future-rule-beat =
    The purchases expected follow a plain rule: { $rule }. In the test this was nearer than the model of buying and leaving.
value-future-rule-nearest =
    The purchases expected follow a plain rule: { $rule }. Of the plain rules it was nearest in the test, and no model of
    buying and leaving fits these customers.
value-future-rule-only =
    No model of buying and leaving fits these customers, so the purchases expected follow a plain rule: { $rule }.
value-future-drawn = Models are fitted to { $drawn } of { $customers } customers, drawn at random: their mean number of repeat purchases differs from that of all by { $off }.
value-future-spend-unknown = Nobody has bought again, so nothing is known of what a purchase brings.
value-future-spend-fallback =
    What a purchase brings could not be fitted; it is the customer’s own mean so far, drawn towards that of all.
value-future-spend-fitted =
    What a purchase brings is the customer’s own mean so far, drawn towards that of all the more, the fewer purchases there
    are.
value-future-unrelated =
    How often and how much somebody buys are taken as unrelated, which nearly holds here (correlation { $found }, { $range }).
value-future-related-more =
    How often and how much somebody buys are taken as unrelated, which does not hold here: who buys often spends more each
    time (correlation { $found }, { $range }).
value-future-related-less =
    How often and how much somebody buys are taken as unrelated, which does not hold here: who buys often spends less each
    time (correlation { $found }, { $range }).
value-future-margin-unknown = No cost is known, so all amounts are revenue, not margin; { $waiting }.
value-future-margin-given = The margin of { $margin } was given; { $waiting }.
value-future-margin-costs =
    The margin of { $margin } is that of all lines of the last year with a known cost; { $waiting }.
value-future-waiting = a year later, an amount counts { $less } less
value-future-not-waiting = no discount is taken for waiting

## How far can that be trusted?: holdout_paragraph, regularity_paragraph

value-test-short =
    The history is too short to be put to the test: it spans { $span }, and { $customers } { PLURAL($customers,
    one: "customer", other: "customers") } had bought by { $day }.
value-test-purchases =
    Put to the test: what was known on { $day } gave { $predicted } { PLURAL($predicted, one: "purchase", other: "purchases") } for the { $days } after, and { $actual } came.
value-test-purchases-error =
    Put to the test: what was known on { $day } gave { $predicted } { PLURAL($predicted, one: "purchase", other: "purchases") } for the { $days } after, and { $actual } came, an error of { $error }.
value-test-range = Other customers of the same kind would have put this error between { $low } and { $high }.
value-test-cumulative =
    Counted from the first day on, { $expected } repeat { PLURAL($expected, one: "purchase", other: "purchases") } were to
    be expected and { $actual } had come by { $day }: an error of { $off }. The test above, with an error of { $error },
    counts only what was not known yet.
value-test-won = Customer by customer the model was nearer than every plain rule, and that is more than chance.
value-test-lost =
    Customer by customer the model lost: the plain rule that { $rule } was nearer, and that is more than chance. The purchases
    expected follow that rule.
value-test-level =
    Customer by customer the model cannot be told apart from { $n } plain { PLURAL($n, one: "rule", other: "rules") }
    ({ $rules }): the difference is within chance.
value-test-rules-only =
    No model of buying and leaving could be fitted to what was known, so only plain rules were tested.
value-test-rules-best =
    No model of buying and leaving could be fitted to what was known, so only plain rules were tested. The one that { $rule }
    was nearest, and that is more than chance: the purchases expected follow it.
value-test-money =
    In revenue, { $expected } was expected for the { $days } after { $day } and { $actual } came, an error of { $error }
    (other customers of the same kind: { $low } to { $high }).
value-test-money-rule = The best of the plain rules, that { $rule }, gave { $expected }, an error of { $error }; { $verdict }.
value-test-nearer-method = the method used here was nearer
value-test-nearer-rule = the plain rule was nearer
value-test-nearer-level = which of the two is nearer cannot be told
value-test-past-days =
    Tried on past days, the range known then held in { $inside } of { $tried } cases ({ $level } should); by what those days were off, the total is moved by { $moved }.
value-test-one-season =
    One stretch of time was tested: a better or worse season moves all customers at once, and no range over customers
    shows that.

value-regular-unknown = Too few customers have bought three times to say whether they buy regularly or at random.
value-regular-random =
    Customers buy at random moments: { $size }. That is what the expectation takes for granted.
value-regular-bursts =
    Customers buy { $how } than at random, in bursts with pauses between: { $size }. So a long silence says less about who
    has left than the probability of still buying has it.
value-regular-even =
    Customers buy { $how } than at random: { $size }. The probability of still buying takes purchases for random, so it sees
    late that a regular buyer has stopped; silence against the customer’s usual gap sees it sooner.
value-regular-size = regularity is { $shape } ({ $range }), where 1 is at random and 2 clearly regular
value-regular-how-slightly-uneven = a little less evenly
value-regular-how-uneven = less evenly
value-regular-how-very-uneven = far less evenly
value-regular-how-slightly-regular = a little more regularly
value-regular-how-regular = more regularly
value-regular-how-very-regular = far more regularly
value-regular-measured = { $share } of customers bought often enough to be measured.
value-regular-single =
    Of the { $n } { PLURAL($n, one: "customer", other: "customers") } with many purchases, { $share } are regular by
    themselves; chance alone would make it { $chance }.

## Where is more to be had?: growth_paragraph

value-growth-none =
    No room to grow can be seen: nobody who spends less in all than a quarter of comparable customers do leaves out a
    category that more than a quarter of those buy.
value-growth-room =
    { $n } { PLURAL($n, one: "customer", other: "customers") } could spend up to { $room } more a year, { $share } of what
    was spent in the last year.
value-growth-room-alone =
    { $n } { PLURAL($n, one: "customer", other: "customers") } could spend up to { $room } more a year.
value-growth-how =
    It counts categories of which a customer buys little or nothing while more than a quarter of comparable customers buy
    them, and stops where the customer would spend more in all than a quarter of those do.
value-growth-first =
    For { $n } { PLURAL($n, one: "customer", other: "customers") } the largest part of the room is in “{ $category }”,
    { $amount } a year.
value-growth-elsewhere =
    The picture counts of each customer only the category with most room, { $drawn } together; the other { $rest } lies in
    further categories.
value-growth-no-forecast = This is room, not a forecast: it says what others do, not what these customers will.
value-note-peers-segment = Comparable are customers of the same segment.
value-note-peers-thirds = Comparable are the customers of the same third by the year’s spend.

## Who is loyal, who pays on time, who leaves a profit?: loyalty_, credit_, profit_paragraph

value-loyalty-untold = Loyalty cannot be told yet: no customer has had time for a second purchase.
value-loyalty-median = Half of the customers score { $score } of 100 or more for loyalty.
value-loyalty-how = The score is the mean of marks from 0 to 100, which count: { $marks }.
value-loyalty-mark-weight = { $mark } { $weight }
value-loyalty-due =
    A purchase is due when the customer’s own usual gap has passed; half of the customers made at least { $share } of those
    that were due.
value-loyalty-falling =
    { $falling ->
        [0] Not one
       *[other] { $falling }
    } of { $all } { PLURAL($all, one: "customer", other: "customers") } with a second purchase came less often in the
    recent half of their time than in the earlier one, { $rising ->
        [0] none
       *[other] { $rising }
    } more often; by chance alone there would be about as many of either.
loyalty-mark-cadence = purchases made when due
loyalty-mark-repeat = purchases soon repeated
loyalty-mark-breadth = categories bought
loyalty-mark-tenure = time with us
loyalty-mark-steadiness = activity kept up

value-credit-ungraded = No invoice has been paid or fallen due yet, so nobody can be graded.
value-credit-poor =
    { $poor ->
        [0] Not one
       *[other] { $poor }
    } of { $graded } { PLURAL($graded, one: "customer", other: "customers") } { PLURAL($poor, one: "has", other: "have") }
    grade D or E.
value-credit-overdue =
    { $overdue } is overdue, { $share } of what is open; { $poor } of it is owed by those with D or E.
value-credit-how =
    The grade is set by the worst of four figures: how often an invoice is late, how many days on average, how long the
    oldest open one is overdue, and how much of the credit limit is used.
value-note-credit =
    Each customer’s late share and mean days late are judged as if, on average, { $extra } more invoices had been paid as
    other customers pay theirs.

value-profit-total = In the last year customers left a profit of { $profit } after cost to serve.
value-profit-loss = In the last year customers cost { $loss } more than they brought.
value-profit-top-fifth = The most profitable fifth of customers brings { $share } of it.
value-profit-top-alone = The most profitable fifth alone brought { $amount }; others cost part of it again.
value-profit-costly =
    { $n } { PLURAL($n, one: "customer", other: "customers") } cost more than they brought, { $loss }
    { PLURAL($n, one: "in all", other: "together") }.
value-note-serving = Cost to serve counts { $counted }.
value-note-serving-nothing = Cost to serve counts nothing: no cost of it is known.
value-note-not-counted = Not counted: { $kind }.

serving-service-cases = service cases
serving-contacts = contacts
serving-campaigns = campaigns

## Whom to keep, to develop, to win back?: actions_paragraph

value-lists-keep =
    To keep: the most valuable { $share } of customers, as long as they still buy, most money at stake first.
value-lists-develop =
    To develop: customers who buy as usual, with room to grow, and are not on the list to keep.
value-lists-develop-rising =
    To develop: customers who buy as usual, with rising spend, and are not on the list to keep.
value-lists-win-back =
    To win back: customers who are { $dormant } or { $lost } and who, while they came, spent at least as much a year as the
    median customer.
value-lists-no-keep = To keep: nobody. None of the most valuable customers is still buying.
value-lists-no-develop =
    To develop: nobody. No customer who buys as usual has room to grow that can be seen in these data.
value-lists-no-win-back = To win back: nobody. No customer worth at least the median is { $dormant } or { $lost }.
value-lists-apart =
    Nobody is on two lists. A chance of stopping is given only of customers who still buy by their state.

## Which figures are there of each customer?: catalogue_paragraph

value-catalogue-known =
    Of { $all } { PLURAL($all, one: "figure", other: "figures") } of each customer, { $known } are known here.
value-catalogue-missing =
    { PLURAL($left, one: "The other waits", other: "The others wait") } for a table or a column, which the list names:
    { $parts }.
value-catalogue-part = { $n } for “{ $table }”

## What do these figures not say?: worth_limits, future_limits, valuations_limits

value-limits-relative = A score compares customers with each other: if all get better, nobody’s score rises.
value-limits-past = Curve and score tell what customers have brought so far, not what they will bring.
value-limits-few =
    With { $n } { PLURAL($n, one: "customer", other: "customers") }, shares are left too much to chance to judge 80/20.
value-limits-off-curve =
    { $n } { PLURAL($n, one: "customer without a known value is", other: "customers without a known value are") } not on the
    curve.
value-limits-useless = Left aside, because they do not tell customers apart here: { $figures }.
value-limits-topics = Not known here, and so not in the score: { $topics }.
value-limits-coverage =
    Of the weight, { $known } is known for a customer on average; what is not known neither raises nor lowers a score.
value-limits-reach =
    The test reaches { $tested } ahead, the figures { $horizon }: beyond the test nothing was checked.
value-limits-loser =
    The probability of still buying is that of the model that lost: the plain rule does not say who has stopped.
value-limits-revenue = The cost of the goods is not known: what customers bring is revenue, not margin.
value-limits-margin = One margin is taken for all customers; what each of them buys may bring more or less.
value-limits-own-rate = Who has stopped buying is not told apart from who is only between two purchases.
value-limits-nobody =
    { $n } { PLURAL($n, one: "customer without a purchase has", other: "customers without a purchase have") } no figure:
    there is nothing to go by.
value-limits-seasons =
    Seasons, campaigns and prices to come are not in the figures: they carry on what was, on average.
value-limits-begin = Who bought before these data begin counts as new at the first purchase seen.
value-limits-loyalty =
    Loyalty is what customers did, not what they feel; a shop that closes, or a season, looks like disloyalty.
value-limits-growth =
    Room to grow compares customers with comparable ones; who has reason to differ from them (a small family, another
    supplier by contract) has less room than shown, and who came less than a year ago looks as if they had more.
value-limits-credit = An invoice is an order; part payments and reminders sent are not known.
value-limits-profit =
    Profit counts the costs that are recorded; rent, wages and overheads that no record ties to a customer are not in it.
value-limits-missing =
    { CAPITAL($what) } { PLURAL($n, one: "is", other: "are") } not known here; that would take { $needs }.
value-limits-missing-alone = { CAPITAL($what) } { PLURAL($n, one: "is", other: "are") } not known here.
value-needs-column = the column “{ $column }” of the table “{ $table }”
value-needs-table = the table “{ $table }”

wanted-credit-grade = credit
wanted-growth-potential = room to grow
wanted-profit-365d = profitability
wanted-future-contribution = future contribution

value-not-computed = It could not be computed.

## Why something is not valued: left_out_words

value-left-out-not-given = The expectation of purchases does not give it.
value-left-out-no-category = No product that was sold has a category. Fill category in products.
value-left-out-no-due-date = No order of a customer has a due date. Fill due_on in transactions.
value-left-out-no-credit-limit = No customer with an invoice has a credit limit above 0.
value-left-out-no-margin = The margin is not known.

## Pictures: draw.py

value-picture-with-range = { $value } ({ $low } to { $high })
value-picture-no-name = no name

value-picture-pareto = The top { $top } of customers bring { $share } of { $measure }
value-picture-pareto-none = Nobody brings { $measure }
value-picture-pareto-top = { $top } bring { $share }
value-picture-pareto-range = ({ $low } to { $high })
value-picture-pareto-class = class A: { $share }
value-picture-pareto-class-brings = bring { $value }
value-picture-pareto-even = if all brought the same
value-picture-pareto-level = { $customers } of customers bring { $value }
value-picture-pareto-alt =
    Curve of { $measure } over customers, the most valuable first: { $levels }. The interval of the top { $top } is { $low }
    to { $high }.
value-axis-customers = customers, most valuable first, %
value-axis-measure = { $measure }, %

value-picture-unscored = Customers could not be scored
value-picture-lifts-none = No topic lifts the best fifth
value-picture-lifts = { CAPITAL($topics) } { PLURAL($n, one: "lifts", other: "lift") } the best fifth most
value-picture-lift = { $topic } { $mean } ({ $low } to { $high })
value-picture-lifts-alt =
    Bars: points that each topic adds to the score of the best fifth, { $best } { PLURAL($best, one: "customer", other: "customers") }, against the average one: { $lifts }.
value-axis-lift = points above the average customer; line: 8 in 10 of the best fifth

value-picture-stability = Move the weights by up to { $shake }, and { $kept } of the best fifth stay
value-picture-stability-few = Move the weights by up to { $shake }, and only { $kept } of the best fifth stay
value-picture-stability-part = up to { $shake } { $kept } ({ $low } to { $high })
value-picture-stability-alt =
    Dots with ranges: share of the best fifth that stays in it when all weights are moved by { $parts }.
value-picture-up-to = up to { $shake }
value-axis-stay = of the best fifth stay in it, %

value-picture-growth = The largest room is in “{ $category }”: { $amount } a year
value-picture-growth-none = No room to grow is known
value-picture-growth-bar = { $amount }, { $n } { PLURAL($n, one: "customer", other: "customers") }
value-picture-growth-alt =
    Bar chart of the room to grow, each customer counted in the category with their largest room: { $bars }.
value-axis-room = { $currency } a year, where each customer has most room
value-axis-room-amount = amount a year, where each customer has most room

value-picture-credit =
    { $poor ->
        [0] Not one
       *[other] { $poor }
    } of { $graded } { PLURAL($graded, one: "customer", other: "customers") } { PLURAL($poor, one: "has", other: "have") } grade D or E
value-picture-credit-overdue =
    { $poor ->
        [0] Not one
       *[other] { $poor }
    } of { $graded } { PLURAL($graded, one: "customer", other: "customers") } { PLURAL($poor, one: "has", other: "have") } grade D or E, with { $overdue } overdue
value-picture-credit-none = How customers pay is not known
value-picture-credit-bar = { $n } { PLURAL($n, one: "customer", other: "customers") }
value-picture-credit-bar-overdue = { $n } { PLURAL($n, one: "customer", other: "customers") }, { $overdue } overdue
value-picture-credit-alt = Bar chart of customers by credit grade: { $bars }.
value-axis-customers-alone = customers
value-grade-A = A: as agreed
value-grade-B = B: small delays
value-grade-C = C: noticeable delays
value-grade-D = D: long delays, or over the limit
value-grade-E = E: very long delays

value-picture-loyalty = Half of the customers score { $score } of 100 or more for loyalty
value-picture-loyalty-none = Loyalty cannot be told yet
value-picture-loyalty-mark = { CAPITAL($mark) }, counts { $weight }
value-picture-loyalty-alt =
    Bar chart of the marks of loyalty: the median, and from where to where the half of the customers around it lie: { $bars }.
value-axis-mark = mark, 0 to 100: median (and the half of customers around it)

value-picture-untested = The history is too short to put the expectation to the test
value-picture-holdout-nobody = Nobody bought in the time that was predicted
value-picture-holdout-same = About as many purchases were expected as came: { $error }, within chance
value-picture-holdout-more = { $error } more purchases were expected than came
value-picture-holdout-fewer = { $error } fewer purchases were expected than came
value-picture-holdout-came = ● came, with interval
value-picture-holdout-expected = ◆ expected ({ $who })
value-picture-holdout-rule = □ { $who }
value-picture-holdout-part = { $frequency }: came { $actual }, expected { $expected }, plain rule { $rule }
value-picture-holdout-alt =
    Dots with intervals and two lines: mean purchases of a customer in { $days } after { $day }, by repeat purchases before:
    { $parts }.
value-axis-repeats = repeat purchases up to { $day }
value-axis-purchases = purchases a customer, { $days }
value-guess-short-shrunk-rate = usual pace, evened out
value-guess-short-past-rate = usual pace goes on
value-guess-short-mean-rate = all like the average
value-guess-short-last-rate = time before repeats
value-guess-short-last-amount = same spend again
value-guess-model = model

value-picture-future = The best tenth of customers should bring { $share } of { $what }
value-picture-future-unknown = Nothing is known of what customers will bring
value-picture-future-nothing = What customers should bring adds up to nothing
value-picture-tenth = { $place }: { $amount }
value-picture-future-alt =
    Bars: mean { $what } expected of a customer within { $horizon }, by tenths of { $n } { PLURAL($n, one: "customer", other: "customers") }, the best first. { $tenths }.
value-axis-tenths = tenths of customers; % is their share of the whole
value-axis-each = { $what } a customer
value-axis-each-in = { $what } a customer, { $unit }
value-axis-each-scaled = { $what } a customer, { $size }s of { $unit }

value-picture-alive = How silence lowers the probability of another purchase
value-picture-alive-one = The longer the silence, the less probable another purchase
value-picture-alive-more = The more often somebody bought, the more a silence says
value-picture-alive-none = Who still buys cannot be told from these data
value-picture-alive-curve = — { $n } repeat { PLURAL($n, one: "purchase", other: "purchases") }
value-picture-alive-falls =
    with { $n } repeat { PLURAL($n, one: "purchase", other: "purchases") } it falls below a half after { $days }
value-picture-alive-stays = with { $n } repeat { PLURAL($n, one: "purchase", other: "purchases") } it stays above a half
value-picture-alive-alt = Lines of the probability that a customer still buys, by days of silence: { $parts }.
value-axis-silence = days since the last purchase
value-axis-alive = probability of still buying, %

## Key figures: valuation_figures, worth_figures

value-figure-customers = Customers
value-figure-bought = who have bought
value-figure-future = Future contribution
value-figure-future-note = expected of today’s customers within { $horizon }
value-figure-future-range = expected of today’s customers within { $horizon }; range if the test’s miss repeats
value-figure-room = Room to grow
value-figure-room-note = a year, as comparable customers spend
value-figure-overdue = Overdue
value-figure-overdue-note = past its day and not paid
value-figure-profit = Profit of the last year
value-figure-profit-note = margin less cost to serve
value-figure-win-back = Customers to win back
value-figure-win-back-note = { $dormant } or { $lost }, once worth at least the median
value-figure-top = Brought by the top { $top }
value-figure-of-all = of all { $measure }
value-figure-80-20 = 80/20
value-figure-80-20-note = do 20 % of customers bring about 80 %?
value-80-20-yes = true
value-80-20-no = not true
value-80-20-uncertain = uncertain
value-figure-concentration = Concentration
value-figure-concentration-note = 0 all alike, 1 one brings all
value-figure-class-a = Class A
value-figure-class-a-note = those it takes for the first { $border } of { $measure }
value-figure-stays = Best fifth that stays
value-figure-stays-note = with weights moved by up to { $shake }

## Tables: show.py

value-yes = yes
value-no = no
value-table-classes = Classes of customers by what they bring
value-class-first = those it takes for the first { $part }
value-class-next = those it takes for the next { $part }
value-class-rest = the rest
value-table-top = Customers with the highest value score, from 0 to 100; an average customer has 50
value-table-weights = What counts how much in the value score; figures of one topic share its weight
value-table-catalogue = All { $all } figures of a customer; { $known } of them are known here
value-table-valuations = What each customer is worth, most { $by } first
value-table-late = Who pays late, and why the grade is D or E, most overdue first
value-table-missing = What could not be valued, and what would bring it
value-table-tests = Expectations put to the test, the nearest customer by customer first
value-table-models = Models of buying and leaving that were tried

value-aspect-characteristics = who they are
value-aspect-transactions = how they buy
value-aspect-finance = what they bring
value-aspect-contact = how they answer
value-better-higher = more is better
value-better-lower = less is better
value-better-neither = neither
value-catalogue-money = money

value-unscored-same = It is the same for every customer.
value-unscored-unknown = It is known for no customer.
value-unscored-no-number = It is no number.
value-unscored-not-given = It is not among the figures given.
value-unscored-neither-better = Neither end of it is better.
value-unscored-unlisted = It is not in the list of figures.
value-unscored-grows = It grows with how much a customer buys.
value-unscored-no-weight = It was given no weight.
value-unscored-nought = Its weight is 0.
value-unscored-not-asked = It was not asked for.

valuation-future = Future contribution
valuation-loyalty = Loyalty
valuation-credit = Credit
valuation-growth = Room to grow
valuation-profitability = Profitability

value-credit-reason-no-invoice = no invoice has been paid or fallen due yet
value-credit-reason-in-time =
    { $n ->
        [1] the only invoice was paid in time
       *[other] all { $n } invoices were paid in time
    }
value-credit-reason-late =
    { $n ->
        [1] the only invoice was { $days } late
       *[other] { $late } of { $n } invoices { PLURAL($late, one: "was", other: "were") } late, by { $days } on average
    }
value-credit-reason-overdue = the oldest open one is { $overdue } overdue
value-credit-reason-limit = { $used } of the credit limit is used
value-credit-reason-few = with so few invoices the grade leans on how other customers pay

value-prediction-rule = plain rule: { $rule }
value-prediction-model = model { $model }
value-fit-it = It
value-fit-asked = Asked for.
value-fit-only = The only one that fits these customers.
value-fit-best = Fits best.
value-fit-first = Fits as well as the best, and comes first in order.
value-fit-stands-in = Needs no fit: stands in.
value-fit-undetermined = These customers do not determine { $detail }: too few seem to leave.
value-fit-level = Fits as well as { $detail }, which comes first in order.
value-fit-behind = Fits less well than the one chosen: AIC { $detail } higher.
