# Who stays, who leaves. Filled by say.py, show.py and draw.py in crmlib/present/reports/churn. What states are called, mean
# and ask for stands in states.ftl.

## Times, periods, outcomes, ways of ranking: time_word, PERIOD_WORDS, outcome_words, WAY_WORDS

churn-time-28 = four weeks
churn-time-91 = three months
churn-time-182 = half a year
churn-time-365 = a year
churn-time-730 = two years
churn-time-1826 = five years

churn-period-week = week
churn-period-month = month
churn-period-quarter = quarter
churn-period-year = year
churn-periods-week = weeks
churn-periods-month = months
churn-periods-quarter = quarters
churn-periods-year = years

churn-not-yet-known = not yet known
churn-no-longer-known = no longer known

churn-outcome-stop = stop
churn-outcome-stop-within = buy nothing within { $horizon }
churn-worth = is worth
churn-worth-lately = brought in the last { $horizon }
churn-column-worth = Value
churn-column-worth-lately = Brought in the last { $horizon }

churn-way-logistic-regression = a weighted sum of the figures
churn-way-decision-tree = a decision tree
churn-way-boosted-trees = many small trees
churn-way-neural-net = a small neural net
churn-way-recency = days since the last order alone
churn-way-category-recency = days since the last order of the category alone
churn-way-probability-alive = the chance of still being a customer, from purchase dates alone
churn-way-probability-alive-modified = the chance of still being a customer, from purchase dates alone (second model)
churn-way-own-rate = each customer’s own pace of buying alone
churn-way-best-single = the best single figure alone
churn-way-base-rate = the same chance for everybody
churn-way-kind-candidate = model
churn-way-kind-baseline = simple rule
churn-line = { CAPITAL($what) }

## The answer: lifecycle_answer, churn_answer, first_step

churn-answer-nobody-known = No customer is known.
churn-answer-nobody-bought = Nobody has bought yet.
churn-answer-all =
    { $share ->
        [unknown] All { $buyers } { PLURAL($buyers, one: "customer", other: "customers") } still { PLURAL($buyers, one: "buys", other: "buy") }.
       *[other] All { $buyers } { PLURAL($buyers, one: "customer", other: "customers") } still { PLURAL($buyers, one: "buys", other: "buy") } and { PLURAL($buyers, one: "brings", other: "bring") } { $share } of a year’s revenue.
    }
churn-answer-some =
    { $share ->
        [unknown] { $buying } of { $buyers } { PLURAL($buyers, one: "customer", other: "customers") } still { PLURAL($buying, one: "buys", other: "buy") }; { $silent } { PLURAL($silent, one: "has", other: "have") } fallen silent.
       *[other] { $buying } of { $buyers } { PLURAL($buyers, one: "customer", other: "customers") } still { PLURAL($buying, one: "buys", other: "buy") } and { PLURAL($buying, one: "brings", other: "bring") } { $share } of a year’s revenue; { $silent } { PLURAL($silent, one: "has", other: "have") } fallen silent.
    }
churn-answer-without-purchase =
    { $total } more { PLURAL($total, one: "is", other: "are") } known without a purchase: { $parts }.
churn-answer-in-touch = { $n } in touch with us
churn-answer-not-in-touch = { $n } not in touch
churn-answer-at-risk =
    { $n ->
        [0] None of { $asked } recent buyers is at risk: no chance of buying nothing in the next { $horizon } reaches { $likely }.
       *[other] { $n } of { $asked } recent buyers { PLURAL($n, one: "is", other: "are") } at risk: { $likely } or more likely to buy nothing in the next { $horizon }.
    }
churn-answer-at-risk-money =
    { $n } of { $asked } recent buyers { PLURAL($n, one: "is", other: "are") } at risk: { $likely } or more likely to buy nothing in the next { $horizon }; in the last { $horizon } { PLURAL($n, one: "that customer", other: "they") } brought { $money }.
churn-answer-at-risk-order =
    { $n } of { $asked } recent buyers { PLURAL($n, one: "is", other: "are") } at risk: { $likely } or more likely to buy nothing in the next { $horizon } (past seasons allow no promise: trust the order, not the number).
churn-answer-likely =
    { $n } of { $asked } { PLURAL($asked, one: "customer", other: "customers") } { PLURAL($n, one: "is", other: "are") } { $likely } or more likely to { $outcome }.
