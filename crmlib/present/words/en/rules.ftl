# What is bought together. Filled by crmlib/present/reports/rules/say.py, show.py and draw.py.

## The answer and the findings: cross_sell_answer, cross_sell_findings

rules-answer-first = { $share } of baskets with { $before } also hold { $after }.
rules-answer-many = { $rules } { PLURAL($rules, one: "combination", other: "combinations") } of { $items } { PLURAL($rules, one: "is", other: "are") } bought together clearly more often than chance would have it.
rules-answer-none = No combination of { $items } is bought together clearly more often than by chance, in at least { $least } { PLURAL($least, one: "basket", other: "baskets") }.
rules-finding-first = Whoever buys { $before } also buys { $after } in { $share } of cases, { $lift } as often as by chance.
rules-finding-most = The combination that reaches most baskets beyond chance: { $before } with { $after }, in { $baskets } { PLURAL($baskets, one: "basket", other: "baskets") }, { $extra } more than chance would bring.

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
rules-table-rules = Whoever buys this buys that as well
rules-table-rules-first = Whoever buys this buys that as well: the first { $shown } of { $rules }
rules-table-items = What is in most baskets
rules-codes-only = Products are known by code only, so rules are between codes.
rules-level-single = This report looks at single products.
rules-level-group = This report looks at { $items }.

## What goes together: rules_paragraph, plot_rules_lift, plot_rule_graph

rules-read = A rule is read from left to right: of all baskets with the first, so many hold the second too. The lift says how many times as often as if the two had nothing to do with each other.
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
rules-act-start = Start with what already goes together most, for buyers who take one without the other: { $offers }.
rules-act-one = { $after } for buyers of { $before }
rules-act-where = Rules with a high lift and few baskets are for the shelf; rules with many baskets are for the till, the newsletter and the start page.

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
rules-how-basket = A basket is an order from which anything was taken, also free of charge or sent back later; the customer profile counts only orders that were paid for and kept.
rules-limits-margin = Prices, margins and stock are not looked at; a good rule can still sell what earns nothing.
