# Campaigns. Filled by crmlib/present/reports/campaigns: say.py (sentences), show.py (figures, tables), draw.py (pictures).

## What a campaign is called: called

campaigns-called-name = “{ $name }”
campaigns-called-number = campaign{ "\u00A0" }{ $number }

## The answer: campaigns_answer

campaigns-answer-skipped = There is nothing to say of campaigns, for the reason above.
campaigns-answer-nobody = Nobody has been contacted by a campaign yet.
campaigns-answer-best =
    { CAPITAL($campaign) } brought { $effect } of extra spend a customer (likely { $likely }), { $total } in all.
campaigns-answer-loss =
    Customers of { $campaign } spent { $less } a customer less than those they are compared with (likely { $likely }).
campaigns-answer-others =
    { $more ->
        [1] Of { $judged } { PLURAL($judged, one: "campaign", other: "campaigns") } that could be judged, it is the only one shown to have brought more.
       *[other] Of { $judged } campaigns that could be judged, { $more } are shown to have brought more.
    }
campaigns-answer-others-less =
    Of { $judged } { PLURAL($judged, one: "campaign", other: "campaigns") } that could be judged, { $more }
    { PLURAL($more, one: "is", other: "are") } shown to have brought more spend and { $less } less.
campaigns-answer-none-shown =
    { $judged ->
        [1] The one campaign that could be judged is not shown to have changed what customers spent.
       *[other] Of { $judged } campaigns that could be judged, none is shown to have changed what customers spent.
    }
campaigns-answer-not-judged = Whether customers spent more for a campaign could not be judged.
campaigns-answer-answers = Of { $contacts } { PLURAL($contacts, one: "contact", other: "contacts") }, { $share } brought an answer.
campaigns-answer-unknown = { $contacts } { PLURAL($contacts, one: "contact was", other: "contacts were") } made; who answered is not known.
campaigns-answer-repeat = Repeat it first, again with a group of customers left out for comparison.
campaigns-answer-confirm = Repeat it first, and leave some customers out of it, drawn by lot, to be sure of it.
campaigns-answer-stop = Do not repeat it before you know why.
campaigns-answer-hold-out = Leave some customers, drawn by lot, out of the next campaign: only then can its effect be seen.
campaigns-answer-change = Change the offer, or reach more customers, before repeating any of them.

## Findings, repeated on the index: campaigns_findings

campaigns-finding-gain = { CAPITAL($campaign) } earned { $gain } more than it cost, counted as { $what } (likely { $likely }).
campaigns-finding-balance = Less its cost, { $campaign } comes to { $gain } of { $what } (likely { $likely }).
campaigns-what-margin = extra margin
campaigns-what-spend = extra spend before the cost of the goods
campaigns-finding-unalike =
    Customers of { $campaign } spent { $everyone } a customer more than all others, but they had bought more before:
    against customers who had bought alike the difference is { $effect } (likely { $likely }).

## Who answered: responses_paragraph

campaigns-responses-unknown =
    Who answered is not known: no day of an answer is recorded, and no order names its campaign.
campaigns-responses-few = No campaign reached { $fewest } customers, so its share of answers says little.
campaigns-responses-one =
    Of the { $contacted } { PLURAL($contacted, one: "customer", other: "customers") } that { $campaign } reached,
    { $responded } answered ({ $share }, likely { $likely }).
campaigns-responses-most =
    { CAPITAL($campaign) } was answered most often: by { $responded } of { $contacted }
    { PLURAL($contacted, one: "customer", other: "customers") } ({ $share }, likely { $likely }).
campaigns-responses-least =
    { CAPITAL($campaign) } was answered least often: by { $share } of { $contacted }
    { PLURAL($contacted, one: "customer", other: "customers") } (likely { $likely }).
campaigns-responses-alike = No campaign was answered more often than another beyond what chance does.
campaigns-responses-silent =
    { $n } { PLURAL($n, one: "campaign has", other: "campaigns have") } not one answer on record: { $campaigns }.
    Either nobody answered, or nobody wrote it down.
