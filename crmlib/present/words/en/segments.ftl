# Customer segments. Filled by crmlib/present/reports/segments (say, show, draw); names are given by
# crmlib/analyse/segments/names.py.

## The answer: segmentation_answer

segments-answer-best =
    Customers who have bought fall into { $segments } { PLURAL($segments, one: "segment", other: "segments") };
    “{ $segment }”, { $share } of all customers, bring { $spend_share } of spend ({ $spend }).
segments-answer-largest =
    Customers who have bought fall into { $segments } { PLURAL($segments, one: "segment", other: "segments") };
    “{ $segment }” are { $share } of all customers.
segments-answer-weak = { $segments } cannot be relied on.
segments-answer-call =
    First call the { $customers } in “{ $segment }” who { PLURAL($customers, one: "has", other: "have") } not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap and { PLURAL($customers, one: "is", other: "are") } neither { $dormant } nor { $lost }.
segments-answer-call-all =
    First call the { $customers } in “{ $segment }” who { PLURAL($customers, one: "has", other: "have") } not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap.
segments-answer-keep = Nobody has to be called today: first see that each of “{ $segment }” is known by name.

## Findings, repeated on the index: segmentation_findings

segments-finding-best =
    “{ $segment }” are { $share } of all customers and bring { $spend_share } of spend.
segments-finding-largest = “{ $segment }” are { $share } of all customers.
segments-finding-at-stake =
    In “{ $segment }”, { $customers } { PLURAL($customers, one: "customer", other: "customers") } who brought { $spend }
    in all { PLURAL($customers, one: "has", other: "have") } not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap: a call now comes before silence.

## Which segments there are: segments_paragraph, segmentation_figures, plot_segment_share

segments-order = Segments stand in the order of their median spend, and keep name and colour in every picture.
segments-no-purchase =
    { $customers } { PLURAL($customers, one: "customer has", other: "customers have") } no purchase left: they have bought
    nothing, or returned it all.