churn-answer-first-at-risk =
    { $n ->
        [one] Call that customer first.
       *[other] Call them first, most revenue at risk first.
    }
churn-answer-first-declining = First call the { $n } { PLURAL($n, one: "customer who is", other: "customers who are") } declining.
churn-answer-first-dormant = First get in touch with the { $n } dormant { PLURAL($n, one: "customer", other: "customers") }, the most valuable first.
churn-answer-first-prospect = First settle the next step with each of the { $n } { PLURAL($n, one: "prospect", other: "prospects") }.
churn-answer-first-nothing = Nothing is urgent: nobody is at risk, declining or dormant.

## Findings, repeated on the index: lifecycle_findings, churn_findings

churn-finding-declining =
    { $revenue ->
        [unknown] { $n } { PLURAL($n, one: "customer", other: "customers") } still { PLURAL($n, one: "buys", other: "buy") }, but clearly less than before.
       *[other] { $n } { PLURAL($n, one: "customer", other: "customers") } still { PLURAL($n, one: "buys", other: "buy") }, but clearly less than before: they brought { $revenue } in the last year.
    }
churn-finding-fell =
    { $revenue ->
        [unknown] Since { $since }, { $n } { PLURAL($n, one: "customer has", other: "customers have") } fallen silent.
       *[other] Since { $since }, { $n } { PLURAL($n, one: "customer has", other: "customers have") } fallen silent, who had brought { $revenue } in the year before.
    }
churn-finding-came-back =
    { $silent ->
        [one] The one customer who was silent then { $back ->
            [0] is so still.
           *[other] buys again now.
        }
       *[other] Of the { $silent } who were silent then, { $back ->
            [0] none buys
            [one] 1 buys
           *[other] { $back } buy
        } again now.
    }
churn-since-then = then

churn-verdict-better =
    { $tested }, the forecast put customers in a better order than the strongest plain rule, { $rule }: right in { $forecast } of pairs, the rule in { $ruled }.
churn-verdict-even =
    { $tested }, the forecast is not shown to put customers in a better order than the strongest plain rule, { $rule }: right in { $forecast } of pairs, the rule in { $ruled }. The rule alone will do.
churn-verdict-worse =
    { $tested }, a plain rule put customers in an order at least as good as the forecast: { $rule }, right in { $ruled } of pairs against { $forecast }. Use the rule.
churn-verdict-alone = { $tested }, there was no plain rule to compare the forecast with.
churn-tested-later = Tested on a later time
churn-tested-unseen = Tested on customers it had not seen

churn-finding-half =
    { $few } { PLURAL($few, one: "customer holds", other: "customers hold") } half of the revenue at risk ({ $share } of those asked about).

## Where each customer stands: lifecycle_figures, plot_stages, stages_paragraph, scale_paragraph, stages_table, stage_list_table

churn-figure-buying = Customers still buying
churn-figure-silent = Customers fallen silent
churn-figure-silent-revenue = Revenue of those fallen silent
churn-figure-last-year = in the last year
churn-figure-staying = Buying on for { $time }
churn-figure-staying-note = of customers, without a long silence

churn-picture-nobody = No customer is known
churn-picture-too-few = Too few customers have been seen for long enough
churn-picture-small-cohorts = Every cohort is too small to be shown on its own
churn-picture-states-silent =
    { $brought ->
        [unknown] { $n } { PLURAL($n, one: "customer has", other: "customers have") } fallen silent
       *[other] { $n } { PLURAL($n, one: "customer has", other: "customers have") } fallen silent; { PLURAL($n, one: "that one", other: "they") } brought { $brought } of a year’s revenue
    }
churn-picture-states-largest = { $share } of customers are { $state }
churn-picture-states-alt = Bar chart of the states of customers: { $parts }.
churn-picture-states-name = { CAPITAL($state) } ({ $n })
churn-picture-states-part =
    { $brought ->
        [unknown] { $state } { $share } of customers
       *[other] { $state } { $share } of customers and { $brought } of revenue
    }
churn-picture-states-unit = share of customers, %
churn-picture-share-unit = share, %
churn-picture-of-customers = of customers
churn-picture-of-revenue = of revenue

