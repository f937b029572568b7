# What to do next. Filled by crmlib/present/reports/worklist (say, show); the rules are in crmlib/analyse/worklist.py.

## What an action is called: WORK_ACTIONS

work-action-hand-over = Hand over
work-action-collect = Collect
work-action-follow-up = Follow up
work-action-win-back = Win back
work-action-prevent = Call before a case
work-action-keep = Keep
work-action-develop = Develop
work-action-offer = Offer
work-action-coupon = Send coupon
work-action-serve = Agree service

## Why an action has its place before those after it: WORK_PRECEDENCE

work-place-hand-over = Hand over what a colleague who left was looking after: without an owner nothing else gets done.
work-place-collect = Collect money that is overdue before anything more is sold to the same customer.
work-place-follow-up = Follow up on open deals, complaints and those who are in touch with us, before a new conversation is begun.
work-place-win-back = Win back customers who have gone silent: the dormant and the lost, nobody else.
work-place-prevent = Call customers who own a product that fails often, before they have to call us.
work-place-serve = Agree a service level with the most valuable customers who needed help more than once and wait longer for it than those who spend most would have to, before they are asked for more.
work-place-keep = Keep the most valuable customers before more is sold to others.
work-place-develop = Develop customers who buy as usual and have room to grow.
work-place-coupon = Send a coupon to new customers who bought once, where nothing that costs no margin is called for.
work-place-offer = Offer the likeliest next product to those who are left.

## Why: work_reason

work-reason-deal-owner-left =
    { $age ->
        [unknown] The owner left on { $left }.
       *[other]
            { $stage ->
                [deal] The owner left on { $left }; the deal has been open for { $age }.
               *[other] The owner left on { $left }; the deal has been in “{ $stage }” for { $age }.
            }
    }
work-reason-customer-owner-left = The owner left on { $left }; spent { $spend } in the last year.
work-reason-invoice-overdue =
    { $days ->
        [unknown] { $owed } is overdue.
       *[other] { $owed } is overdue, the oldest invoice by { $days }.
    }
work-reason-deal-overdue =
    { $stage ->
        [deal] Open for { $age }; others are usually decided after { $limit }.
       *[other] In “{ $stage }” for { $age }; others have usually moved on after { $limit }.
    }
work-reason-deal-unplanned =
    { $touch ->
        [unknown] No contact is planned.
       *[other] No contact is planned; the last one was { $touch } ago.
    }
work-reason-speaks = { $reason } Its notes speak of { $themes }.
work-reason-prospect = In touch with us, has not bought, and no deal is open.
work-reason-lead =
    { $begin ->
        [unknown] Known to us; has neither bought nor been in touch.
       *[other] Known to us; has neither bought nor been in touch. { $begin } likely to order or begin a deal within { $within }.
    }
work-reason-complaint-open = Complained { $waited } ago and still waits for an answer; spent { $spend } in the last year.
work-reason-unhappy = Gave { $score } of the best score on { $said }; spent { $spend } in the last year.
work-reason-silent-owing = Spent { $worth } a year while they came, last bought { $silence } ago, and { $owed } is overdue.
work-reason-silent-large = Spent { $worth } a year while they came, last bought { $silence } ago; among those that were worth most.
work-reason-silent = Spent { $worth } a year while they came; last bought { $silence } ago.
work-reason-case-likely = Last bought “{ $product }” on { $bought }; about { $chance } likely to have a case with it within { $ahead }.
work-reason-valuable-owing = Spent { $spend } in the last year; { $owed } is overdue.
work-reason-valuable-late =
    { $chance ->
        [unknown] Spent { $spend } in the last year; last bought { $silence } ago, { $ratio } the usual gap.
       *[other] Spent { $spend } in the last year; last bought { $silence } ago, { $ratio } the usual gap; { $chance } likely to stop.
    }
work-reason-valuable-likely-to-stop = Spent { $spend } in the last year; { $chance } likely to stop.
work-reason-valuable =
    { $silence ->
        [0] Spent { $spend } in the last year; bought on the last day.
       *[other] Spent { $spend } in the last year; bought { $silence } ago.
    }
