# One page per customer. Filled by crmlib/present/reports/people (say, show).

## The answer: customer_answer

people-title = Customer { $customer }
people-answer-buyer = The customer is { $state }: spent { $spend } in the last year, and last bought { $silence } ago.
people-answer-not-yet = The customer is a { $state } and has not bought yet.
people-answer-plain = Nothing was bought in the last year.
people-answer-deals = { $deals } open { PLURAL($deals, one: "deal", other: "deals") }, worth { $amount }.
people-answer-first = First: { $step }
people-answer-first-deal = First, about deal “{ $deal }”: { $step }
people-answer-move = First, about deal “{ $deal }”: { $move }
people-answer-nothing = Nothing presses today.

## Key figures: customer_figures

people-figure-spend = Spend in the last year
people-figure-orders = Orders
people-figure-open = Open deals
people-figure-overdue = Overdue
people-figure-cases = Open service cases
people-figure-contact = Last contact

## Who they are: customer_traits

people-table-traits = Who they are
people-trait-kind = Kind
people-trait-industry = Industry
people-trait-company-size = Size
people-trait-country = Country
people-trait-region = Region
people-trait-source = Came to us by
people-trait-rare = not shown: few others have the same
people-table-next = What to do next

## What happened: history_picture, history_table

people-heading-next = What to do next
people-heading-history = What happened
people-heading-deals = Open deals and who decides
people-heading-people = The people there
people-heading-bought = What they buy, and what they don’t
people-heading-who = Who they are
people-picture-history = { $events } events since { $day }
people-picture-history-alt = Dots on a line of time, one row a kind. { $kinds }
people-picture-history-kind = { $kind }: { $events }
people-table-history = What happened, the latest first
people-what-order = Order
people-what-deal = Deal
people-what-case = Service case
people-what-complaint = Complaint
people-what-feedback = Feedback
people-what-visit = Visit
people-what-contact = Contact
people-what-plan = Planned
people-outcome-open = open
people-outcome-won = won
people-outcome-lost = lost

## What they talk about: speaks_says

people-heading-speaks = What they talk about
people-speaks =
    { CAPITAL($theme) }: { $texts } { PLURAL($texts, one: "text", other: "texts") }, the last on { $day }.{ $won ->
        [unknown] { "" }
       *[other] { " " }Of { $deals } decided deals that spoke of it, { $won } were won (likely { $likely }).
    }
people-then = After notes on { $theme }, won deals had { $what } more often than lost ones: { $won } against { $lost }.
people-then-week = another contact within a week
people-then-by = the next contact by “{ $channel }”
people-then-none = What we did next was no different in won and in lost deals, beyond chance.

## Decisions: deal_picture, deal_says

people-picture-deal = Who decides about deal “{ $deal }”, and who sways whom
people-picture-deal-alt = A tree of { $people } { PLURAL($people, one: "person", other: "people") }: below each stand those who sway that person.
people-picture-more = And { $rows } more, in the table below
people-table-folded = As a table: { $caption }
people-node-stance =
    { $stance ->
        [unknown] stance not known, { $touches } { PLURAL($touches, one: "contact", other: "contacts") }
       *[other] stance { $stance }, { $touches } { PLURAL($touches, one: "contact", other: "contacts") }
    }
people-node-estimated = { $said }; sway estimated
people-person = { $title } ({ $number })
people-person-untitled = { $number ->
    [unknown] somebody who is not on this page
   *[other] Person { $number }
    }
people-role-person = { $role }: { $person }
people-role-decider = Decider
people-role-approver = Approver
people-role-champion = Speaks for us
people-role-influencer = Influencer
people-role-blocker = Blocker
people-role-buyer = Buyer
people-role-user = User
people-deal-says = { $deal }, { $amount }, in “{ $stage }”: { $move } { $risks }
people-sway =
    Speak to those who sway the decider: of how much warmer or cooler they are, { $part } carries over (likely { $likely }), by
    the decisions of all customers.
