# Forecast and plan. Filled by crmlib/present/reports/forecast: say.py (sentences), show.py (figures, tables),
# draw.py (pictures).

## What is forecast, in which unit: MEASURE_WORDS, amount, horizon_words

forecast-measure-net-amount = sales
forecast-measure-quantity = pieces sold
forecast-measure-margin = margin
forecast-measure-order-count = orders
forecast-measure-won-amount = won deals

forecast-amount-quantity = { $n } { PLURAL($n, one: "piece", other: "pieces") }
forecast-amount-order-count = { $n } { PLURAL($n, one: "order", other: "orders") }
forecast-unit-quantity = pieces
forecast-unit-order-count = orders

forecast-horizon-month = { $n } { PLURAL($n, one: "month", other: "months") }
forecast-horizon-week = { $n } { PLURAL($n, one: "week", other: "weeks") }
forecast-horizon-day = { $n } { PLURAL($n, one: "day", other: "days") }
forecast-unit-month = month
forecast-unit-week = week

## A period as it is spoken: period_words

forecast-month = { $month }
forecast-quarter-1 = the first quarter of { $year }
forecast-quarter-2 = the second quarter of { $year }
forecast-quarter-3 = the third quarter of { $year }
forecast-quarter-4 = the fourth quarter of { $year }
forecast-year = { $year }
forecast-days = { $first } to { $last }

## How each method goes about it, as it follows "by" or a colon: WAYS

forecast-way-pipeline-time-in-stage = each deal’s stage and the time it has been there
forecast-way-pipeline-stage-weights = the win rate of each deal’s stage
forecast-way-pipeline-a-year-earlier = what was won in the same time a year earlier
forecast-way-pipeline-lately = the pace of the last months
forecast-way-sales-a-year-earlier = the same time a year earlier
forecast-way-sales-last-year-grown = last year’s sales with growth
forecast-way-sales-lately = the average of the last three periods
forecast-way-sales-smoothing = a smoothed level
forecast-way-sales-differences = changes from period to period
forecast-way-sales-drifting-line = trend and season
forecast-way-sales-average = the average of several methods

## The answer: forecast_answer

forecast-answer-expected =
    { $bounds ->
        [unknown] We expect { $amount } of { $what } from { $first } to { $last }.
       *[other] We expect { $amount } of { $what } by { $last } ({ $bounds }; { $inside } of { $tried } past ranges held).
    }
forecast-error-pipeline = { $money } ({ $pct })
forecast-error-sales = { $money } a { $unit } ({ $pct })
forecast-answer-trust =
    { $better ->
        [yes] Past errors: { $error }, against { $plain } for the best plain rule, { $rule }.
        [no] Past errors: { $error }; a plain rule was closer ({ $rule }: { $plain }).
       *[other] Past errors: { $error }, much like the best plain rule’s ({ $rule }: { $plain }).
    }
forecast-answer-plain-won = No method beat the plain rule: { $rule } (past error: { $error }).
forecast-answer-untested = It rests on a plain rule, { $rule }, which could not be tested here.
forecast-answer-thin = With { $history } of history, neither level nor range is promised: it follows { $rule }.
forecast-answer-wide = Past errors were too large to promise a level or a range: { $error }.
forecast-answer-do-gap = First find { $gap } more { $what } to reach the plan for { $when }.
forecast-answer-do-missed = First decide how to make up the { $gap } that { $when } fell short of its plan.
forecast-answer-do-deals = First work on open deals: { $open } is to come from them.
forecast-answer-do-plan = First set a target to hold this against.
forecast-answer-do-check = First hold this against what your sales team knows of the coming { $horizon }.

## Findings, repeated on the index: forecast_findings

forecast-finding-year =
    { $way ->
        [up] { CAPITAL($what) } of the next { $horizon } are expected { $far } above the same time a year earlier, at { $amount }.
        [down] { CAPITAL($what) } of the next { $horizon } are expected { $far } below the same time a year earlier, at { $amount }.
       *[level] { CAPITAL($what) } of the next { $horizon } are expected at { $amount }, level with a year earlier.
    }
forecast-finding-unpromised =
    { CAPITAL($what) } of the next { $horizon } would be { $amount } by { $rule }; past forecasts allow no promise.
forecast-finding-now = { CAPITAL($what) } of the next { $horizon } are expected at { $amount }.

## What will come in: history_paragraph, parts_paragraph

forecast-said-way =
    { $plain ->
        [yes] The forecast follows a plain rule: { $rule }.
       *[no] The forecast goes by { $rule }; by the best plain rule, { $other }, it would be { $before }.
    }