campaigns-responses-small =
    { $n } { PLURAL($n, one: "campaign", other: "campaigns") } reached fewer than { $fewest } customers:
    { PLURAL($n, one: "its share says", other: "their shares say") } little.
campaigns-responses-no-proof =
    An answer is no proof of extra spend: some of those who answered would have bought just the same.

## What they brought: effects_paragraph

campaigns-effects-more = { CAPITAL($campaigns) } are shown to have brought extra spend.
campaigns-effects-less =
    { $n ->
        [1] { CAPITAL($campaigns) } went with less spend than there would have been without it.
       *[other] { CAPITAL($campaigns) } went with less spend than there would have been without them.
    }
campaigns-effects-no-control =
    No campaign has a control group, so each customer is compared with one outside the campaign who had bought alike
    before. That is weaker evidence: what is not on record may still tell them apart.
campaigns-effects-matched =
    { $n } { PLURAL($n, one: "campaign has", other: "campaigns have") } no control group, so each customer is compared
    with one outside the campaign who had bought alike before. That is weaker evidence: what is not on record may
    still tell them apart.
campaigns-effects-chance =
    { CAPITAL($campaigns) } { PLURAL($n, one: "stands", other: "stand") } out taken alone, but among so many campaigns
    chance alone would bring as much.
campaigns-effects-doubted =
    { CAPITAL($campaigns) } could not be trusted, since the groups were not alike or differed before the campaign.
campaigns-effects-left =
    { CAPITAL($campaigns) } { PLURAL($n, one: "was", other: "were") } not judged: too few customers, or nothing to
    compare with.
campaigns-effects-smallest =
    Where no difference was seen, the smallest one that would show is { $low } of what customers spend; a smaller one
    may be there.
campaigns-effects-smallest-range =
    Where no difference was seen, the smallest one that would show is { $low } to { $high } of what customers spend,
    depending on the campaign; a smaller one may be there.

## One campaign: campaign_paragraph, balance_paragraph, groups_paragraph

campaigns-one-no-day = No day is known for { $campaign }.
campaigns-one-ran = { CAPITAL($campaign) } ran from { $begin } to { $until }.
campaigns-one-runs = { CAPITAL($campaign) } began on { $begin }, runs to { $planned } and is judged up to { $until }.
campaigns-one-nobody = Nobody was contacted.
campaigns-one-contacted =
    { $contacted } { PLURAL($contacted, one: "customer was", other: "customers were") } contacted; who answered is not
    known.
campaigns-one-silent =
    { $contacted } { PLURAL($contacted, one: "customer was", other: "customers were") } contacted, and no answer is on
    record.
campaigns-one-answered =
    { $responded } of { $contacted } { PLURAL($contacted, one: "customer", other: "customers") } contacted answered
    ({ $share }, likely { $likely }).
campaigns-one-answered-days =
    { $responded } of { $contacted } { PLURAL($contacted, one: "customer", other: "customers") } contacted answered
    ({ $share }, likely { $likely }); half of them within { $days }.
campaigns-one-uplift =
    Of those held out { $held } answered all the same: the campaign made a difference of { $uplift } (likely { $likely }).
campaigns-one-not-known = What it brought is not known: { $reason }.
campaigns-one-more =
    { CAPITAL($who) } spent { $effect } a customer more than { $whom } (likely { $likely }); for { $n }
    { PLURAL($n, one: "customer", other: "customers") } that is { $total } (likely { $all }).
campaigns-one-more-base =
    { CAPITAL($who) } spent { $effect } a customer more than { $whom }, { $share } of their { $base }
    (likely { $likely }); for { $n } { PLURAL($n, one: "customer", other: "customers") } that is { $total }
    (likely { $all }).
campaigns-one-less =
    { CAPITAL($who) } spent { $effect } a customer less than { $whom } (likely { $likely }).
campaigns-one-not-shown =
    { CAPITAL($who) } are not shown to have spent more or less than { $whom }: the difference is { $effect } a
    customer (likely { $likely }).