churn-states-expected =
    A customer is expected back within { $quiet } their own usual gap, and is given at least { $long_gap }. Whoever is silent for longer is { $dormant }, and for { $lost_times ->
        [2] twice as long
       *[other] { $lost_times } as long
    } { $lost }.
churn-states-period =
    “{ CAPITAL($new) }” and “{ $won_back }” look at the last { $period }; “{ $growing }” and “{ $declining }” compare them with the { $period } before, and leave out changes that may be chance.
churn-scale-own =
    States are measured on the customers’ own scale: half of the customers who bought more than once buy every { $gap } or more often, and three in four never waited longer than { $long_gap }.
churn-scale-assumed =
    States are measured on an assumed scale, because nobody has bought on two days: a gap of { $gap } between purchases counts as usual.
churn-scale-house =
    All customers of long enough standing together spent { $share } { $way ->
        [churn-way-up] more
       *[other] less
    } in the last { $period } than in the { $period } before; see “{ $growing }” and “{ $declining }” against that.
churn-way-up = more
churn-way-down = less

churn-table-states = The states of customers; revenue is that of the last year
churn-table-state-list = Customers by state, most spend in the last year first

## Who moved where: plot_moves, moves_paragraph, moves_table

churn-moves-known =
    { $dated ->
        [churn-both-dates] Of { $known } { PLURAL($known, one: "customer", other: "customers") } known at both dates, { $moved ->
            [0] none is
            [one] 1 is
           *[other] { $moved } are
        } in another state now.
       *[other] Of { $known } { PLURAL($known, one: "customer", other: "customers") } known on { $dated }, { $moved ->
            [0] none is
            [one] 1 is
           *[other] { $moved } are
        } in another state now.
    }
churn-both-dates = both dates
churn-two-days = { $before } and { $after }
churn-moves-largest = The largest moves: { $moves }.
churn-moves-one =
    { $revenue ->
        [unknown] from “{ $before }” to “{ $after }” ({ $n })
       *[other] from “{ $before }” to “{ $after }” ({ $n }, who had brought { $revenue } in the year before)
    }
churn-moves-newcomers = { $n } { PLURAL($n, one: "customer was", other: "customers were") } not yet known then.

churn-picture-moves = { $share } of customers changed their state
churn-picture-moves-since = { $share } of customers changed their state since { $since }
churn-picture-moves-newcomers = Everybody is a newcomer
churn-picture-moves-name = { CAPITAL($state) } ({ $n })
churn-picture-moves-axis =
    rows: { $before }; columns: { $after }
churn-picture-moves-axis-unit = % of each row
churn-picture-before = before
churn-picture-after = after
churn-picture-on = on { $day }
churn-picture-moves-part = from { $before } to { $after } { $n } { PLURAL($n, one: "customer", other: "customers") }
churn-picture-moves-alt = Table of colours, states { $before } against states { $after }. Most frequent moves: { $moves }.
churn-table-moves = Who changed state
churn-table-moves-dated = Who changed state from { $before } to { $after }

## How long customers stay: plot_retention, plot_cohorts, retention_paragraph, cohort_table

churn-stay-next =
    In the { $unit } after a first purchase { $share } of customers bought again.
churn-stay-next-later =
    In the { $unit } after a first purchase { $share } of customers bought again; in { $unit } { $nth } after it, { $later } of those who have been seen for that long.
churn-stay-too-new = Too few customers bought first after the data begin to say how many come back.
churn-stay-first-cohort =
    The first cohort ({ $first }) is left out of this: the data begin there, so that it may hold customers who had bought before.
churn-stay-too-short = Too few customers have been seen for long enough to say how long customers stay.
churn-stay-share =
    { $share } of customers buy on for { $time } or longer before their first long silence ({ $limit }).
churn-stay-share-likely =
    { $share } of customers (likely { $range }) buy on for { $time } or longer before their first long silence ({ $limit }).
churn-stay-limit-given = { $limit } without a purchase
churn-stay-limit-own =
    { $quiet } the own usual gap without a purchase; for half of customers that is { $limit } or less
churn-stay-back =
    { $share ->
        [0] None of those who fell silent has bought again so far.
       *[other] Silence is not always the end: { $share } of those who fell silent have bought again so far.
    }