segments-figure-segments = Segments
segments-figure-customers = Customers
segments-figure-without-purchase = { $customers } of them without a purchase
segments-figure-best = Spend of “{ $segment }”
segments-figure-of-spend = { $share } of all spend
segments-figure-late = Late in “{ $segment }”
segments-figure-late-note = of { $customers }; no purchase for { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap
segments-figure-late-buying = of { $customers }; no purchase for { $times ->
        [2] twice
       *[other] { $times }
    } their usual gap, and neither { $silent } nor { $gone }

segments-picture-share = “{ $segment }”: { $share } of customers, { $spend_share } of spend
segments-picture-share-only = “{ $segment }”: { $share } of customers
segments-picture-share-alt = Bar chart of segments, share of customers and share of spend: { $bars }.
segments-picture-share-bar = { $segment } { $share } and { $spend_share }
segments-picture-of-customers = of customers
segments-picture-of-spend = of spend
segments-picture-unit = share, %

## What tells them apart: profile_paragraph, profile_table, plot_segment_profile

segments-apart = Segments differ most in { $first }.
segments-apart-then = Segments differ most in { $first }, then in { $then }.
segments-apart-spend =
    Half of “{ $best }” spend { $high } or more; half of “{ $least }” spend { $low } or less.
segments-apart-table = The table gives medians: half of a segment lies below, half above.

segments-table-profile = Segments by median spend; figures of customers are medians

segments-picture-apart = Segments differ most in { $first }
segments-picture-apart-axis = against the average customer; an empty field is about average
segments-picture-apart-alt = Table of colours, segments against the average customer. { $rows }.
segments-picture-apart-row = { $segment }: { $words }
segments-picture-apart-cell = { $figure } { $word }
segments-picture-apart-average = about average in everything

place-high = high
place-low = low
place-very-high = very high
place-very-low = very low

## What to do with each: advice_table

segments-table-advice = What the names mean, and what to do
segments-like = Median customer: { $figures }.
segments-like-figure = { $figure } { $theirs } (all: { $all })

advice-keep = Keep in touch by name, with a first look at what is new and no needless discount.
advice-call = Call those with most spend and ask what they need next, before any offer.
advice-grow = Widen the basket: show them what goes with what they buy.
advice-remind = Remind them shortly before they usually come, with something like their last order.
advice-ask-back = Write to them now, with something like their last order: most other customers have ordered since.
advice-second = Make the next order easy: a reminder with what goes with their last one.
advice-let-be = Keep the effort small: one inexpensive reminder, and a call only where a customer’s state asks for it.
advice-invite = Invite those who never bought to a first order; ask those who returned everything why.
advice-see-to-margin = They buy at a discount: check the margin of every offer.
advice-see-to-returns = They return much: find out why before selling them more.

## What groups buy more or less of: plot_group_comparison, comparison_paragraph

segments-picture-compare = “{ $group }”: { $value } at { $index } where all customers are 100
segments-picture-compare-none = No clear difference between groups
segments-picture-compare-axis = 100 = all customers; an empty field is not clearly different
segments-picture-compare-alt = Table of colours, share of each group that bought, as an index. Clear differences: { $cells }.
segments-picture-compare-cell = { $group }, { $value } { $index }
segments-picture-compare-nothing = none

segments-compare-most =
    “{ $group }” stand out most: { $share } of them bought { $value }, against { $all } of all
    customers.
segments-compare-none = No segment buys clearly more or less of any { $over } than the others.

## Who moved, and why: moves_paragraph, moves_table, balance_table, carried_paragraph, meetings_table

segments-moved =
    Since { $day }, { $moved } of { $customers } customers have moved to another segment; those of then were put into
    today’s segments, so that nobody moves because a border did.
segments-moved-most =
    The move with most money: { $customers } { PLURAL($customers, one: "customer", other: "customers") } with { $spend } in the
    last year went from “{ $was }” to “{ $now }”; { $why }.
segments-moved-mix =
    Besides, { $joined } { PLURAL($joined, one: "customer is", other: "customers are") } new{ $left ->
        [0] { "" }.
       *[other] , and { $left } { PLURAL($left, one: "has", other: "have") } no purchase left.
    }
segments-moved-rose = “{ $figure }” rose
segments-moved-fell = “{ $figure }” fell
segments-moved-near = hardly any figure changed: they stand near a border
segments-table-moves = Moves since { $day }, most revenue first
segments-table-balance = What made each segment larger or smaller
segments-table-meetings = Where segments, states and types meet, in customers
segments-met = { $group } { $customers }
segments-met-others = others { $customers }
segments-carried-first = No earlier report is known here: the next one keeps these segments while they serve.
segments-carried-kept =
    The segments are those of { $day }: they explain { $kept } of how customers differ today, new ones would explain { $other },
    and { $margin } points more are asked for.
segments-carried-new =
    The segments are new: they explain { $other } of how customers differ, the earlier ones { $kept }, or no longer come back
    when customers are drawn again. { $same } of them carry on an earlier one, with its name and colour where its rule still
    holds.
segments-carried-other = The segments are new: the earlier ones rest on figures that are not there today.

## Who is in which segment: list_paragraph, list_table

segments-list =
    Sort by silence to see whom to call: whoever has not bought for
    { $times ->
        [2] twice
       *[other] { $times }
    } the usual gap or longer counts as late. Who buys at irregular times is late now and then by chance.
segments-table-list = Customers by segment, most spend first

## Limits: segmentation_limits

segments-limits-past = A segment says what its customers have done so far, not what they will do, nor why.
segments-limits-near = Near a border, two customers of different segments can be much alike.
segments-limits-run-into =
    The segments run into each other (separation { $separation } on a scale up to 1). They are a useful way to see
    customers, not natural kinds.
segments-limits-weak =
    { $segments } { PLURAL($n, one: "does", other: "do") } not come back when customers are drawn again:
    { PLURAL($n, one: "it is", other: "they are") } left out of the list of customers, and not to be relied on.
segments-limits-capped =
    { $customers } { PLURAL($customers, one: "customer", other: "customers") } with very large or small figures
    { PLURAL($customers, one: "counts", other: "count") } with less extreme ones: nobody makes a segment alone.
segments-limits-drawn =
    Of more than { $most } customers so many, drawn at random, say how figures are made comparable and where segments
    lie; then every customer is put into one.
segments-limits-missing = Not known here, and so not used: { $figures }.
segments-limits-dropped = Left aside, because they say the same as another figure or nothing: { $figures }.
segments-limits-change = With later data customers change segments; a move near a border is no reason to act.

## How it was computed: computed_paragraph, stability_paragraph, plot_stability, plot_segment_map

segments-made-from =
    Segments are made from { $n } { PLURAL($n, one: "figure", other: "figures") } of each customer: { $figures }.
segments-tried =
    From { $fewest } to { $most } segments were tried. The number was chosen that keeps customers apart, comes back when
    customers are drawn again, and leaves no segment with a mere handful.
segments-asked-for = { $n } segments were asked for.
segments-stable =
    Drawn again, customers fall into the same segments: the overlap of each with itself is at least { $least }, where 1 is
    always the same and { $needed } is asked for.
segments-unstable =
    { $segments } { PLURAL($n, one: "does", other: "do") } not come back when customers are drawn again:
    { PLURAL($n, one: "its", other: "their") } overlap with { PLURAL($n, one: "itself", other: "themselves") } is below
    { $needed }, where 1 is always the same.
segments-agreement = As a whole, two draws agree by { $agreement } ({ $range }), where 1 is always the same and 0 is chance.
segments-clear = They stand clearly apart (separation { $separation }, where 1 is clear cut and 0 is not at all).
segments-some =
    They stand apart, with customers in between (separation { $separation }, where 1 is clear cut and 0 is not at all).
segments-blurred =
    They run into each other (separation { $separation }, where 1 is clear cut and 0 is not at all), as customers nearly
    always do: the borders are drawn where they serve best.

segments-picture-weak =
    { $weak } of { $segments } { PLURAL($segments, one: "segment", other: "segments") }
    { PLURAL($weak, one: "does", other: "do") } not come back reliably
segments-picture-stable = Drawn again, customers fall into the same segments
segments-picture-unmeasured = Stability was not measured
segments-picture-stability-axis = overlap with itself, 1 = always the same; shaded: too little
segments-picture-stability-alt =
    Dots with ranges: overlap of each segment with itself when drawn again: { $dots }. From { $needed } on a segment can be
    relied on.
segments-picture-stability-dot = { $segment } { $overlap } ({ $range })

segments-picture-map-unknown = Where the segments lie
segments-picture-map-clear = The segments are clearly apart
segments-picture-map-some = The segments are apart, with some customers in between
segments-picture-map-blurred = The segments run into each other: their borders are drawn, not found
segments-picture-map-x = more value →
segments-picture-map-y = what tells them apart next
segments-picture-map-alt =
    Map of { $customers } { PLURAL($customers, one: "customer", other: "customers") } by the two directions in which they
    differ most, in { $n } { PLURAL($n, one: "segment", other: "segments") }: { $segments }. How clearly they stand apart:
    { $separation }, where 1 is clear cut and 0 is not at all.

## Why this many: plot_candidates, candidates_table

segments-picture-ways =
    Of { $ways } { PLURAL($ways, one: "way", other: "ways") } to cut, { $n } segments balance best
segments-picture-ways-found =
    Of { $ways } { PLURAL($ways, one: "way", other: "ways") } to cut, { $n } segments describe customers best
segments-picture-asked-for = { $n } segments were asked for
segments-picture-ways-axis = segments (hollow: rejected, too small or not stable)
segments-picture-ways-side = balance, more is better
segments-picture-ways-chosen = chosen
segments-picture-ways-alt =
    Lines of the balance of separation, stability and detail by number of segments: { $points }. Chosen: { $n } segments
    { $method }.
segments-picture-ways-point = { $n } { $method }: { $balance }

segments-table-ways = Every way that was tried

segments-method-kmeans = by nearest centre
segments-method-mixture = by likeliest group

segments-verdict-found =
    Chosen: its groups have shapes of their own, customers are surely in one of them, and no other way describes
    customers better.
segments-verdict-finest =
    Chosen: the finest of those with the best balance of separation, stability and detail.
segments-verdict-best = Chosen: the best balance of separation, stability and detail.
segments-verdict-sketch = Chosen for want of a better one, to be read as a sketch: { $why }.
segments-verdict-rejected = Rejected: { $why }.
segments-verdict-holds-up = Holds up, but { $why }.

segments-why-too-small = the smallest segment is only { $smallest } of the customers
segments-why-not-stable =
    a segment does not come back when customers are drawn again (overlap { $overlap }, { $needed } is needed)
segments-why-mixed-up = the segments are mixed up
segments-why-describes-less = it describes customers less well than the chosen one
segments-why-overlaps-more = its segments overlap more than the chosen ones
segments-why-less-stable = its segments come back less well than the chosen ones
segments-why-less-detail = it tells fewer customers apart
segments-why-no-better = it is no better than the chosen one

## Names of segments: SEGMENT_WORDS

segment-no-purchase = No purchase
segment-key-accounts = Key accounts
segment-top-customers = Top customers
segment-average-customers = Average customers
segment-bargain-hunters = Bargain hunters
segment-few-large-orders = Few large orders
segment-many-small-orders = Many small orders
segment-seasonal-customers = Seasonal customers
segment-no-year-end-season = No year-end season
segment-fading-customers = Fading customers
segment-steady-customers = Steady customers
segment-good-customers = Good customers
segment-casual-customers = Casual customers
segment-small-customers = Small customers
segment-not-seen-lately = Not seen lately
segment-seen-lately = Seen lately
segment-many-orders = Many orders
segment-few-orders = Few orders
segment-large-orders = Large orders
segment-small-orders = Small orders
segment-high-margin = High margin
segment-thin-margin = Thin margin
segment-little-discount = Little discount
segment-long-order-gaps = Long order gaps
segment-short-order-gaps = Short order gaps
segment-rising-spend = Rising spend
segment-falling-spend = Falling spend
segment-long-standing-customers = Long-standing customers
segment-short-history = Short history
segment-wide-range = Wide range
segment-narrow-range = Narrow range
segment-one-main-category = One main category
segment-mixed-baskets = Mixed baskets
segment-many-returns = Many returns
segment-few-returns = Few returns
segment-uneven-rhythm = Uneven rhythm
segment-steady-rhythm = Steady rhythm
segment-weekend-shoppers = Weekend shoppers
segment-weekday-shoppers = Weekday shoppers
segment-evening-shoppers = Evening shoppers
segment-daytime-shoppers = Daytime shoppers
segment-many-campaigns = Many campaigns
segment-few-campaigns = Few campaigns
segment-answer-campaigns = Answer campaigns
segment-ignore-campaigns = Ignore campaigns

## What a name means: RULE_WORDS, against the average customer with a purchase

segment-rule-no-purchase = Have bought nothing, or returned it all.
segment-rule-key-accounts = A few customers who spend far more than those of any other segment.
segment-rule-seasonal-customers = Place a far larger share of their orders in November and December than the average customer.
segment-rule-no-year-end-season = Place a smaller share of their orders in November and December than the average customer.
segment-rule-fading-customers = Used to order as often as others, and bought last clearly longer ago.
segment-rule-steady-customers = Order more often than the average customer, and spend more.
segment-rule-top-customers = Spend more than any other segment, well above average.
segment-rule-average-customers = Differ from the average customer in nothing that counts here.
segment-rule-bargain-hunters = Get a clearly larger discount than the average customer.
segment-rule-few-large-orders = Order seldom, and much at a time.
segment-rule-many-small-orders = Order often, and little at a time.
segment-rule-good-customers = Spend clearly more than the average customer.
segment-rule-casual-customers = Order seldom, and little at a time.
segment-rule-small-customers = Spend clearly less than the average customer.
segment-rule-not-seen-lately = Bought last clearly longer ago than the average customer.
segment-rule-seen-lately = Bought last clearly later than the average customer.
segment-rule-many-orders = Order clearly more often than the average customer.
segment-rule-few-orders = Order clearly less often than the average customer.
segment-rule-large-orders = Buy clearly more at a time than the average customer.
segment-rule-small-orders = Buy clearly less at a time than the average customer.
segment-rule-high-margin = Bring a clearly higher margin than the average customer.
segment-rule-thin-margin = Bring a clearly lower margin than the average customer.
segment-rule-little-discount = Get clearly less discount than the average customer.
segment-rule-long-order-gaps = Leave clearly more time between orders than the average customer.
segment-rule-short-order-gaps = Leave clearly less time between orders than the average customer.
segment-rule-rising-spend = Their spend rises more than that of the average customer.
segment-rule-falling-spend = Their spend falls more than that of the average customer.
segment-rule-long-standing-customers = Have bought for clearly longer than the average customer.
segment-rule-short-history = Have bought for clearly less time than the average customer.
segment-rule-wide-range = Buy clearly more different things than the average customer.
segment-rule-narrow-range = Buy clearly fewer different things than the average customer.
segment-rule-one-main-category = Buy more in one category than the average customer.
segment-rule-mixed-baskets = Buy less in one category than the average customer.
segment-rule-many-returns = Return clearly more than the average customer.
segment-rule-few-returns = Return clearly less than the average customer.
segment-rule-uneven-rhythm = Buy at less even intervals than the average customer.
segment-rule-steady-rhythm = Buy at more even intervals than the average customer.
segment-rule-weekend-shoppers = Buy at weekends clearly more than the average customer.
segment-rule-weekday-shoppers = Buy on weekdays clearly more than the average customer.
segment-rule-evening-shoppers = Buy in the evening clearly more than the average customer.
segment-rule-daytime-shoppers = Buy by day clearly more than the average customer.
segment-rule-many-campaigns = Were in clearly more campaigns than the average customer.
segment-rule-few-campaigns = Were in clearly fewer campaigns than the average customer.
segment-rule-answer-campaigns = Answer campaigns clearly more often than the average customer.
segment-rule-ignore-campaigns = Answer campaigns clearly less often than the average customer.
segments-rule-own = The name says the figure that stands out.