campaigns-one-doubted =
    { CAPITAL($who) } spent { $effect } a customer against { $whom } (likely { $likely }). It is not to be trusted:
    { $doubt }.
campaigns-one-few = Fewer than { $fewest } customers stand on one side: too few to judge.
campaigns-one-weaker = There was no control group, so this is weaker evidence.
campaigns-one-power =
    With so many customers an effect of { $smallest } a customer shows with a chance of { $power }.
campaigns-one-power-rise =
    With so many customers an effect of { $smallest } a customer shows with a chance of { $power }, and { $rise } more
    spend with a chance of { $chance }.
campaigns-one-cost =
    It cost { $cost }, { $each } a contact.
campaigns-one-cost-answer =
    It cost { $cost }, { $each } a contact and { $answer } an answer.
campaigns-one-gain-margin = Its extra margin less its cost comes to { $gain } (likely { $likely }).
campaigns-one-gain-spend =
    Its extra spend less its cost, before the cost of the goods, comes to { $gain } (likely { $likely }).

campaigns-who-contacted = those contacted
campaigns-who-matched = those matched
campaigns-whom-control-group = the control group
campaigns-whom-matched-customers = customers outside it like them
campaigns-whom-none = nobody

campaigns-balance-lot = Who was held out was decided before, so the groups should differ by chance only.
campaigns-balance-partners =
    { $n } of { $contacted } { PLURAL($contacted, one: "customer", other: "customers") } contacted found a partner
    outside the campaign who was alike; what is said of extra spend holds for { PLURAL($n, one: "this one", other: "these") }.
campaigns-balance-apart =
    Once matched they still lie more than { $alike } standard deviations apart in { $measures }.
campaigns-balance-alike = Once matched they lie within { $alike } standard deviations in every figure.
campaigns-balance-trial-none =
    On the time before the campaign, when there can be no effect, the same comparison shows { $effect } a customer
    (likely { $likely }): in line with none.
campaigns-balance-trial-differed =
    On the time before the campaign, when there can be no effect, the same comparison shows { $effect } a customer
    (likely { $likely }): the groups differed already.
campaigns-balance-no-trial =
    Orders do not reach back far enough to try the same comparison on a time before the campaign.
campaigns-balance-overlap = In another campaign at the same time: { $parts }.
campaigns-balance-overlap-contacted = { $share } of those contacted
campaigns-balance-overlap-compared = { $share } of those they are compared with

campaigns-groups-few = Too few customers in any group to tell who responds.
campaigns-groups-none = No group is shown to answer more often than another.
campaigns-groups-answered =
    { $share } of the group “{ $group }” answered ({ $responded } of { $contacted }
    { PLURAL($contacted, one: "customer", other: "customers") }, likely { $likely }).
campaigns-groups-no-more =
    Extra spend is not shown to differ between the { $n } { PLURAL($n, one: "group", other: "groups") } large enough to
    compare.
campaigns-groups-more =
    Extra spend differs for the group “{ $group }”: { $effect } a customer, { $gap } against all others
    (likely { $likely }).
campaigns-groups-small =
    { $n } { PLURAL($n, one: "group is", other: "groups are") } too small to judge.

## Limits: campaigns_limits

campaigns-limits-own-time = Extra spend is counted within a campaign's own time. What it changed later is not in it.
campaigns-limits-no-control =
    Without a control group nobody knows for sure what a campaign did. Leave some customers, drawn by lot, out of the
    next one, and this report will say.
campaigns-limits-picked =
    Where customers were picked by something that is not on record, comparing like with like does not undo it, and the
    comparison on the time before need not show it. Who is compared with whom is partly drawn by lot: another draw
    moves each figure within its range, and a figure at the edge may change its verdict.
campaigns-limits-overlap =
    Campaigns overlap: in half of them { $share } or more of those contacted were in another at the same time. What
    each did by itself cannot be told apart wholly.
campaigns-limits-running =
    { $n } { PLURAL($n, one: "campaign has not ended and is", other: "campaigns have not ended and are") } judged so far.
campaigns-limits-no-cost = What campaigns cost is not known, so nothing is said of what they earned.
campaigns-limits-beginning =
    Campaigns from the beginning of the records cannot be judged: nobody's earlier buying is known.