work-reason-valuable-in-service = Spent { $spend } in the last year and asked for help { $cases } times; on average they waited { $answer } for the first answer, where { $usual } could be kept for those who spend most.
work-reason-bought-once = Bought once, { $silence } ago, for { $total }.
work-reason-room-to-grow = Spent { $spend } in the last year; comparable customers who buy much spend at least { $room } more, { $part } of it on “{ $category }”.
work-reason-spend-rising = Spent { $spend } in the last year, and clearly more lately than before.
work-reason-likely-to-buy = { $chance } likely to buy “{ $product }”.

## The step: work_step

work-step-hand-over-deal = Give the deal a new owner, who calls the customer.
work-step-hand-over-customer = Give the customer a new owner, who introduces herself or himself.
work-step-ask-for-payment = Ask for the payment, and agree a day for it.
work-step-take-next-step =
    { $what ->
        [unknown] Settle the next step with the customer, or close the deal.
       *[other] Make the next contact ({ $what }) as in deals that were won, or close the deal.
    }
work-step-plan-contact = Plan the next contact.
work-step-settle-next-step = Settle the next step by name and date.
work-step-make-first-contact = Make one inexpensive first contact; drop those who do not answer.
work-step-answer-complaint = Answer the complaint, and agree the day by which it is settled.
work-step-ask-what-went-wrong = Call and ask what went wrong, before any offer.
work-step-settle-then-prepaid = Settle what is open first; a new order against payment in advance.
work-step-call-in-person = Call in person, ask why they stay away, and make one offer that fits what they bought.
work-step-write-once = Write once, with something like their last order; no more if it goes unanswered.
work-step-ask-how-it-works = Call and ask how “{ $what }” works, before a case arises.
work-step-settle-then-talk = Settle the open invoices with them first, then speak of the next order.
work-step-ask-what-is-missing = Call and ask what is missing, before any offer.
work-step-call-with-what-fits = Call with something that fits the last orders.
work-step-thank-them = Thank them by name and give them a first look at what is new; no needless discount.
work-step-show-category = Show them “{ $what }” with their next order: comparable customers buy it.
work-step-offer-what-goes-with-it = Offer what goes with their last orders while their spend is rising.
work-step-agree-service-level = Agree who answers their requests, and how fast.
work-step-send-coupon = Send a coupon for a second order, with a last day.
work-step-offer-product = Offer “{ $what }”.

## What it rests on, and how strongly: EVIDENCE_WORDS

work-evidence-books-strong = The books
work-evidence-books-fair = The books, recent figures
work-evidence-books-weak = The books, few figures
work-evidence-rule-strong = A rule, clearly met
work-evidence-rule-fair = A rule
work-evidence-rule-weak = A rule, barely met
work-evidence-pattern-strong = Earlier deals, beyond chance
work-evidence-pattern-fair = Earlier deals, clearly late
work-evidence-pattern-weak = Earlier deals, a little late
work-evidence-peers-strong = Comparable customers, clearly
work-evidence-peers-fair = Comparable customers
work-evidence-peers-weak = Comparable customers, a hint
work-evidence-model-strong = A model, fairly sure
work-evidence-model-fair = A model, more likely than not
work-evidence-model-weak = A model, a hint

## The answer: work_answer

work-answer-none = Nothing is waiting to be done about any customer or deal.
work-answer-first = There is something to do for { $rows } customers and deals, for { $soon } of them by { $day }.
work-answer-one = There is something to do for one customer or deal.
work-answer-money = The largest sum, { $stake }, stands under “{ $action }”.
work-answer-begin = Begin with { $who }: { $step }

## The largest of the kinds with most at stake, which the index repeats: work_top

work-top-deal = { $action }: deal { $deal } ({ $stake }) by { $day }, the largest of { $rows } that come first. { $reason }
work-top-customer = { $action }: customer { $customer } ({ $stake }) by { $day }, the largest of { $rows } that come first. { $reason }
work-top-deal-only = { $action }: deal { $deal } by { $day }. { $reason }
work-top-customer-only = { $action }: customer { $customer } by { $day }. { $reason }