forecast-said-open =
    { $open } of it is to come from deals that are open now, { $new } from deals that are yet to be opened.
forecast-said-parts =
    The largest { $shown } of { $all } bring { $share } of what is expected, and all together make up the total.
forecast-note-amounts-filled =
    { $n } of { $of } open deals { PLURAL($n, one: "has", other: "have") } no amount; each counts with the usual amount
    of won deals of the same product, category or size of customer.
forecast-note-amounts-known-late =
    { $n } of { $of } open deals { PLURAL($n, one: "has", other: "have") } no amount that counts, since amounts are known
    only once a deal is closed; each counts with the usual amount of won deals of the same product, category or size
    of customer.
forecast-note-no-created-day =
    { $n } open { PLURAL($n, one: "deal", other: "deals") } without a date of creation { PLURAL($n, one: "was", other: "were") } left out.
forecast-note-no-closed-day =
    { $n } closed { PLURAL($n, one: "deal", other: "deals") } without a closing date { PLURAL($n, one: "was", other: "were") } left out.
forecast-note-no-stage =
    { $n } open { PLURAL($n, one: "deal", other: "deals") } whose stage is not known { PLURAL($n, one: "counts", other: "count") } as just begun.
forecast-note-running-left-out = The { $unit } that began on { $day } was not over and is left out of the past.
forecast-note-first-left-out = The { $unit } that began on { $day } is left out: the data begin later in it.
forecast-note-known-cost = Margin counts lines whose cost is known.
forecast-note-parts-fitted =
    Each part was forecast by itself; then all were changed in one proportion ({ $changed }), so that they add up to
    the whole.
forecast-note-after-stop = Sales stood still until { $day }: only what came from then on is learnt from.
forecast-note-missing-filled =
    { $n } { PLURAL($n, one: "period", other: "periods") } without sales { PLURAL($n, one: "is", other: "are") } taken for missing, and filled from { PLURAL($n, one: "its", other: "their") } neighbours.
forecast-note-parts-apart = Each part was forecast by itself, so the parts need not add up to the whole.
forecast-note-others-together =
    { $n } smaller { PLURAL($n, one: "part stands", other: "parts stand together") } as “all others”.

## How far it can be trusted: backtest_paragraph

forecast-past-none = The history is too short to try the forecast on the past.
forecast-past-deals =
    The forecast was made again for { $tried } past { PLURAL($tried, one: "day", other: "days") }, with the deals as they
    were known then, and held against what was won in the { $horizon } that followed.
forecast-past-sales =
    The forecast was made again for { $tried } past { PLURAL($tried, one: "day", other: "days") }, with sales as they were
    known then, and held against what was sold in the { $horizon } that followed.
forecast-past-held = In { $inside } of { $tried } the result lay within the range; { $level } should.
forecast-past-single = For a single { $unit } the range is wider, in proportion, than for the whole.
forecast-past-unpromised = That is too little, or was too far off, to give a range.
forecast-past-narrow = The range was too narrow on the past: take it as the least that may happen.
forecast-past-rules = Past errors of each method: { $rules }.
forecast-past-rule = { $rule } { $error }
forecast-past-bias =
    { $way ->
        [high] Over all of them it was { $far } too high.
       *[low] Over all of them it was { $far } too low.
    }

## The plan: plan_answer, plan_paragraph

forecast-plan-over =
    { $way ->
        [above] In { $when } { $what } came to { $actual }, { $far } above the plan of { $target }.
        [below] In { $when } { $what } came to { $actual }, { $far } below the plan of { $target }.
        [on] In { $when } { $what } came to { $actual }, exactly the plan.
       *[no-target] In { $when } { $what } came to { $actual }; the plan was { $target }.
    }
forecast-plan-ahead = The plan for { $what } in { $when } is { $target }{ $so_far }{ $coming }{ $verdict }.
forecast-plan-none = { "" }
forecast-plan-so-far = ; { $actual } is reached so far
forecast-plan-coming =
    { $bounds ->
        [unknown] ; we expect { $expected } by its end
       *[other] ; we expect { $expected } by its end ({ $bounds })
    }