campaigns-limits-aside =
    Not used of { $campaign }: { $n } { PLURAL($n, one: "customer", other: "customers") } with { $what }.

campaigns-aside-impossible-day = a contact on a day on which the campaign cannot have made it
campaigns-aside-early-answer = an answer before the contact
campaigns-aside-late-answer = an answer after the campaign's time
campaigns-aside-new-customer = no purchase before the campaign
campaigns-aside-no-partner-near = no customer outside the campaign who is near enough

campaigns-note-end-unknown = The end of { $campaign } is not known: { $usual } are counted.
campaigns-note-orders-later = Orders are known only from a day after the first one of { $campaign }.
campaigns-note-control-differed =
    The control group of { $campaign } differed in spend before it; the figure allows for that.

## Why nothing is said, or not trusted: reason_of, doubt_of

campaigns-reason-one-contacted = fewer than two customers were contacted
campaigns-reason-one-held-out = only one customer was held out
campaigns-reason-no-partner = no customer outside the campaign was near enough to those in it
campaigns-reason-short-history = orders from before it reach back less than { $recent }, so nobody can be told to be alike
campaigns-reason-few-inside = fewer than { $fewest } customers in it had bought before it
campaigns-reason-few-outside = fewer than { $fewest } customers outside it had bought before it
campaigns-reason-no-day = no day is known on which it began
campaigns-reason-no-purchases = nobody's purchases are known
campaigns-reason-orders-after = orders begin only after it

campaigns-doubt-unlike = even the best partners bought differently before it
campaigns-doubt-differed-before = the same comparison shows a difference before the campaign, when there can be none
campaigns-doubt-not-tried = the comparison could not be tried on a time before the campaign

## Words of tables and pictures: VERDICT_WORDS, WAY_WORDS, MEASURE_WORDS, GROUPING_WORDS, GROUP_WORDS, JUDGED_WORDS

campaigns-verdict-more-spend = more spend
campaigns-verdict-less-spend = less spend
campaigns-verdict-no-difference-seen = no difference seen
campaigns-verdict-could-be-chance = could be chance
campaigns-verdict-not-trusted = not trusted
campaigns-verdict-too-few = too few to judge
campaigns-verdict-nothing-to-compare = nothing to compare
campaigns-verdict-nobody-contacted = nobody contacted
campaigns-verdict-so-far = { $verdict }, so far

campaigns-compared-control-group = control group
campaigns-compared-matched-customers = matched customers
campaigns-compared-none = nobody

campaigns-way-adjusted = Adjusted for spend before
campaigns-way-unadjusted = As it is
campaigns-way-redrawn = Adjusted, customers drawn again
campaigns-way-everyone = Against all other customers

campaigns-measure-spend-before = Spend before
campaigns-measure-spend-recent = Spend in the last { $recent }
campaigns-measure-spend-change = Change of spend lately
campaigns-measure-purchase-days-before = Days with a purchase
campaigns-measure-recency-days = Days since last purchase
campaigns-measure-known-days = Days since first purchase
campaigns-measure-campaigns-before = Earlier campaigns
campaigns-measure-responses-before = Earlier answers
campaigns-measure-campaigns-running = Other campaigns running
campaigns-measure-level = { $trait }: { $level }
campaigns-measure-share = { $measure }, %

campaigns-grouping-spend-band = Spend before
campaigns-grouping-discount-band = Discount before
campaigns-grouping-answered-band = Answered a campaign before
campaigns-grouping-campaigns-band = Campaigns before
campaigns-grouping-age-band = Age

campaigns-group-no-purchase-yet = no purchase yet
campaigns-group-no-purchase-lately = no purchase lately
campaigns-group-lowest-third = lowest third
campaigns-group-middle-third = middle third
campaigns-group-highest-third = highest third
campaigns-group-none = none
campaigns-group-1-or-2 = 1 or 2
campaigns-group-3-or-more = 3 or more
campaigns-group-yes = yes
campaigns-group-no = no
campaigns-group-heavy-discount = more than { $off } off
campaigns-group-little-discount = at most { $off } off

