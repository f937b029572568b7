# What is bought together. Filled by crmlib/present/reports/rules/say.py, show.py and draw.py.

## The answer and the findings: cross_sell_answer, cross_sell_findings

rules-answer-first = { $share } of baskets with { $before } also hold { $after }.
rules-answer-worth = { $share } of baskets with { $before } hold { $after }: { $worth } more { $kind } in { $days }.
rules-answer-many = { $rules } { PLURAL($rules, one: "combination", other: "combinations") } of { $items } { PLURAL($rules, one: "is", other: "are") } bought together clearly more often than chance would have it.
rules-answer-none = No combination of { $items } is bought together clearly more often than by chance, in at least { $least } { PLURAL($least, one: "basket", other: "baskets") }.
rules-finding-first = Whoever buys { $before } also buys { $after } in { $share } of cases, { $lift } as often as by chance.
rules-finding-proof = Of the { $rules } { PLURAL($rules, one: "rule", other: "rules") } that mattered most on { $day }, { $held } held in the { $days } after; together they were expected to bring { $expected } of { $kind } beyond chance and brought { $came }.
rules-money-margin = margin
rules-money-revenue = revenue

# What is looked at, one and several
item-subcategory = group of products
item-category = category
item-department = department
item-brand = brand
item-product-id = product
items-subcategory = groups of products
items-category = categories
items-department = departments
items-brand = brands
items-product-id = products

## Key figures and tables: cross_sell_figures, rules_table, items_table

rules-figure-baskets = Baskets
rules-figure-items = Items in a basket
rules-figure-items-note = different { $items }; half of the baskets hold no more
rules-figure-found = Combinations above chance
rules-figure-lift = Strongest combination
rules-figure-lift-unit = times chance
rules-table-best = What is worth most beyond chance; { $kind } is that of the second product
rules-table-best-expected = What the second is expected to earn in baskets beyond chance in the next { $days }.
rules-table-best-came = What it did earn so in the last { $days }, if the rule was known before.
rules-table-changes = Rules that came up or went since { $day }, or changed in the last { $days }
rules-table-levels = Levels looked at: rules known on { $day }, and what became of them in { $days }
rules-table-rules = Whoever buys this buys that as well
rules-table-rules-first = Whoever buys this buys that as well: the first { $shown } of { $rules }
rules-table-items = What is in most baskets
rules-codes-only = Products are known by code only, so rules are between codes.
rules-level-single = This report looks at single products.
rules-level-group = This report looks at { $items }.

## What goes together: rules_paragraph, plot_rules_lift, plot_rule_graph

rules-read = A rule is read from left to right: of all baskets with the first, so many hold the second too. The lift says how many times as often as if the two had nothing to do with each other.
rules-read-worth = Its worth is the { $kind } that the second product earns in baskets beyond what chance, month by month, would bring: expected for the next { $days } at the rate of the last year, and what it was in the last { $days }.
rules-read-revenue = No costs are known, so revenue stands for margin.
rules-across = { $joined } of the { $rules } { PLURAL($rules, one: "combination", other: "combinations") } join different categories: they bring a customer to a shelf that was not on the list.

rules-picture-none = No rule is above chance in so many baskets
rules-picture-lift = “{ $before }” and “{ $after }”: together { $lift } as often as by chance
rules-picture-lift-text = { $lift }; holds in { $share }
rules-picture-lift-axis = times as often as by chance (the line: { $one }, chance)
rules-picture-lift-alt = Dots of the rules with the highest lift: { $rules }.
rules-picture-lift-alt-one = { $rule }: { $text }
rules-picture-pair = { $before } → { $after }

rules-picture-graph-alt = Graph of rules as arrows between items: { $rules }.
rules-picture-graph-alt-one = { $before } to { $after }, { $lift } chance, holds in { $share }
rules-picture-graph-one = { $rules } { PLURAL($rules, one: "rule ties", other: "rules tie") } { $items } { PLURAL($items, one: "item", other: "items") } together
rules-picture-graph-groups = { $rules } rules tie { $items } items together in { $groups } groups, the largest round “{ $centre }”
rules-picture-graph-pairs = { $rules } rules tie { $items } items together in { $groups } pairs
rules-picture-holds-in = rule holds in so many cases

## Where most is to be won: act_paragraph, plot_rules_scatter, plot_lift_by_support

rules-act-none = There is nothing to act on until a rule is found.
rules-act-start = First, { $offers }.
rules-act-one = offer { $after } to buyers of { $before }
rules-act-pair = { $after } with { $before }
rules-act-use-bundle = As a bundle, since each is bought with the other: { $rules }.
rules-act-use-email = By e-mail in the { $days } after the first was bought: { $rules }.
rules-act-use-call = On the call or visit in which the first is ordered: { $rules }.
rules-act-use-shelf = Side by side on the shelf and the product’s page: { $rules }.
rules-use-bundle = Bundle
rules-use-email = E-mail
rules-use-call = Call
rules-use-shelf = Shelf
rules-proof-none = So there is no rule to hold against later time.
rules-proof-short = The history is too short to hold rules against later time.
rules-changes-none = Of the rules that matter, none came up, went or changed since { $day }.
rules-changes = Of the rules that matter, { $born ->
        [0] none
       *[other] { $born }
    } came up and { $died ->
        [0] none
       *[other] { $died }
    } went since { $day }; { $moved ->
        [0] none
       *[other] { $moved }
    } of them { PLURAL($moved, zero: "holds", one: "holds", other: "hold") } clearly more or less often of late.