forecast-plan-verdict-on-course = , so it is on course
forecast-plan-verdict-behind = , so it is expected to fall short
forecast-plan-verdict-open = , so it is open either way
forecast-plan-keys = Of { $all } { PLURAL($all, one: "target", other: "targets") } by { $by } for { $what } in { $when }: { $states }.
forecast-plan-state-reached = { $n } reached
forecast-plan-state-on-course = { $n } on course
forecast-plan-state-open = { $n } open either way
forecast-plan-state-behind = { $n } expected to fall short
forecast-plan-state-missed = { $n } missed
forecast-plan-state-unknown = { $n } not to be judged yet
forecast-plan-short-over =
    Those that missed lack { $amount } in all.
forecast-plan-short-ahead =
    Those that are expected below target lack { $amount } in all.
forecast-plan-note-no-target =
    For { $n } { $by ->
        [forecast-by-customer] { PLURAL($n, one: "customer", other: "customers") }
        [forecast-by-product] { PLURAL($n, one: "product", other: "products") }
        [forecast-by-category] { PLURAL($n, one: "category", other: "categories") }
        [forecast-by-department] { PLURAL($n, one: "department", other: "departments") }
        [forecast-by-employee] { PLURAL($n, one: "employee", other: "employees") }
        [forecast-by-region] { PLURAL($n, one: "region", other: "regions") }
       *[other] { PLURAL($n, one: "part", other: "parts") }
    } there are results and no target.
forecast-plan-note-unknown-key =
    For { $n } { $by ->
        [forecast-by-customer] { PLURAL($n, one: "customer", other: "customers") }
        [forecast-by-product] { PLURAL($n, one: "product", other: "products") }
        [forecast-by-category] { PLURAL($n, one: "category", other: "categories") }
        [forecast-by-department] { PLURAL($n, one: "department", other: "departments") }
        [forecast-by-employee] { PLURAL($n, one: "employee", other: "employees") }
        [forecast-by-region] { PLURAL($n, one: "region", other: "regions") }
       *[other] { PLURAL($n, one: "part", other: "parts") }
    } there is a target, though { PLURAL($n, one: "it is", other: "they are") } not known here.
forecast-plan-note-left =
    { $n } { PLURAL($n, one: "target is for somebody who has", other: "targets are for people who have") } left.
forecast-plan-note-unpriced-adds =
    { $amount } of the difference was added without a price: lines without a quantity, and products of which more came
    back than was sold.
forecast-plan-note-unpriced-takes =
    { $amount } of the difference was lost without a price: lines without a quantity, and products of which more came
    back than was sold.

forecast-by-total = the whole
forecast-by-owner = owner
forecast-by-customer = customer
forecast-by-product = product
forecast-by-category = category
forecast-by-department = department
forecast-by-employee = employee
forecast-by-region = region

## Why sales differ: split_paragraph

forecast-split-moved =
    { $way ->
        [up] Sales were { $far } above the same days a year earlier: { $parts }.
        [down] Sales were { $far } below the same days a year earlier: { $parts }.
       *[level] Sales were level with the same days a year earlier: { $parts }.
    }
forecast-split-means =
    Volume is more or fewer pieces at the average price of then; mix is dearer or cheaper products among them, new and
    dropped ones included.
forecast-split-plus = { $part } +{ $amount }
forecast-split-minus = { $part } −{ $amount }
forecast-split-price = prices
forecast-split-volume = volume
forecast-split-mix = mix
forecast-split-other = lines without a price

## Limits and what is missing: forecast_limits, plan_limits, missing_limits

forecast-limits-nothing-open = No deal is open, so the forecast follows { $rule }.
forecast-limits-few-pasts =
    Only { $n } past { PLURAL($n, one: "day", other: "days") } could be tried, too few to choose a method by: the forecast
    follows { $rule }.
forecast-limits-no-past = The history is too short to try the forecast on the past: it follows { $rule }.
forecast-limits-short-history =
    { $unit ->
        [forecast-unit-week] The history has { $n } whole { PLURAL($n, one: "week", other: "weeks") }, too few to choose a method by: the forecast follows { $rule }.
       *[other] The history has { $n } whole { PLURAL($n, one: "month", other: "months") }, too few to choose a method by: the forecast follows { $rule }.
    }
forecast-limits-no-bounds = How far off that was before could not be tried, so no range is given.
forecast-limits-no-stage-history = No history of stages is kept: all open deals count as in one stage, by their age.
forecast-limits-no-example-deals =
    A change of prices, people or market that has no example in the past is not in the forecast of deals; amounts are
    those noted in the deals today.
forecast-limits-no-example-sales =
    A change that has no example in the past, such as a new competitor or price, is not in the forecast of sales.
forecast-limits-season =
    The ranges come from how far past forecasts were off. A season unlike any of the { $history } behind them can fall
    outside.
