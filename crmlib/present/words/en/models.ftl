# Do the models still hold? Filled by crmlib/present/reports/models (say, show); the rules: crmlib/analyse/promises.py.

## The verdict: VERDICT_WORDS, RULE_WORDS

models-verdict-too-early = Too early to say
models-verdict-holds = Holds
models-verdict-watch = Watch
models-verdict-refit = Refit
models-verdict-do-not-use = Do not use

models-rule-none-due = No prediction of who stops buying has come due yet.
models-rule-few = Of the predictions that have come due, none had at least { $fewest } customers who stopped and as many who stayed.
models-rule-no-order = In { $row } predictions in a row, customers called likely to stop were not shown to stop more often than others.
models-rule-plain-better = In { $row } predictions in a row, sorting customers by how long ago they bought found more of those who stopped.
models-rule-missed = In { $misses } predictions in a row, the share of customers who stopped lay outside the range, on the same side.
models-rule-missed-lately = In the last { $lately } predictions, the share of customers who stopped lay outside the range, on the same side.
models-rule-drift = Customers’ figures have moved far from those that the last prediction was made from.
models-rule-kept = Of the predictions that have come due, the last ones kept what they promised.

models-step-too-early = First publish reports regularly: a prediction is kept each month and judged when its time is over.
models-step-holds = Nothing needs to be done about the model.
models-step-watch = First see whether the next prediction comes true before budgets rest on it.
models-step-refit = First use the order of customers only, not their number, until new predictions have come true.
models-step-do-not-use = First call customers by how long ago they bought; pages leave the model out until it does better.

models-taken-off = The model of who stops buying is left out: { $rule }

## Findings, prose, tables

models-finding-due = Of the { $customers } customers of the prediction of { $made }, { $actual } stopped within its { $until }; it expected { $expected }.
models-until = time, which ended on { $day }
models-finding-range =
    { $covered ->
        [0] Of { $all } predictions with a range, none held what came.
       *[other] Of { $all } predictions with a range, { $covered } held what came.
    }
models-finding-order = It put a customer who stopped before one who stayed in { $model } of the pairs; sorting by the last purchase did in { $plain }.
models-finding-money = Those who stopped had brought { $actual } in as long a time before; it expected { $expected }.
models-waiting = { $n } { PLURAL($n, one: "prediction is", other: "predictions are") } waiting for its time to be over.
models-scored-none = No prediction has come due, so there is nothing to set beside what came.
models-drift-none = No figure has moved far since the last prediction.
models-drift-unknown = Whether customers’ figures moved is not judged: that needs an earlier prediction and at least { $fewest } customers at both dates.
models-drift-some = Far from where they were at the last prediction: { $figures }.
models-rules = The verdict is the worst that holds of these, over predictions that share no day. Do not use: { $row } in a row do not rank, or the plain order ranks better. Refit: { $misses } in a row miss on the same side. Watch: the last { $lately } did, or figures moved far.
models-limits-one = Only the prediction of who stops buying is judged here; forecasts are tested on the past on their own page.
models-limits-acted = Who was called because of a prediction may have stayed because of the call: that counts against the model.
models-table-scored = Each prediction and what came
models-table-drift = How far customers’ figures moved since the last prediction
models-figure-verdict = The model of who stops buying
models-figure-due = Predictions judged
models-figure-waiting = Predictions waiting