work-deal = deal { $deal }
work-customer = customer { $customer }

## What it rests on, in one sentence: work_paragraph

work-paragraph =
    Of these, { $books } rest on the books, { $rules } on a rule about the customer's own habit, { $deals } on how earlier
    deals went, and { $others } on comparable customers or a model.
work-paragraph-more = What else is called for with the same customer stands beside it; the lists of each action are below.

## Who has how much to do: team_paragraph, team_table

work-team =
    Within { $within }, { $steps } { PLURAL($steps, one: "step is", other: "steps are") } due from { $owners } of us, who
    made { $made } { PLURAL($made, one: "contact", other: "contacts") } in the last { $within }.
work-team-over =
    { $n } { PLURAL($n, one: "has", other: "have") } more due than contacts in that time: { $busy }; { $room } can help.
work-team-full = That is more than any of them can do in that time, and nobody has room to help.
work-team-fits =
    What fits, the most at stake first, is { $kept } { PLURAL($kept, one: "step", other: "steps") } with { $part } of the money
    at stake: do those, and put off the rest.
work-team-nobody =
    { $steps } more { PLURAL($steps, one: "step has", other: "steps have") } no owner who is here: name one for each.
work-table-team = Steps due within { $within }, and how long they take at the pace of the contacts that each makes

## Lists: work_table, work_counts

work-table-first = What to do first about each customer and each deal, the most money first
work-table-hand-over = To hand over, the most money first
work-table-deals-hand-over = Deals to hand over, the most money first
work-table-deals-follow-up = Deals to follow up, the most money first
work-table-collect = Overdue money to collect, the largest sum first
work-table-follow-up = Deals, complaints and contacts to follow up, the most money first
work-table-win-back = Customers to win back, the most money first
work-table-prevent = Customers to call before a case arises, the most money at stake first
work-table-keep = Customers to keep, the most money at stake first
work-table-develop = Customers to develop, the most room first
work-table-develop-rising = Customers to develop, those with rising spend
work-table-serve = Customers to agree a service level with, the most spend first
work-table-coupon = New customers for a coupon, the largest first order first
work-table-offer = Offers to make, the most money expected first
work-table-counts = How much there is to do, in the order in which it comes first

## How far it goes: work_limits

work-limits-money = Money at stake is not one sum: of a deal it is its value, of a complaint or an unhappy customer a year’s spend, of a customer to keep what a year’s spend may lose, of one to win back a year’s spend while they came, of one to develop what comparable customers spend more, of one to serve the year’s spend, of a new one the first order, and of one to call before a case a year’s spend times the chance of a case.
work-limits-days = A day by which to act is a rule of thumb of each step, except where earlier deals show when the next contact came.
work-limits-without-offers = Offers are not in this list; those of the page on cross-selling come after everything here.
work-limits-one = Of each customer one thing comes first; what else is called for stands beside it, and in the list of that action.

work-limits-untested = What a coupon or a service level brings has not been tested here, so none is promised: lists made of them leave some customers out for comparison, and the page on campaigns judges it afterwards.

## How the order is made: work_precedence

work-precedence = A customer's first action is the one that stands highest in this order.
work-ruled-out = Nothing more is sold to a customer with an overdue invoice, and a customer to be won back is not asked to buy more.

## How the last month or quarter went: lately_figures

work-figure-sales = Net sales
work-figure-orders = Orders
work-figure-buyers = Customers who bought
work-figure-won-deals = Deals won
work-figure-won-amount = Value of deals won
work-figure-open-amount = Value of open deals
work-figure-plan-net-amount = Sales plan reached
work-figure-plan-won-amount = Plan for won deals reached
work-figure-beside =
    { $ago ->
        [unknown] before: { $before }
       *[other] before: { $before }; a year earlier: { $ago }
    }
work-lately-quarter = Of the quarter from { $first } to { $last }, beside the quarter before and the same quarter a year earlier.
work-lately-month = Of the month from { $first } to { $last }, beside the month before and the same month a year earlier.