forecast-limits-shared-out =
    What is expected by { $by } is its share of the last { $months } months in the forecast of the whole.
forecast-limits-no-forecast = Nothing can be forecast yet for { $measures }, so no end of the period is given.
forecast-limits-not-split =
    The difference to a year before is not split into price, volume and mix: that needs quantities, and sales in the
    same days a year earlier.
forecast-limits-plan-ends =
    { $planned ->
        [forecast-by-total] Targets by { $by } for { $what } end on { $day }; for the time after there is only a target for the whole.
        [none] Targets by { $by } for { $what } end on { $day }, with none yet for the time after.
       *[other] Targets by { $by } for { $what } end on { $day }; for the time after there are targets by { $planned } only.
    }
forecast-limits-plan-ended =
    { $planned ->
        [forecast-by-total] Targets by { $by } for { $what } ended on { $day }; since then there is only a target for the whole.
        [none] Targets by { $by } for { $what } ended on { $day }, and the time since then has none.
       *[other] Targets by { $by } for { $what } ended on { $day }; since then there are targets by { $planned } only.
    }
forecast-limits-no-table-deals = Deals are not forecast: the table “{ $table }” would bring it.
forecast-limits-none-deals = Deals are not forecast: that takes deals that were opened and won on known days.
forecast-limits-no-table-sales = Sales are not forecast: the table “{ $table }” would bring it.
forecast-limits-none-sales = Sales are not forecast: there is no whole month of sales yet.
forecast-limits-no-table-plan = There is no comparison with a plan: the table “{ $table }” would bring it.
forecast-limits-none-plan = There is no comparison with a plan: no target fits the time looked at.

## Key figures: forecast_figures, plan_figures

forecast-figure-expected = Expected { $what }
forecast-figure-next = in the next { $horizon }
forecast-figure-unpromised = in the next { $horizon }; a guide, not a promise
forecast-figure-open = Of it from open deals
forecast-figure-open-note = the rest from new deals
forecast-figure-error = Usual error
forecast-figure-error-note = { $money } on average; best plain rule: { $plain }
forecast-figure-error-alone = { $money } on average
forecast-figure-held = Past ranges that held
forecast-figure-held-note = of { $tried }; { $level } should
forecast-figure-plan = Plan for { $what }
forecast-figure-reached = Reached
forecast-figure-reached-note = of the plan
forecast-figure-reached-so-far = of the plan so far
forecast-figure-plan-expected = Plan expected to be reached
forecast-figure-plan-expected-note = by the end of { $when }

## Tables

forecast-table-periods = Expected { $what } by { $unit }, with ranges for { $level }; plain rule: { $rule }
forecast-table-periods-unpromised = Expected { $what } by { $unit }; plain rule: { $rule }
forecast-table-parts = Expected { $what } in the next { $horizon } by { $by }
forecast-table-ways = Methods tried on the past; the last range says how much closer the chosen one was
forecast-table-plan = Plan and result by { $by }
forecast-table-plan-total = Plan and result for the whole
forecast-table-missing = Targets by { $by } that are missing or late
forecast-table-split = Sales against the same days a year before, by { $by }
forecast-key-all = all
forecast-key-others = all others
forecast-key-unknown = not known

forecast-stands-reached = reached
forecast-stands-on-course = on course
forecast-stands-open = open either way
forecast-stands-behind = expected to fall short
forecast-stands-missed = missed

forecast-gap-no-target = Results, no target
forecast-gap-unknown-key = Target for an unknown name
forecast-gap-left = Target for somebody who left
forecast-gap-partly = Target for part of the period
forecast-gap-not-planned = No target for the running period
forecast-gap-no-next = No target for the next period
forecast-gap-set-late = Target set late
forecast-gap-not-computed = Cannot be measured here

forecast-gap-says-no-target = Reached in the period, and no target was set.
forecast-gap-says-unknown-key = The plan names one that is not known here.
forecast-gap-says-left = Left on { $day }; the target stands.
forecast-gap-says-partly = The targets are for { $days } { PLURAL($days, one: "day", other: "days") } of the period.
forecast-gap-says-not-planned =
    { $planned ->
        [none] The last target ended on { $day }; the time since then has none.
        [forecast-by-total] The last target ended on { $day }; since then there is only one for the whole.
       *[other] The last target ended on { $day }; since then there are only those by { $planned }.
    }