churn-stay-groups-alike = By { $what }, no group falls silent sooner or later than the others beyond chance.
churn-stay-groups = By { $what }, { $parts } than the others, beyond chance.
churn-stay-sooner = { $groups } { $n ->
        [one] falls
       *[other] fall
    } silent sooner
churn-stay-later = { $groups } { $n ->
        [one] falls
       *[other] fall
    } silent later
churn-stay-by-cohort = time of first purchase
churn-stay-until = { $year } and before
churn-stay-old-group =
    “{ $first }” may hold customers who had bought before the data begin, which by itself would make it look steadier.

churn-picture-stay =
    { $share } of customers buy on for { $time } without a long silence
churn-picture-stay-axis = not yet silent, %
churn-picture-stay-days = days since the first purchase; band: likely range
churn-picture-stay-part = { $group } { $share }
churn-picture-stay-part-likely = { $group } { $share } ({ $range })
churn-picture-stay-alt =
    Curves of the share of customers who have not yet fallen silent, over { $until }. After { $time }: { $parts }.
churn-picture-cohorts = { $share } of new customers came back in the { $unit } after their first purchase
churn-picture-cohorts-axis = { $units } after the first purchase
churn-picture-cohorts-axis-unit = % of the cohort that bought; white: not yet over
churn-picture-cohorts-part = { $k }: { $share }
churn-picture-cohorts-alt =
    Table of colours, { $n } { PLURAL($n, one: "cohort", other: "cohorts") } of first purchase by { $units } after it. Share of customers who bought, over all cohorts that are known, by { $unit }: { $parts }.
churn-table-cohorts =
    { $left ->
        [0] Share of each cohort that bought in the { $units } after the first; a dash where not yet over
       *[other] Share of each cohort that bought in the { $units } after the first; a dash where not yet over; { $left } { PLURAL($left, one: "cohort", other: "cohorts") } of fewer than { $least } customers left out
    }

## Who is at risk: churn_figures, plot_risk, risk_paragraph, at_risk_table

churn-figure-at-risk = Customers at risk
churn-figure-at-risk-note = { $likely } or more likely to { $outcome }
churn-figure-expected = Expected to { $outcome }
churn-figure-expected-note =
    { $horizon ->
        [unknown] of { $asked } { PLURAL($asked, one: "customer", other: "customers") }
       *[other] of { $asked } { PLURAL($asked, one: "customer", other: "customers") }, within { $horizon }
    }
churn-figure-money = Revenue at risk

churn-risk-expected =
    The chances of all { $asked } who are asked about add up to about { $expected } who will { $outcome }: some will who are not on the list.
churn-risk-list =
    { $n ->
        [one] On the list is the only customer with a chance of { $likely } or more, with the figures that stand out most.
       *[other] On the list are the { $n } customers with a chance of { $likely } or more, the largest { $order } first, each with the figures that stand out most.
    }
churn-risk-order-money = revenue at risk
churn-risk-order-chance = chance
churn-risk-left-out =
    Not on it: { $parts }.
churn-risk-below = { $n } with a lower chance
churn-risk-silent = the { $n } who are { $dormant } or { $lost }
churn-risk-not-asked = the { $n } who buy but did so last more than { $active } ago
churn-risk-nobody = Nobody’s chance to { $outcome } reaches { $likely }, so there is no list.
churn-risk-ask = Ask before you offer: a discount for somebody who would have stayed anyway is lost.

churn-table-at-risk-money = Customers at risk, the largest revenue at risk first
churn-table-at-risk = Customers most likely to { $outcome }, the likeliest first

churn-picture-risk = { $share } of customers hold half of the revenue at risk
churn-picture-risk-unknown = What customers would bring is not known
churn-picture-risk-chance = chance to { $outcome }, %
churn-picture-risk-diamonds = diamonds: hold half of the risk
churn-picture-risk-worth = { $worth }, { $currency }
churn-picture-risk-alt =
    Dots of { $n } { PLURAL($n, one: "customer", other: "customers") }: chance to { $outcome } against what each brought. { $few } { PLURAL($few, one: "customer holds", other: "customers hold") } half of the revenue at risk.{ $left ->
        [0] { "" }
       *[other] { " " }{ $left } { PLURAL($left, one: "customer who brought nothing is", other: "customers who brought nothing are") } not drawn.
    }