rules-change-born = Came up
rules-change-died = Went
rules-change-stronger = Stronger
rules-change-weaker = Weaker

rules-picture-worth = “{ $after }” with “{ $before }” is worth most: { $worth }
rules-picture-worth-axis = expected { $kind } beyond chance in the next { $days }
rules-picture-worth-alt = Bar chart of what rules are expected to be worth: { $bars }.

rules-picture-scatter = Of { $rules } rules, { $sure } { PLURAL($sure, one: "holds", other: "hold") } in at least half of all cases
rules-picture-scatter-one = The rule holds in { $share } of cases
rules-picture-scatter-none = The surest of { $rules } rules holds in { $share } of cases
rules-picture-scatter-x = share of baskets with both sides, %
rules-picture-scatter-y = rule holds in, % of cases
rules-picture-scatter-alt = Scatter of { $rules } { PLURAL($rules, one: "rule", other: "rules") }: how often each holds against the baskets with both sides. Most extra baskets: { $best }.
rules-picture-scatter-alt-one = { $rule }, in { $support } of baskets, holds in { $holds }
rules-picture-under = under { $low } times chance
rules-picture-between = { $low } to { $high } times
rules-picture-over = over { $high } times
rules-picture-under-share = under { $low }
rules-picture-between-share = { $low } to { $high }
rules-picture-over-share = over { $high }

rules-picture-support-none = No rule is more than { $times } as frequent as by chance
rules-picture-support = { $strong } { PLURAL($strong, one: "rule is", other: "rules are") } over { $times } chance, in at most { $share } of baskets
rules-picture-support-y = times as often as by chance
rules-picture-support-alt = Scatter of { $rules } { PLURAL($rules, one: "rule", other: "rules") }: lift against the share of baskets. { $ends }.
rules-picture-support-alt-one = { $before } to { $after }, { $lift } chance in { $share } of baskets

## What baskets look like: baskets_paragraph, plot_item_frequency

rules-baskets = { $baskets } { PLURAL($baskets, one: "basket holds", other: "baskets hold") } { $different } different { $items }; half of the baskets hold { $median } or fewer.
rules-baskets-single = { $share } hold one only, so no rule can speak of them.
rules-baskets-most = Most often in a basket: { $items }.
rules-baskets-most-one = “{ $item }” ({ $share })

rules-picture-items = “{ $item }” is in { $share } of all baskets
rules-picture-items-none = No basket holds anything
rules-picture-items-unit = share of all baskets, %
rules-picture-items-alt = Bar chart of the share of baskets that hold each item: { $items }.

## Limits, and how it was computed: cross_sell_limits, counted_paragraph

rules-limits-cause = What is bought together need not cause each other: a rule does not promise that an offer sells more.
rules-how-rare = Only combinations in at least { $least } { PLURAL($least, one: "basket", other: "baskets") } are looked at; what nearly everyone buys has a low lift by nature.
rules-how-tested = { $tested } { PLURAL($tested, one: "rule was", other: "rules were") } tested; those shown are above chance with that number taken into account.
rules-how-raised = Combinations in at least { $asked } were asked for and would have taken too much memory; { $used } were used.
rules-support-share = { $share } of baskets
rules-support-count = { $n } { PLURAL($n, one: "basket", other: "baskets") }
rules-how-refunds = { $lines } { PLURAL($lines, one: "line that gives goods back or is empty is", other: "lines that give goods back or are empty are") } left out.
rules-how-large = { $baskets } { PLURAL($baskets, one: "basket", other: "baskets") } with more than { $most } items { PLURAL($baskets, one: "is", other: "are") } left out.
rules-how-unnamed = { $share } of order lines are of products without such a group; they are in no rule.
rules-limits-codes = Products are known by code only, and codes for postage and the like are taken for products; a table of products with their names would bring words.
rules-how-basket = A basket is an order of which something was paid for and kept.
rules-how-free = { $lines } { PLURAL($lines, one: "line at price 0 is", other: "lines at price 0 are") } left out: stock bookings and gifts are no choice of the customer.
rules-how-cancelled = { $lines } { PLURAL($lines, one: "line that was cancelled or wholly sent back is", other: "lines that were cancelled or wholly sent back are") } left out.
rules-how-use = A rule that holds both ways in three of ten cases is a bundle; one whose second product is bought more often in the { $days } after than along with the first is for an e-mail; of the others, those that are ordered through a person more often than not are for the call, the rest for the shelf.
rules-limits-stock = Stock is not looked at, and a rule can still sell what earns little.
rules-limits-season = The history is too short to tell season from habit.