forecast-gap-says-no-next =
    { $planned ->
        [none] The targets end on { $day }, and there is none yet for the time after.
        [forecast-by-total] The targets end on { $day }; for the time after there is only one for the whole.
       *[other] The targets end on { $day }; for the time after there are only those by { $planned }.
    }
forecast-gap-says-set-late = Set on { $day }, { $days } { PLURAL($days, one: "day", other: "days") } into the period.
forecast-gap-says-not-computed = The data have nothing that this target could be held against.

## Pictures

forecast-picture-coming = { $amount } of { $what } expected in the next { $horizon }
forecast-picture-unpromised = { $amount } of { $what } in the next { $horizon } would be a guide, not a promise
forecast-picture-unpromised-key = blue: expected, without a range
forecast-picture-coming-key = blue: expected, with the range for { $level }
forecast-picture-coming-key-plain = diamonds: the best plain rule
forecast-picture-coming-alt =
    { $bounds ->
        [unknown] Line of { $n } past { PLURAL($n, one: "period", other: "periods") } of { $what }, the last at { $last }; { $amount } expected in all.
       *[other] Line of { $n } past { PLURAL($n, one: "period", other: "periods") } of { $what }, the last at { $last }; { $amount } expected in all ({ $bounds }).
    }
forecast-picture-axis-each = { $what } a { $unit }
forecast-picture-axis-whole = { $what } in { $horizon }
forecast-picture-past = { $inside } of { $tried } past ranges held the result
forecast-picture-past-off = Past forecasts were off by { $pct } on average
forecast-picture-past-off-key = blue: the forecast; dots: the result
forecast-picture-past-off-alt =
    Marks and dots, { $tried } past { PLURAL($tried, one: "forecast", other: "forecasts") } of { $what } over { $horizon }:
    on average they were off by { $pct }; in the last one { $amount } was expected and { $actual } came in.
forecast-picture-past-none = Too little history to try the forecast on the past
forecast-picture-past-made = day of the forecast
forecast-picture-past-key = blue: the forecast with its range; dots: the result
forecast-picture-past-outside = (squares: outside the range)
forecast-picture-past-alt =
    Ranges and dots, { $tried } past { PLURAL($tried, one: "forecast", other: "forecasts") } of { $what } over { $horizon }:
    the result lay within the range in { $inside }; in the last one { $amount } was expected and { $actual } came in.
forecast-picture-scale-thousand = thousand
forecast-picture-scale-million = million
forecast-picture-scale-billion = billion

forecast-picture-plan-short-over = { $n } of { $all } targets for { $when } { PLURAL($n, one: "was", other: "were") } missed
forecast-picture-plan-short-ahead = { $n } of { $all } targets for { $when } { PLURAL($n, one: "is", other: "are") } expected to be missed
forecast-picture-total-over =
    { $way ->
        [above] { CAPITAL($when) } ended { $far } above the plan
        [below] { CAPITAL($when) } ended { $far } below the plan
        [on] { CAPITAL($when) } ended exactly on plan
       *[no-target] { CAPITAL($when) }: plan and result
    }
forecast-picture-total-on-course = The plan for { $when } is on course
forecast-picture-total-behind = The plan for { $when } is expected to be missed
forecast-picture-total-open = The plan for { $when } is open either way
forecast-picture-total-unknown = The plan for { $when } cannot be judged yet
forecast-picture-plan-share = { $share } of plan
forecast-picture-plan-key-over = bar: reached; line: plan
forecast-picture-plan-key-ahead = bar: reached; line: plan; dot and range: expected end
forecast-picture-plan-numbered = no. { $place }
forecast-picture-plan-total = total
forecast-picture-plan-alt = Bars with a line for the plan, { $what }: { $rows }.
forecast-picture-plan-alt-row = { $part } reached { $actual } of { $target }
forecast-picture-split-none = Why sales differ cannot be told without quantities and a year before
forecast-picture-split =
    { $way ->
        [up] Sales are { $far } above a year before{ $most }
        [down] Sales are { $far } below a year before{ $most }
       *[level] Sales are level with a year before
    }
forecast-picture-split-most = , most of it ({ $share }) from { $part }
forecast-picture-split-part = { $part } { $amount }
forecast-picture-split-step-price = prices
forecast-picture-split-step-volume = volume
forecast-picture-split-step-mix = mix
forecast-picture-split-step-other = no price
forecast-picture-split-before = a year before
forecast-picture-split-now = now
forecast-picture-split-axis = sales against the same days a year before
forecast-picture-split-alt = Steps from { $before } a year before to { $now }: { $parts }.
forecast-picture-unit = { $words }, { $unit }
