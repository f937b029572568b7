# The sales pipeline. Filled by crmlib/present/reports/pipeline/ (say, draw, show).

pipeline-stage = “{ $stage }”
pipeline-whole = the pipeline
pipeline-whole-label = Whole deal

## The answer: stages_answer

pipeline-answer-overdue =
    Of { $open } open { PLURAL($open, one: "deal", other: "deals") }, { $overdue } ({ $share }){ $amount ->
        [unknown] { "" }
       *[other] , worth { $amount },
    } { PLURAL($overdue, one: "has", other: "have") } been in { PLURAL($overdue, one: "its", other: "their") } stage longer than { $quantile } of deals stay.
pipeline-answer-overdue-whole =
    Of { $open } open { PLURAL($open, one: "deal", other: "deals") }, { $overdue } ({ $share }) { PLURAL($overdue, one: "has", other: "have") } been open for longer than { $quantile } of all deals take{ $amount ->
        [unknown] .
       *[other] ; { PLURAL($overdue, one: "it is", other: "they are") } worth { $amount }.
    }
pipeline-answer-open = { $open } { PLURAL($open, one: "deal is", other: "deals are") } open.
pipeline-answer-none-open = No deal is open.
pipeline-answer-slowest = “{ $stage }” takes longest: half of the deals are still there after { $half }.
pipeline-answer-slowest-one = Half of the deals have left “{ $stage }” after { $half }.
pipeline-answer-slowest-whole = Half of all deals are closed within { $half } of their opening.

## Findings, repeated on the index: stages_findings

pipeline-finding-overdue-most =
    Most overdue deals stand in “{ $stage }”: { $there } of { $overdue }{ $amount ->
        [unknown] .
       *[other] , worth { $amount }.
    }
pipeline-finding-overdue-more =
    “{ $stage }” holds more overdue deals than any other stage: { $there } of { $overdue }{ $amount ->
        [unknown] .
       *[other] , worth { $amount }.
    }
pipeline-finding-lost =
    More deals are lost in “{ $stage }” than in any other stage: { $lost } of the { $deals } that came in ({ $share }).

## What becomes of the deals: funnel_paragraph, exits_paragraph, plot_pipeline_funnel, plot_stage_exits

pipeline-funnel-whole =
    No history of stages is kept, so a deal counts as one stay from its opening to its end: of { $deals } { PLURAL($deals, one: "deal", other: "deals") } whose dates are known, { $on } { PLURAL($on, one: "was", other: "were") } won, { $lost } lost, and { $open } { PLURAL($open, one: "is", other: "are") } open.
pipeline-funnel-on =
    Of { $deals } { PLURAL($deals, one: "deal", other: "deals") } that came into “{ $stage }”, { $on } ({ $share }) went on, { $lost } { PLURAL($lost, one: "was", other: "were") } lost and { $open } { PLURAL($open, one: "is", other: "are") } still open{ $elsewhere ->
        [0] .
       *[other] ; what became of { $elsewhere } is not clear.
    }
pipeline-funnel-won =
    Of { $deals } { PLURAL($deals, one: "deal", other: "deals") } that came into “{ $stage }”, { $on } ({ $share }) { PLURAL($on, one: "was", other: "were") } won, { $lost } { PLURAL($lost, one: "was", other: "were") } lost and { $open } { PLURAL($open, one: "is", other: "are") } still open{ $elsewhere ->
        [0] .
       *[other] ; what became of { $elsewhere } is not clear.
    }
pipeline-exits-stage = From “{ $stage }”, an expected { $ways }.
pipeline-exits-whole = From the pipeline, an expected { $ways }.
pipeline-exits-counted =
    A deal that has gone one way cannot go another, and deals still there are counted for as long as they have been.
pipeline-exit-first-forward = { $share } of deals go on
pipeline-exit-first-won = { $share } of deals are won
pipeline-exit-first-lost = { $share } of deals are lost
pipeline-exit-first-back = { $share } of deals go back
pipeline-exit-forward = { $share } go on
pipeline-exit-won = { $share } are won
pipeline-exit-lost = { $share } are lost
pipeline-exit-back = { $share } go back

pipeline-way-forward = on
pipeline-way-won = won
pipeline-way-lost = lost
pipeline-way-back = back
pipeline-picture-way = { $share } { $way }
pipeline-picture-nobody = nobody has left

pipeline-picture-funnel-lost =
    More deals are lost in “{ $stage }” than in any other stage: { $lost } of the { $deals } that came in