churn-reason-nothing = nothing stands out
churn-reason-several = no single figure: several a little each, or what is not known
churn-reason-figure = { $figure } { $value } (ordinary: { $usual })

## What announces that somebody leaves: plot_drivers, drivers_paragraph, tree_block

churn-drivers-most = The forecast rests most on { $figures }.
churn-drivers-none =
    No single figure carries the forecast: with any one of them shuffled, customers are ranked about as well, because others say much the same.
churn-drivers-both = Likelier to { $outcome } are customers with high figures for { $high } and low ones for { $low }.
churn-drivers-high = Likelier to { $outcome } are customers with high figures for { $high }.
churn-drivers-low = Likelier to { $outcome } are customers with low figures for { $low }.
churn-drivers-no-cause = A figure that goes along with a loss need not be its cause: changing it may change nothing.
churn-drivers-no-cause-buy = A figure that goes along with a purchase need not be its cause.

churn-picture-drivers = The forecast rests most on { $figure }
churn-picture-drivers-none = No single figure carries the forecast
churn-picture-drivers-nothing = No figure tells customers apart
churn-picture-drivers-more = high: likelier
churn-picture-drivers-less = low: likelier
churn-picture-drivers-axis = fewer pairs ranked rightly without it, points
churn-picture-drivers-grey = grey: within chance
churn-picture-drivers-part = { $figure } { $loss } ({ $range })
churn-picture-drivers-alt = Bars, points of pairs ranked rightly that are lost without each figure: { $parts }.

churn-tree-none = No rules were made: the decision tree was not among the ways tried, or found nothing.
churn-tree-is = { $figure } is { $level }
churn-tree-is-not = { $figure } is not { $level }
churn-tree-at-most = { $figure } { $limit } or less
churn-tree-over = { $figure } over { $limit }
churn-tree-or-not-known = { $branch } or not known
churn-table-tree = Rules in words: who did { $outcome }, the likeliest first (customers learnt from)

## Whether the forecast can be trusted: plot_lift, trust_paragraph, comparison, calibration

churn-trust-later =
    It learnt from what was known on { $moments }, and from what customers did in the { $horizon } after. It was tested on a later time that none of it reaches into, { $begin } to { $end }.
churn-trust-ordered = It learnt from earlier customers, and was tested on the later ones, from { $begin } on.
churn-trust-in-turn =
    No later time could be tested, since no date is given: customers were cut into { $folds } parts, and each part was judged by forecasts that had learnt from the others.
churn-trust-outcome =
    In the test, { $hits } of { $customers } { PLURAL($customers, one: "customer", other: "customers") } ({ $share }) did { $outcome }.
churn-trust-chosen =
    Of { $ways } { PLURAL($ways, one: "way", other: "ways") } to forecast it, the one that did best before the test: { $way }. Given one customer who did { $outcome } and one who did not, it puts the first one higher in { $pairs } of cases (likely { $range }); tossing a coin does in { $coin }.
churn-trust-better = It ranks customers better than { $rule }, by { $gain } (likely { $range }).
churn-trust-not-better = It is not shown to rank customers better than { $rule }: the difference is { $gain } (likely { $range }).

churn-note-alive-second =
    The usual model of buying and leaving could not be fitted to these purchases, so its second form stands in.
churn-note-own-rate =
    No model of buying and leaving could be fitted, so each customer’s own pace of buying stands in.
churn-note-some = It learnt from { $drawn } of { $customers } customers, drawn at random, and was tested on all.
churn-note-some-tested = It learnt from { $drawn } of { $customers } customers, drawn at random, and was tested on { $tested } of { $asked }, drawn in the same way: the likely ranges hold what that leaves open.
churn-note-stands = It was learnt from what was known on { $day } and stands since then; its test is of that time, the customers are those of now.
churn-note-best-single = The best single figure is { $figure }.

churn-calibration-groups =
    Customers were put into groups of like probability: in { $inside } of { $groups } { PLURAL($groups, one: "group", other: "groups") } what happened agrees with what was expected, as far as chance allows.
churn-calibration-all =
    All in all { $expected } were expected to { $outcome }, and { $observed } did.
churn-calibration-level =
    Now { $expected } ({ $range }) are expected to { $outcome }; on past days such a range held in { $inside } of { $tried } cases.