campaigns-judged-few = too few to judge
campaigns-judged-differs = differs
campaigns-judged-chance = within chance

## Key figures: campaigns_figures

campaigns-figure-contacts = Contacts
campaigns-figure-in-campaigns = in { $n } { PLURAL($n, one: "campaign", other: "campaigns") }
campaigns-figure-answers = Contacts that brought an answer
campaigns-figure-answers-note = of { $contacts } in campaigns with an answer on record
campaigns-figure-raised = Campaigns shown to bring extra spend
campaigns-figure-judged = of { $judged } that could be judged
campaigns-figure-effect = Extra spend a customer
campaigns-figure-against = { $campaign }, against { $compared }

## Tables: campaigns_table, effects_table, ways_table, groups_table, alike_table

campaigns-table-campaigns = Campaigns, the earliest first
campaigns-table-effects = Extra spend a customer, campaign by campaign (ranges: { $level })
campaigns-table-ways = Extra spend a customer of { $campaign }, worked out in several ways (ranges: { $level })
campaigns-table-groups = Who responded to { $campaign }: groups as they were before it (ranges: { $level })
campaigns-table-alike = How alike the groups were before { $campaign } (apart: in standard deviations)

## Pictures: plot_responses, plot_effects, plot_balance, plot_who_responds

campaigns-picture-responses-unknown = Nobody knows who answered a campaign
campaigns-picture-responses =
    Of { $contacts } { PLURAL($contacts, one: "contact", other: "contacts") }, { $share } brought an answer
campaigns-picture-responses-one = { $share } of those contacted answered { $campaign }
campaigns-picture-responses-alt = Dots with ranges, share of customers who answered: { $rows }.
campaigns-picture-responses-unit = answered, % of those contacted
campaigns-picture-effects-unknown = No campaign's extra spend is known
campaigns-picture-effects =
    { $raised } of { $judged } { PLURAL($judged, one: "campaign", other: "campaigns") } that could be judged brought
    extra spend
campaigns-picture-effects-none =
    Not one of { $judged } { PLURAL($judged, one: "campaign", other: "campaigns") } is shown to have brought extra spend
campaigns-picture-effects-one = { CAPITAL($campaign) } brought { $effect } of extra spend a customer
campaigns-picture-effects-one-none = { CAPITAL($campaign) } is not shown to have brought extra spend
campaigns-picture-effects-unit = extra spend a customer
campaigns-picture-effects-unit-money = extra spend a customer, { $currency }
campaigns-picture-effects-doubted = ?: the comparison is not trusted
campaigns-picture-effects-alt = Dots with ranges, { $unit }: { $rows }.
campaigns-picture-row = { $name } { $value } ({ $likely })
campaigns-picture-left = { $n } more { PLURAL($n, one: "campaign is", other: "campaigns are") } in the table
campaigns-picture-left-groups = { $n } more { PLURAL($n, one: "group", other: "groups") } in the table
campaigns-picture-balance-nobody = Nobody was compared
campaigns-picture-balance-control = The control group is alike in { $alike } of { $measures } figures
campaigns-picture-balance-matched = Matched customers are alike in { $alike } of { $measures } figures
campaigns-picture-balance-unit = apart before the campaign, standard deviations
campaigns-picture-balance-key = grey band: alike
campaigns-picture-balance-dots = diamonds: all customers; dots: matched
campaigns-picture-balance-alt = Dots, standard deviations apart: { $rows }.
campaigns-picture-balance-row = { $name } { $before }
campaigns-picture-balance-row-matched = { $name } { $before } before and { $after } after matching
campaigns-picture-who-few = Too few customers in any group to tell who responds
campaigns-picture-who-none = No group is shown to answer more often than another
campaigns-picture-who-some = “{ $group }” answered most often: { $share }, all { $all }
campaigns-picture-who-key = line: all; grey: within chance
campaigns-picture-who-alt = Dots with ranges, share that answered, all { $all }: { $rows }.