pipeline-picture-funnel-none = { $won } { PLURAL($won, one: "deal", other: "deals") } won; none is known to be lost
pipeline-picture-funnel-whole = { $won } { PLURAL($won, one: "deal", other: "deals") } won and { $lost } lost
pipeline-picture-funnel-row =
    { $stage }: { $deals } { PLURAL($deals, one: "deal", other: "deals") }; { $lost } lost, { $open } open
pipeline-picture-funnel-won-row = Won: { $won } { PLURAL($won, one: "deal", other: "deals") }
pipeline-picture-funnel-went-on = { $share } went on
pipeline-picture-funnel-won = { $share } won
pipeline-picture-funnel-unit = deals that ever came so far
pipeline-picture-funnel-alt = Bar chart of the deals that ever came into each stage. { $rows }.

pipeline-picture-exits-none = Too few deals have been seen to leave a stage
pipeline-picture-exits-no-loss = No deal is seen to be lost from a stage
pipeline-picture-exits-whole = { $share } of deals are lost within { $time }
pipeline-picture-exits-stage = “{ $stage }” loses { $share } of its deals within { $time }
pipeline-picture-exits-label = days since the deal came into the stage; band: likely range
pipeline-picture-exits-unit = left that way, %
pipeline-picture-exits-row = { $stage }: { $ways }
pipeline-picture-exits-alt = Curves, one lane a stage: the share that has left in each way within { $time }. { $rows }.

## How long deals stay: stage_times_paragraph, plot_stage_times

pipeline-times-unseen =
    Fewer than half of the deals are seen to leave { $stage }, so the time after which half have left cannot be told.
pipeline-times-half = Half of the deals have left { $stage } after { $half }.
pipeline-times-most = Half of the deals have left { $stage } after { $half }, and { $share } after { $most }.
pipeline-times-mean =
    The plain average of the stays that are over, { $mean } in { $stage }, says too much: a few deals that stayed very long pull it up. Half are through after { $half }.
pipeline-times-too-short =
    Counting only stays that are over would say too little: in { $stage } half of those took at most { $finished }, against { $half } when the { $open } { PLURAL($open, one: "deal", other: "deals") } still there { PLURAL($open, one: "is", other: "are") } counted.
pipeline-times-again =
    { $deals } { PLURAL($deals, one: "deal", other: "deals") } came into { $stage } more than once; half of the deals spend at most { $half } there in all their stays together.

pipeline-picture-times-none = Too few deals have been seen to leave a stage
pipeline-picture-times = Half of the deals are still in “{ $stage }” after { $half }
pipeline-picture-times-whole = Half of the deals are still open after { $half }
pipeline-picture-times-label =
    days; dot: half have left (thick: likely range); bar: { $share } have left; grey: average of the stays that are over
pipeline-picture-times-unseen = half not yet seen
pipeline-picture-times-both = { $half } / { $most }
pipeline-picture-times-row-unseen = { $stage }: half not yet seen to leave; average of the stays that are over { $mean }
pipeline-picture-times-row-half = { $stage }: half have left after { $half }; average of the stays that are over { $mean }
pipeline-picture-times-row-most = { $stage }: half have left after { $half }, { $share } after { $most }; average of the stays that are over { $mean }
pipeline-picture-times-alt = Dots with ranges, days in each stage. { $rows }.

## What is overdue, and what comes next: overdue_paragraph, next_step_paragraph, unplanned_paragraph

pipeline-overdue-none-known = No stage has seen enough deals leave to say what is overdue.
pipeline-overdue-stage = { $stage } { $limit }
pipeline-overdue-limits =
    A deal is overdue once it has been in its stage for longer than { $quantile } of deals ever are: { $limits }.
pipeline-overdue-limits-whole =
    A deal is overdue once it has been open for longer than { $quantile } of deals ever are: { $limit }.
pipeline-overdue-unknown = For { $stages } no limit can be told: too few stays are seen to end.
pipeline-overdue-clear =
    Of the { $overdue } overdue { PLURAL($overdue, one: "deal", other: "deals") }, { $clear } { PLURAL($clear, one: "is", other: "are") } over even at the upper end of the limit’s likely range.
pipeline-overdue-largest =
    The largest one, worth { $amount }, is { $over } over. Close what is dead, and call on the others.

pipeline-next-looked-at =
    For each point of a stage it was looked up what we did next with the deals that were won later and with those that were lost; deals that had no further contact are left out on both sides.
pipeline-next-none-better =
    No step among the { $steps } that were compared is shown to be more frequent among the won. The list therefore names the step that the won took most often, as a habit, not as a cure.
