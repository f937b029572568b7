# Data health. Filled by crmlib/present/claims_health.py (say), tables_health.py (show), plots_health.py (draw),
# claims_checks.py (what tables, columns and checks are called).

## The answer: health_answer

health-answer-no-rows =
    There is no row in the { $tables } { PLURAL($tables, one: "table", other: "tables") } that
    { PLURAL($tables, one: "was", other: "were") } read.
health-answer-all-used =
    { $later ->
        [0] All { $rows } { PLURAL($rows, one: "row", other: "rows") } read from { $tables } { PLURAL($tables, one: "table", other: "tables") } could be used.
       *[other] All { $rows } { PLURAL($rows, one: "row", other: "rows") } up to the closing date could be used; { $later }{ "\u00A0" }later { PLURAL($later, one: "row is", other: "rows are") } not looked at.
    }
health-answer-some-set-aside =
    { $later ->
        [0] Of { $rows } { PLURAL($rows, one: "row", other: "rows") } read from { $tables } { PLURAL($tables, one: "table", other: "tables") }, { $used } could be used, { $aside } { PLURAL($aside, one: "was", other: "were") } set aside, each with its reason.
       *[other] Of { $rows } { PLURAL($rows, one: "row", other: "rows") } read, { $aside } { PLURAL($aside, one: "was", other: "were") } set aside, each with its reason, { $later }{ "\u00A0" }of them as later than the closing date; of the rows up to then { $used } could be used.
    }
health-answer-span-sales = The sales run from { $first } to { $last }.
health-answer-span-deals = The deals run from { $first } to { $last }.
health-answer-look-first = Look first at this: { $what }
health-answer-nothing-found = No check found anything to warn of.
health-answer-noticed =
    No row was found wrong, but { $notices } { PLURAL($notices, one: "thing", other: "things") } about whole files or
    tables { PLURAL($notices, one: "was", other: "were") } noticed; see below.
health-answer-nothing-serious = Nothing that the checks found stands in the way of the reports.

## Findings, repeated on the index: health_findings

health-finding-no-customer = { $share } of order lines have no customer, so nothing that is said about customers covers them.
health-finding-set-aside-mostly =
    { $aside } of { $rows } { PLURAL($rows, one: "row", other: "rows") } { PLURAL($aside, one: "was", other: "were") } set aside{ $merged ->
        [0] { "" }
       *[other] { " " }for a fault
    }, { $main } of them { $table } that { $found }.
health-finding-set-aside-all =
    { $aside } of { $rows } { PLURAL($rows, one: "row", other: "rows") } { PLURAL($aside, one: "was", other: "were") } set aside{ $merged ->
        [0] { "" }
       *[other] { " " }for a fault
    }: { $table } that { $found }.
health-finding-set-aside-among =
    { $aside } of { $rows } { PLURAL($rows, one: "row", other: "rows") } { PLURAL($aside, one: "was", other: "were") } set aside{ $merged ->
        [0] { "" }
       *[other] { " " }for a fault
    }, first of all { $table } that { $found }.
health-finding-warning = { $share } of { $table } { $found }.

## What was read: tables_paragraph, health_figures, tables_table

health-tables-largest = The largest table is { $table } with { $rows } { PLURAL($rows, one: "row", other: "rows") }.
health-tables-old = The last row lies well back in { $tables }: ask whether the export is complete.
health-tables-old-one = { $table } ({ $age } before the closing date)
health-tables-fresh = Every table with dates reaches into the last { $age } before the closing date.

health-figure-rows-read = Rows read
health-figure-rows-set-aside = Rows set aside
health-figure-share-set-aside = { $share } of all
health-figure-rows-mended = Rows mended
health-figure-data-up-to = Data up to

health-table-tables = Rows by table

## What the checks found: checks_paragraph, checks_table, plot_check_counts

health-checks-all-passed = Every row passed every check.
health-checks-set-aside = Rows set aside are in no figure of any report; each is kept with its reason in the workspace.
health-checks-mended =
    { $rows } { PLURAL($rows, one: "row was", other: "rows were") } mended and counted: what was wrong is put right
    or left empty, and the rest of the row is used.
health-checks-warned =
    Rows with a warning are used as they are. Each check can be made stricter where the export is known to be wrong.
health-checks-not-goods = { $products } { PLURAL($products, one: "product looks", other: "products look") } like postage, fees, samples or corrections rather than goods, and { PLURAL($products, one: "is", other: "are") } never offered: { $named }{ $products ->
        [1] { "" }
        [2] { "" }
        [3] { "" }
       *[other] { " " }and others
    }.
health-checks-unknown-customers =
    { $share } of order lines come from customers who are not in the list: they count in full, but nothing is known
    about them beyond what they buy.
health-checks-unknown-products =
    { $share } of order lines are of products that are not in the list: they count for sales, and belong to no
    category.

health-table-checks = Rows by reason
health-table-noticed = noticed