people-deal-risks = Warning: { $found }
people-deal-quiet = Nothing warns.
people-deal-listed = Why: { $reason }
people-risk-stance-against = the people who count most are against us.
people-risk-strong-blocker = the strongest voice is a blocker’s.
people-risk-stance-pulled-down = those who sway the decider are much cooler than the decider.
people-risk-silent = silence has lasted longer than is usual at this stage.
people-risk-no-decider = no decider is known.
people-risk-one-contact = we have not spoken to more than one person.
people-move-win-over =
    { $via ->
        [unknown] Win over { $who }.
       *[other] Win over { $who }, through { $via }.
    }
people-move-meet =
    { $via ->
        [unknown] Speak to { $who }.
       *[other] Speak to { $who }; { $via } can open the door.
    }
people-move-ask-to-introduce =
    { $who ->
        [unknown] Find out who decides.
       *[other] Ask { $who } for an introduction ({ $role }).
    }
people-move-gain-champion = Ask { $who } to speak for us inside: won deals more often have somebody who does.
people-move-break-silence =
    { $who ->
        [unknown] Get in touch again.
       *[other] Get in touch with { $who } again.
    }
people-move-go-on =
    { $who ->
        [unknown] Keep the talks going.
       *[other] Keep the talks going, with { $who }.
    }

people-table-decisions = Who decides about the largest open deals
people-tie-given = the CRM
people-tie-other-deals = estimate: other deals
people-tie-reporting-line = estimate: reporting line

## Contacts: people_picture, people_signs

people-picture-people = Who reports to whom
people-picture-people-alt = A tree of { $people } { PLURAL($people, one: "person", other: "people") }: below each stand those who report to that person.
people-node-contact =
    { $silence ->
        [unknown] never spoken to
        [0] last spoken to on the last day, by { $who }
       *[other] last spoken to { $silence } ago, by { $who }
    }
people-table-people = The people there
people-influence-stated = stated
people-influence-estimated = estimated
people-sign-nobody-spoken-to = No named person there has been spoken to in the last { $days }.
people-sign-single-threaded = Only one named person there has been spoken to in the last { $days }: get to know a second.
people-sign-no-decider = None of those spoken to lately is known to decide.
people-sign-champion-silent = Somebody who spoke for us in a deal has not been spoken to in the last { $days }.
people-sign-champion-moved = Somebody who spoke for us here now works at another customer.

## The group: family_says, family_picture

people-heading-family = The group they belong to
people-family = { $spend ->
    [unknown] { $units } customers belong to the group.
   *[other] The { $units } customers of the group spent { $spend } together in the last year{ $own ->
        [unknown] .
       *[other] , { $own } of it this one.
        }
    }
people-family-owes = Together they are { $owed } behind with payments: agree on credit for the group, not for each.
people-family-room = Others of the group buy what this customer does not: { $rooms }, by what similar customers spend there and this one elsewhere.
people-family-room-one = “{ $category }”, worth about { $room } a year
people-picture-family = Who owns whom in the group of { $units }
people-picture-family-alt = A tree of { $units } customers: below each stand those that it owns.
people-unit = { $customer }
people-unit-own = { $customer }, this customer
people-node-unit =
    { $held ->
        [unknown] { $spend ->
            [unknown] {""}
           *[other] spent { $spend } in a year
        }
       *[other] { $held } held{ $spend ->
            [unknown] {""}
           *[other] , spent { $spend } in a year
        }
    }
people-node-owing =
    { $held ->
        [unknown] { $owed } overdue
       *[other] { $held } held, { $owed } overdue
    }
people-table-family = The group, as in the picture

## What they buy: bought_table

people-bought-looked = Looked at in the last 90 days, and not bought in the last year: { $categories }. Bring it up in the next talk.
people-table-bought = Spend by category in the last year, beside what similar customers spend

## Limits

people-limits-moment = Stances, parts and reporting lines are as the CRM states them now; it keeps no history of them.
people-limits-work = Whether to keep or develop this customer is on the worklist of a whole run, which compares all customers.
people-limits-decisions = It is not kept here who takes part in decisions, so deals and people are not shown one by one.
people-limits-contacts = No contacts are kept here, so the people there are not shown.
people-limits-names = People are called by their title and a number, so that the page may be passed on.