pipeline-next-soonest = What should have been done already is put on { $day }, the first day that is left.
pipeline-next-better =
    In { $stage } after { $day }, “{ $step }” came next in { $won } of the won against { $lost } of the lost ({ $lift } as often, likely { $range }), in half of the cases within another { $wait }.
pipeline-next-no-proof = That goes together with winning; it is no proof that the step brings it about.

pipeline-unplanned =
    { $deals } of { $open } open { PLURAL($open, one: "deal", other: "deals") } ({ $share }) { PLURAL($deals, one: "has", other: "have") } no contact planned{ $amount ->
        [unknown] { "" }
       *[other] { " " }and { PLURAL($deals, one: "is", other: "are") } worth { $amount }
    }; { $overdue } of them { PLURAL($overdue, one: "is", other: "are") } overdue as well.
pipeline-unplanned-do = Put a date on each, or close it.
pipeline-unplanned-none = Every open deal has a contact planned.

## How the work goes: process_paragraph, effort_paragraph, plot_process

pipeline-cases-deal = { $n } { PLURAL($n, one: "deal", other: "deals") }
pipeline-cases-case = { $n } { PLURAL($n, one: "case", other: "cases") }
pipeline-by-deal = deal
pipeline-by-case = case
pipeline-process-none-deal = No deal has more than one step.
pipeline-process-none-case = No case has more than one step.
pipeline-process-first =
    { $cases } took { $steps } { PLURAL($steps, one: "step", other: "steps") }. The most frequent one leads from “{ $here }” to “{ $there }”: { $times } { PLURAL($times, one: "time", other: "times") }, half of them within { $half }.
pipeline-process-no-loop = No step goes back to an earlier activity.
pipeline-process-loop =
    { $steps } { PLURAL($steps, one: "step", other: "steps") } ({ $share }) { PLURAL($steps, one: "goes", other: "go") } back or { PLURAL($steps, one: "repeats", other: "repeat") } what was done, most often from “{ $here }” to “{ $there }” ({ $times }).
pipeline-process-counted-here =
    A deal that had gone back counts here where it was lost; among the deals that ever came so far, at the furthest stage it had reached.
pipeline-process-no-stall = No frequent step waits { $factor } as long as the typical step.
pipeline-process-stalls = Work stalls { $stalls }: { $factor } the wait of the typical step, or more.
pipeline-process-stall = from “{ $here }” to “{ $there }” ({ $half })

pipeline-effort-contacts = { $n } { PLURAL($n, one: "contact", other: "contacts") }
pipeline-effort-minutes = { $n } { PLURAL($n, one: "minute", other: "minutes") }
pipeline-effort-cost = { $amount } of expense
pipeline-effort-won = Half of the won deals took at most { $effort }.
pipeline-effort-lost = Half of the lost deals took at most { $effort }.
pipeline-effort-kept-won = { $share } of those for won deals
pipeline-effort-kept-lost = { $share } of those for lost deals
pipeline-effort-kept-open = { $share } of those for open deals
pipeline-effort-kept =
    Of the contacts that were planned and due, { $kept } took place within { $within } of the day planned.
pipeline-effort-no-reason = Won deals are worked on for longer, so they have more contacts; that alone is no reason.

pipeline-picture-process-none = No step was taken often enough to be drawn
pipeline-picture-process-stall = Work stalls from “{ $here }” to “{ $there }”: half of the deals wait longer than { $half }
pipeline-picture-process-stall-cases = Work stalls from “{ $here }” to “{ $there }”: half of the cases wait longer than { $half }
pipeline-picture-process-back = { $share } of the steps go back to an earlier activity or repeat it
pipeline-picture-process-no-loop = No step goes back to an earlier activity
pipeline-picture-process-end = { $activity }: { $times }
pipeline-picture-process-key = times taken, and how long half of them took at most
pipeline-picture-process-loops = purple: back or again
pipeline-picture-process-stalls = orange: stalls
pipeline-picture-process-marks = { $one }; { $other }
pipeline-picture-process-left-out = not drawn: { $steps } rarer { PLURAL($steps, one: "step", other: "steps") }
pipeline-picture-process-alt-activity = { $activity } ({ $cases })
pipeline-picture-process-alt-step = { $here } to { $there } { $times } times, { $half }
pipeline-picture-process-alt-back = { $step }, back
pipeline-picture-process-alt-stalls = { $step }, stalls
pipeline-picture-process-alt =
    Boxes and arrows, steps of the process by { $what }. Activities: { $activities }. Steps: { $steps }.

