# Do the models still hold? Filled by crmlib/present/reports/models (say, show); the rules: crmlib/analyse/promises.py.

## The models: MODEL_WORDS, WHAT_WORDS

models-model-churn = Who stops buying
models-model-value = What customers will buy
models-model-offers = What to offer
models-model-sales = Sales forecast
models-model-pipeline = Forecast of deals won

models-what-churn = share of customers who stopped
models-what-value = number of purchases
models-what-offers = share of customers who bought something offered
models-what-sales = sales
models-what-pipeline = value of deals won

## The verdict: VERDICT_WORDS, RULE_WORDS

models-verdict-too-early = Too early to say
models-verdict-holds = Holds
models-verdict-watch = Watch
models-verdict-refit = Refit
models-verdict-do-not-use = Do not use

models-answer-several = Of { $judged } models whose predictions could be judged, { $hold } { PLURAL($hold, one: "holds", other: "hold") }.

models-rule-none-due = No prediction has come due yet.
models-rule-few = Of the predictions that have come due, none had at least { $fewest } customers who did what was predicted and as many who did not.
models-rule-no-order = In { $row } predictions in a row, customers called likely to stop were not shown to stop more often than others.
models-rule-plain-better =
    { $model ->
        [offers] In { $row } predictions in a row, more customers bought one of the best sellers than one of the products offered.
       *[other] In { $row } predictions in a row, sorting customers by how long ago they bought found more of those who stopped.
    }
models-rule-missed = In { $misses } predictions in a row, the { $what } lay outside the range, on the same side.
models-rule-missed-lately = In the last { $lately } predictions, the { $what } lay outside the range, on the same side.
models-rule-drift = Customers’ figures have moved far from those that the last prediction was made from.
models-rule-kept = Of the predictions that have come due, the last ones kept what they promised.

models-step-too-early = First publish reports regularly: a prediction is kept each month and judged when its time is over.
models-step-holds = Nothing needs to be done about the models.
models-step-watch = First see whether the next prediction comes true before budgets rest on it.
models-step-refit =
    { $model ->
        [sales] First budget by last year’s figures until new predictions have come true.
        [pipeline] First budget by last year’s figures until new predictions have come true.
       *[other] First use the order of customers only, not their number, until new predictions have come true.
    }
models-step-do-not-use =
    { $model ->
        [offers] First offer the best sellers; pages leave the model out until it does better.
       *[other] First call customers by how long ago they bought; pages leave the model out until it does better.
    }

models-taken-off = The model “{ $model }” is left out: { $rule }
models-levels-off = Levels are off: over the last { $misses } predictions, what came ({ $what }) was { $off } { $side } than expected.

## Findings, prose, tables

models-finding-due = From { $made } to { $until }, the { $what } came to { $actual }; expected: { $expected }{ $range ->
        [none] { "" }
       *[other] { " " }({ $range })
    }.
models-finding-range =
    { $covered ->
        [0] Of { $all } predictions with a range, none held what came.
       *[other] Of { $all } predictions with a range, { $covered } held what came.
    }
models-finding-order = The last prediction put a customer who stopped before one who stayed in { $model } of the pairs; sorting by the last purchase did in { $plain }.
models-finding-money = Those who stopped had brought { $actual } in as long a time before; it expected { $expected }.
models-waiting = { $n } { PLURAL($n, one: "prediction is", other: "predictions are") } waiting for its time to be over.
models-scored-none = No prediction of who stops buying has come due, so there is nothing to set beside what came.
models-learnt-always = Each run learns it anew from all that is known, so “Refit” means that levels stay off in spite of that.
models-learnt-stands = The model that stands was learnt from what was known on { $day }; when it is learnt anew is a setting of the workspace.
models-learnt-before = Learnt on { $days }, earlier models stood before it; their predictions are kept and judged below.
models-drift-none = No figure has moved far since the last prediction.
models-drift-unknown = Whether customers’ figures moved is not judged: that needs an earlier prediction and at least { $fewest } customers at both dates.
models-drift-some = Far from where they were at the last prediction: { $figures }.
models-rules = The verdict on a model is the worst that holds of these, over predictions that share no day. Do not use: { $row } in a row do not rank, or the plain order ranks better. Refit: { $misses } in a row miss on the same side. Watch: the last { $lately } did, or figures moved far.
models-limits-one = Only the prediction of who stops buying has been kept; others are judged once their reports have kept theirs.
models-limits-forecast = Forecasts rank nobody, so no order takes them off; they are set beside their plain rule in the table.
models-limits-learnt = All models but that of who stops buying are learnt anew in each run; only their predictions are kept between runs.
models-limits-acted = Who was called because of a prediction may have stayed because of the call: that counts against the model.
models-table-models = Each model, and what came of its predictions (order: pairs of one customer who stopped and one who stayed, put right; of offers, customers who bought one)
models-table-scored = Each prediction of who stops buying, and what came
models-table-drift = How far customers’ figures moved since the last prediction