health-picture-checks-none = No check found anything
health-picture-checks-passed = Every check was passed
health-picture-checks-aside = { $aside } of { $rows } { PLURAL($rows, one: "row", other: "rows") } had to be set aside
health-picture-checks-kept = All rows were kept; { $share } of { $table } { $found }
health-picture-checks-alt = Bar chart of the rows that each check found: { $bars }.
health-picture-bar = { $rows } ({ $share }), { $done }
health-picture-unit-rows = rows

policy-set-aside = set aside
policy-mend = mended
policy-warn = kept, with a warning

## Which records are one customer: identities_paragraph, identities_table

health-identities-lists =
    { $records } { PLURAL($records, one: "entry", other: "entries") } in the lists of customers
    { PLURAL($records, one: "is", other: "are") } { $customers } { PLURAL($customers, one: "customer", other: "customers") }.
health-identities-quality =
    Judged by the entries themselves, at least { $right } of the pairs put together are one customer, and at least
    { $found } of the double entries that look alike were found.
health-identities-signs =
    Orders, visits, opinions and people at customers tell a customer, too: of { $signs } e-mail addresses, telephone
    numbers, visitors and accounts, { $joined } belong to one customer{ $shared ->
        [0] { "" }
       *[other] , { $shared } { PLURAL($shared, one: "is", other: "are") } shared by several and { PLURAL($shared, one: "tells", other: "tell") } nothing
    }. So { $rows } { PLURAL($rows, one: "row", other: "rows") } that named nobody now { PLURAL($rows, one: "names its", other: "name their") } customer.

health-table-identities = What tells a customer besides the lists of customers

sign-contacts-email = E-mail addresses of people at customers
sign-contacts-phone = Telephone numbers of people at customers
sign-transactions-email = E-mail addresses of orders
sign-transactions-phone = Telephone numbers of orders
sign-events-visitor-id = Visitors of the site
sign-feedback-order-id = Order numbers of opinions
sign-feedback-email = E-mail addresses of opinions
sign-feedback-handle = Social media accounts of opinions

## How far columns are filled in: completeness_paragraph, completeness_table, plot_completeness

health-columns-all-full = Every column that is mapped is filled in for every row.
health-columns-gaps =
    { $full } of { $columns } { PLURAL($columns, one: "column", other: "columns") }
    { PLURAL($full, one: "is", other: "are") } filled in for every row; the widest gap: “{ $column }” of { $table }
    has a value in { $share } of rows.
health-columns-no-customer = Order lines without a customer count for sales and baskets, and for nothing else.
health-columns-personal = Of personal and sensitive columns nothing is told but how far they are filled in.

health-table-completeness = Columns, and how far they are filled in

privacy-personal = personal
privacy-sensitive = sensitive

health-picture-columns-none = No column has a gap
health-picture-columns-full = Every column is filled in
health-picture-columns-gaps = { $gaps } of { $columns } { PLURAL($columns, one: "column", other: "columns") } { PLURAL($gaps, one: "has", other: "have") } gaps
health-picture-columns-one = { $column } of { $table }
health-picture-columns-alt = Bar chart of the share of rows in which each column is filled in: { $bars }.
health-picture-columns-unit = filled in, % of rows

## What is missing: missing_paragraph, missing_table

health-missing-tables =
    { $missing } of { $known } { PLURAL($known, one: "table", other: "tables") } that crmlib knows
    { PLURAL($missing, one: "is", other: "are") } not mapped here; none of them is needed for the reports of this run,
    and each would add what the table says.
health-missing-columns = In the tables that are there, these columns are missing and would add most: { $columns }.

health-table-missing = What is not there

brings-customers = Who the customers are: kind, region, size; and people who never bought.
brings-contacts = The people at each company, and how far they decide.
brings-products = Names and groups of products: what goes together is then said in words, not in codes.
brings-transactions = Everything about buying: spend, segments, what goes together.
brings-interactions = Calls, visits and mails: who is looked after, and whom nobody has contacted.
brings-events = What customers look at before they buy.
brings-feedback = How content customers are, and what they complain about.
brings-service-cases = What goes wrong after the sale, and how long it takes to put right.
brings-opportunities = The deals under way: how many are won, and what is likely to come in.
brings-stage-history = How long deals stay in each stage, and where they get stuck.
brings-opportunity-contacts = Who decides in each deal.
brings-relations = Which customers belong together.
brings-campaigns = What campaigns cost, and when they ran.
brings-campaign-contacts = Who was in a campaign, and whether it made them buy.
brings-plans = Targets, to hold results against.
brings-employees = Who sells and who serves, by team.
brings-transactions-customer-id = Everything about customers: without it there are only baskets.
brings-transactions-quantity = Pieces, and returns that are booked without an amount.
brings-transactions-discount-amount = Who buys at a discount, and how much is given away.
brings-transactions-cost-amount = Margin: which customers and products earn money.
brings-transactions-channel = Where each customer prefers to buy.
brings-products-name = Products by name, not by code.
brings-products-category = Groups of products: breadth of what is bought, and what goes together.
brings-campaign-contacts-responded-at = Which customers answer campaigns.
brings-campaign-contacts-is-control = What a campaign brought beyond what would have been bought anyway.