## Who carries the work: load_paragraph, handover_paragraph

pipeline-load-nobody = No owner who is still here has an open deal.
pipeline-load-here =
    { $owners } { PLURAL($owners, one: "owner who is still here has", other: "owners who are still here have") } open deals; half of them have at most { $half }.
pipeline-load-most =
    { $owner } carries most: { $deals } open { PLURAL($deals, one: "deal", other: "deals") }, { $ratio } the median of the team.
pipeline-load-few-contacts =
    Many deals and few contacts: { $owners }, with at least { $many } the deals and less than { $few } the contacts of the median owner.
pipeline-load-no-owner = { $deals } open { PLURAL($deals, one: "deal has", other: "deals have") } no owner.

pipeline-handover-none = No open deal belongs to an owner who has left.
pipeline-handover =
    { $deals } open { PLURAL($deals, one: "deal", other: "deals") }{ $amount ->
        [unknown] { "" }
       *[other] , worth { $amount },
    } still { PLURAL($deals, one: "belongs", other: "belong") } to { $owners } { PLURAL($owners, one: "owner who has", other: "owners who have") } left.
pipeline-handover-silent = { $deals } of them { PLURAL($deals, one: "has", other: "have") } had no contact since the owner left.
pipeline-handover-unplanned =
    For { $deals } of them no contact is planned: name a new owner, and a date.
pipeline-handover-waiting = Half of them have been in their stage for { $half } or longer.

## Limits: stages_limits

pipeline-limits-long-stays =
    Deals that stay long are seen more often on any one day, so more open deals lie beyond the limit than its percentage suggests, even where nothing is wrong.
pipeline-limits-mixed =
    The times mix deals of all years and kinds; a deal of an unusual kind may need longer for good reason.
pipeline-limits-set-aside =
    { $rows } { PLURAL($rows, one: "row", other: "rows") } of the history { PLURAL($rows, one: "is", other: "are") } not used: { $reasons }.
pipeline-limits-untold =
    Of { $deals } open { PLURAL($deals, one: "deal", other: "deals") } it cannot be told whether { PLURAL($deals, one: "it is", other: "they are") } overdue: no stay that goes on is known, or the stage has no limit.
pipeline-limits-no-history = No stage history is kept, so only the age of whole deals is known.
pipeline-limits-no-plans = Planned contacts are not kept, so deals without a next contact cannot be listed.
pipeline-limits-no-steps = Too few closed deals had a contact that is known, so no next step can be told from them.
pipeline-limits-no-contacts =
    Contacts are not kept with the deal they were about, so nobody can tell what was done for it.
pipeline-limits-nobody-left = It is not kept who has left, so no deals can be listed for handing over.

pipeline-aside-negative = { $rows } left before they were entered
pipeline-aside-overlapping = { $rows } ended after the next one had begun
pipeline-aside-orphan = { $rows } belong to no deal that is known
pipeline-aside-after-close = { $rows } were entered after the deal was closed
pipeline-aside-unclear-end = { $rows } say that a deal was closed, but not how
pipeline-aside-no-end = { $rows } belong to closed deals without a closing date
pipeline-aside-no-begin = { $rows } have no beginning
pipeline-aside-nowhere = { $rows } ended, and nothing says where the deal went

## Key figures and tables: stages_figures and the tables

pipeline-figure-open = Open deals
pipeline-figure-open-amount = Value of open deals
pipeline-figure-overdue = Overdue deals
pipeline-figure-overdue-note = longer in their stage than { $quantile } of all deals
pipeline-figure-overdue-note-whole = open for longer than { $quantile } of all deals take
pipeline-figure-overdue-amount = Value of overdue deals
pipeline-figure-unplanned = Without a planned contact
pipeline-figure-handover = To be handed over
pipeline-figure-half-stage = Half leave “{ $stage }” within
pipeline-figure-half-deal = Half are closed within

pipeline-table-times = Stages: how long deals stay, those still there counted, and where they go (days; ranges: 95 %)
pipeline-table-load = What each owner carries; 1 is the median of the owners who are still here
pipeline-table-next = What came next, from a day of the stay on: won deals against lost ones (ranges: 95 %)
pipeline-table-process = Steps of the process, the most frequent first
pipeline-table-overdue = Deals overdue on { $day }, the largest value first
pipeline-table-unplanned = Open deals with no contact planned, the largest value first
pipeline-table-handover = Open deals of owners who have left, the largest value first
pipeline-mark-back = back
pipeline-mark-stalls = stalls
pipeline-mark-both = back, stalls