churn-calibration-no-level =
    One test says nothing of another season: without two of each, how many will do so is not promised, only who is likelier.
churn-calibration-order =
    In some groups { $way ->
        [churn-way-up] more
       *[other] fewer
    } did than expected: read the probabilities as an order of customers rather than as exact chances.

churn-picture-ways-better = The forecast ranks customers better than any simple rule
churn-picture-ways-even = The forecast is not shown to beat the simple rule: { $rule }
churn-picture-ways-worse = A simple rule ranks customers as well as the forecast: { $rule }
churn-picture-ways-chosen = { $pairs } chosen
churn-picture-ways-axis = pairs of customers ranked rightly, %
churn-picture-ways-coin = { $coin } is chance; diamonds: simple rules
churn-picture-ways-part = { $way } { $pairs } ({ $range })
churn-picture-ways-alt = Dots with ranges, pairs of customers ranked rightly: { $parts }.

churn-picture-calibration =
    In { $inside } of { $groups } { PLURAL($groups, one: "group", other: "groups") } what was expected came true, within chance
churn-picture-calibration-once =
    In one test, { $inside } of { $groups } { PLURAL($groups, one: "group", other: "groups") } came out as expected; other seasons may not
churn-picture-calibration-axis = expected to { $outcome }, %
churn-picture-calibration-squares = squares: off by more than chance
churn-picture-calibration-did = did so, %
churn-picture-calibration-all = if all came true
churn-picture-calibration-part = { $expected } expected, { $observed } observed ({ $range })
churn-picture-calibration-alt = Dots with ranges, expected against observed: { $parts }.

churn-picture-lift = The likeliest { $first } held { $found } of those who did { $outcome }
churn-picture-lift-axis = customers called, likeliest first, %
churn-picture-lift-dashed = dashed: called by chance
churn-picture-lift-did = of those who did, %
churn-picture-lift-part = { $at } reach { $found }
churn-picture-lift-alt = Curve of those found over customers called, likeliest first: { $parts }.
churn-picture-lift-alt-rule =
    Curve of those found over customers called, likeliest first: { $parts }. By { $rule }, { $first } reach { $found }.

churn-table-ways = Ways to forecast, tested on customers they had not seen (ranges: { $level })
churn-table-refused = Figures that were refused because they know the outcome
churn-refused-none =
    No figure was refused: none tells the outcome by itself, which would mean that it is known only afterwards.

## What these figures do not say: lifecycle_limits, churn_limits

churn-limits-silence =
    A state is set by fixed limits. Silence does not say why somebody is silent, and a dormant customer may buy tomorrow.
churn-limits-bought-once =
    How often customers buy is measured on those who bought at least twice; who bought once is assumed to be like them.
churn-limits-won-deals = There are no orders in these data: a deal that was won counts as a purchase.
churn-limits-new =
    Whoever bought first soon after the data begin is not called { $new }, because an earlier purchase would not be seen.
churn-limits-chance =
    By chance alone about one steady customer in { $one_in } looks as if growing, and one as if declining.
churn-limits-seasons = Seasons are not taken out: before a feast many customers seem to grow, after it to decline.
churn-limits-still-here =
    Customers who have not yet been silent for too long count for as long as they were seen, neither as gone nor as staying for good.
churn-limits-too-new =
    { $n } { PLURAL($n, one: "customer", other: "customers") } bought first too recently to tell, and { PLURAL($n, one: "is", other: "are") } in none of the curves.
churn-limits-no-forecast = Who is at risk cannot be said here.
churn-limits-no-why =
    The forecast says who is likely to, not why, nor who would change their mind if called: that takes a trial in which some are left alone.
churn-limits-come-back = Stopping means no purchase for { $horizon }. Some of these customers come back later.
churn-limits-not-later =
    It was not tested on a later time, since no date is known; expect it to do less well.
churn-limits-not-better = It is not shown to rank customers better than { $rules }.
churn-limits-refused = Refused because they know the outcome: { $figures }.
churn-limits-left-out = Left aside because they say the same as another figure, or nothing: { $figures }.
churn-limits-undated =
    Records of customers keep no history, so these are as they are now, in the test too: { $figures }. Where one was changed because somebody stopped, the test looks better than it should.
churn-limits-unknown =
    What is not known of a customer is treated as ordinary; that it is not known may count, but is never given as a reason.