## How easily one customer is recognised: anonymity_paragraph

health-anonymity =
    By { $known } alone, { $alone } of { $customers } { PLURAL($customers, one: "customer", other: "customers") }
    { PLURAL($alone, one: "is", other: "are") } unlike all others, and { $below }
    { PLURAL($below, one: "has", other: "have") } fewer than { $least } like them (k-anonymity { $k }).
health-anonymity-learns =
    For some customers, whoever knows all the rest of this also learns { $what } (l-diversity { $l }, t-closeness { $t }).
health-anonymity-several =
    Whoever knows all the rest of this about a customer is left with { $l } or more possibilities for { $what } (l-diversity
    { $l }, t-closeness { $t }).
health-anonymity-do =
    Pages show such columns in groups only. Before you hand on rows that hold them, leave columns out, or make them
    coarser, until nobody is alone.

known-kind = kind
known-industry = industry
known-company-size = company size
known-country = country
known-region = region
known-city = city
known-household-size = size of the household
known-birth-on = year of birth
known-gender = gender
known-income-band = income

## Limits: health_limits

health-limits-looks-right = Checks find what cannot be right. A wrong amount that looks right passes them.
health-limits-not-exported = A row that was never exported is missed by every check; compare the totals with the books.
health-limits-currency = All amounts are taken to be in { $currency }; nothing is converted.
health-limits-one-currency = Amounts are taken to be in one currency; nothing is converted.
health-limits-counted-twice = A row can break several checks and is then counted in each line of the table.

## What a check found, as the end of a sentence that begins with rows: check_words

check-line = { CAPITAL($table) } that { $found }
check-after-as-of = lie after the closing date
check-isolated-future = are dated more than a year after all others
check-exact-duplicate = are the same as an earlier row
check-duplicate-key = are listed more than once
check-merged = belong to an earlier row and were merged into it
check-same-customer = are the same customer as another row and became one
check-joined-since = have joined a customer that was known at the last load
check-merged-since = were two customers at the last load and are one now
check-split-since = belonged to another customer at the last load
check-perhaps-same-customer = may be the same customer as another row, which a person should decide
check-filtered = are left out by the workspace’s own filter
check-unreadable-record = could not be read at all
check-zero-quantity = have a quantity of 0
check-negative-price = have a price below 0
check-refund-without-purchase = give back what the customer had not bought in these data
check-score-above-best = have a score above the best that is possible
check-closed-before-opened = were closed before they were opened
check-closed-before-created = were closed before they were created
check-left-before-entered = left a stage before they entered it
check-ends-before-start = end before they start
check-missing-required = have no { $column }
check-unparsable-date = have a { $column } that cannot be read as a date
check-wrong-type = have text in “{ $column }” that cannot be read as a value
check-out-of-range = have a value of “{ $column }” outside its limits
check-not-allowed = have an unknown value of “{ $column }”
check-other-currency = have an amount with the mark of another currency in “{ $column }”; nothing is converted
check-ruined-id = have a “{ $column }” that a spreadsheet rewrote as a number, a date or an error
check-placeholder = have a placeholder instead of a customer, such as 0 or guest
check-skipped-hour = have a “{ $column }” in the hour that the clocks skip in spring
check-hidden-characters = have invisible or full-width characters in an identifier, which were taken out
check-total-row = sum up other rows
check-sum-of-all = have the amount of all other rows together, as a total has
check-open-with-closing = are open and have a closing date, which is taken as the expected one
check-closed-without-day = are won or lost and have no closing date
check-vanished = were in an earlier full export and are not in the last one
check-misspelt = have a “{ $column }” that looks misspelt
check-not-agreed = have a “{ $column }” that is not agreed upon
check-stale = are the last ones, and older than was agreed
check-unknown-column = have a column “{ $column }” that is not used
check-orphan-key =
    { $column ->
        [column-customer-id] name a customer who is not in the list of customers
        [column-product-id] name a product that is not in the list of products
        [column-campaign-id] name a campaign that is not in the list of campaigns
        [column-employee-id] name an employee who is not in the list of employees
        [column-opportunity-id] name a deal that is not in the list of deals
        [column-contact-id] name a person who is not in the list of contacts
       *[other] name a “{ $column }” that is in no list
    }

## What the rows of a table are called: table_word

table-customers = customers
table-contacts = contacts
table-products = products
table-transactions = order lines
table-interactions = contacts with customers
table-events = events
table-feedback = opinions
table-service-cases = service requests
table-opportunities = deals
table-stage-history = stays in a stage
table-opportunity-contacts = parts in a decision
table-relations = ties between customers
table-campaigns = campaigns
table-campaign-contacts = campaign contacts
table-plans = targets
table-employees = employees

## What a column is called in a sentence: column_word

column-customer-id = customer
column-product-id = product
column-campaign-id = campaign
column-employee-id = employee
column-opportunity-id = deal
column-contact-id = contact
column-order-id = order number
column-ordered-at = date
column-net-amount = amount
