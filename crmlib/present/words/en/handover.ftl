# The brief of who hands over. Filled by crmlib/present/reports/people/handover.py.

## The answer: handover_answer

handover-title = Handover from { $who }
handover-title-to = Handover from { $who } to { $other }
handover-answer = { $who } looks after { $customers } { PLURAL($customers, one: "customer", other: "customers") } and { $deals } open { PLURAL($deals, one: "deal", other: "deals") }, worth { $amount }.
handover-answer-due = { $steps } { PLURAL($steps, one: "step is", other: "steps are") } due by { $day }.
handover-answer-none = No step is due by { $day }.

## Key figures: handover_figures

handover-figure-customers = Customers
handover-figure-spend = Their spend in the last year
handover-figure-deals = Open deals
handover-figure-amount = Worth of open deals
handover-figure-promises = Contacts promised
handover-figure-thin = Customers known through one person

## Tables: handover_sections

handover-heading-work = What comes first?
handover-heading-promises = What was promised?
handover-heading-deals = Which deals are open?
handover-heading-customers = Which customers?
handover-heading-load = What does it mean for who takes over?
handover-heading-limits = What this page does not say
handover-table-work = Steps of the worklist, the earliest day first
handover-table-promises = Contacts that are planned, the next first
handover-table-deals = Open deals, the largest first
handover-table-customers = Customers, the most spend first

## Who takes over: handover_load

handover-load = { $who } holds { $deals } open { PLURAL($deals, one: "deal", other: "deals") } today, and would hold { $then }.
handover-load-ratio = { $who } holds { $deals } open { PLURAL($deals, one: "deal", other: "deals") } today, and would hold { $then }: { $ratio } as many as the median owner.
handover-load-share = Share the deals among several, or hand over the first of the list now and the rest later.

## Follow-ups for a calendar: follow_ups

handover-event = { $customer }: { $step }
handover-event-deal = Deal { $deal } of { $customer }: { $step }

## Limits

handover-limits-promises = Promises are contacts that the CRM has planned; what was promised in talks and letters is not known here.
handover-limits-names = Customers and people stand without names, so that the page may be passed on.
