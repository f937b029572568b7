# Lists of whom to address with what. Filled by crmlib/present/outreach/lists.py. The messages to customers are templates
# of their own: crmlib/present/outreach/messages.

## What a list is: plan_claims

outreach-plan-nobody =
    Nobody can be addressed: { $aside } { PLURAL($aside, one: "customer", other: "customers") } set aside, each with the
    reason.
outreach-plan =
    { $listed } { PLURAL($listed, one: "customer", other: "customers") } to address ({ $means }), { $control } left alone
    for comparison, { $aside } set aside, each with the reason.
outreach-plan-control-only =
    { $listed } customers to address, { $control } left alone for comparison, { $aside } set aside, each with the reason.
outreach-plan-means = { $n } { $by }

outreach-note-no-consents =
    The workspace keeps no consents, so nobody can be said to have agreed to e-mail, text messages, telephone or fax. Map
    email_consent, sms_consent or phone_consent under [tables.customers.columns]; channel web, our own pages, needs none.
outreach-note-some-consents =
    The workspace does not keep { $columns }: nobody counts as having agreed to what needs
    { PLURAL($n, one: "it", other: "them") }.
outreach-note-web-only = The web reaches only those who come to our own pages; no consent is asked for it.
outreach-note-control-not-asked =
    There is no control group (none was asked for): what the campaign brings cannot be told from it.
outreach-note-control-too-small =
    There is no control group ({ $share } of { $listed } is less than one customer): what the campaign brings cannot be
    told from it.

## Channels: CHANNEL_WORDS, BY_WORDS, CHANNEL_REASON_WORDS

outreach-channel-email = e-mail
outreach-channel-sms = text message
outreach-channel-phone = telephone
outreach-channel-fax = fax
outreach-channel-web = web
outreach-channel-auto = the one most likely to be answered

outreach-by-email = by e-mail
outreach-by-sms = by text message
outreach-by-phone = by telephone
outreach-by-fax = by fax
outreach-by-web = on the web

outreach-because-asked-for =
    { $contacts ->
        [0] { $channel }: the channel asked for.
       *[other] { $channel }: the channel asked for; answered { $answers } of { $contacts } { PLURAL($contacts, one: "contact", other: "contacts") } { $by }.
    }
outreach-because-only =
    { $contacts ->
        [0] { $channel }: the only channel allowed.
       *[other] { $channel }: the only channel allowed; answered { $answers } of { $contacts } { PLURAL($contacts, one: "contact", other: "contacts") } { $by }.
    }
outreach-because-best =
    { $channel }: answered { $answers } of { $contacts } { PLURAL($contacts, one: "contact", other: "contacts") } { $by },
    the best of the channels allowed once all customers' answers are weighed in.
outreach-because-untried =
    { $channel }: no contact { $by } with this customer is on record; all customers answered { $share } of theirs, and of
    the channels allowed it promises most.
outreach-because-no-tried = { $channel }: never tried so far, but none of the channels tried is allowed.
outreach-because-nothing-tried = { $channel }: no channel has been tried on record, so the first that is allowed.

## Why a customer is not on a list: REASON_WORDS, aside_claim

outreach-reason-other-group = not in the group that the list is for
outreach-reason-no-offer = no offer is known for the customer
outreach-reason-other-offer = the offers for the customer are of another kind
outreach-reason-no-consent = has agreed to no channel that was asked for
outreach-reason-no-address = has agreed, but no usable address is on record
outreach-reason-quiet = was addressed too recently
outreach-reason-control = is left alone for the comparison of an earlier campaign
outreach-reason-beyond-most = comes after the number of customers asked for

outreach-aside-reason = { $reason }.
outreach-aside-consents = { $consents }.
outreach-aside-consent = { $channel }: { $said }
outreach-aside-quiet =
    { $ago ->
        [0] was addressed today; { $rest } of rest are kept.
       *[other] was addressed { $ago } ago; { $rest } of rest are kept.
    }
outreach-aside-control =
    { $ago ->
        [0] was put into a campaign's control group today; it is left alone for { $rest }.
       *[other] was put into a campaign's control group { $ago } ago; it is left alone for { $rest }.
    }
outreach-aside-beyond-most = comes after the { $most } of highest value.

outreach-consent-yes = agreed
outreach-consent-no = refused
outreach-consent-unknown = nothing recorded
outreach-consent-not-kept = no consent is kept

## The list as a table: LIST_WORDS

outreach-list-customer-id = Customer
outreach-list-channel = Channel
outreach-list-kind = Kind of offer
outreach-list-product-id = Product number
outreach-list-product = Product
outreach-list-category = Category
outreach-list-probability-pct = Chance of buying (%)
outreach-list-price = Expected price
outreach-list-margin = Margin of a piece
outreach-list-expected-value = Expected value
outreach-list-due-on = Due on
outreach-list-reason = Why this offer
outreach-list-channel-reason = Why this channel
outreach-list-last-contacted-on = Last addressed on
outreach-list-with-unit = { $label } ({ $unit })
outreach-list-why = Why
outreach-list-says = In detail
outreach-sheet-list = List
outreach-sheet-control = Control group

outreach-value-expected-margin = expected margin
outreach-value-expected-revenue = expected revenue
outreach-value-probability = chance of buying
outreach-value-at-stake = money at stake

## The summary beside a list: summary_text

outreach-about-campaign = Campaign
outreach-about-what = What it is
outreach-about-day = Day
outreach-about-offers = Offers
outreach-about-any-kind = of any kind
outreach-about-channel = Channel
outreach-about-rest = Rest between contacts
outreach-about-control = Left alone for comparison
outreach-about-control-share = { $share } (seed { $seed })
outreach-about-order = Put in order by
outreach-summary-aside = Set aside:
outreach-summary-alike = Are the two groups alike?  (contacted, control, difference in standard deviations)
outreach-summary-below = Below { $little } counts as alike; small groups differ more by chance.
outreach-summary-drafts =
    { $n } { PLURAL($n, one: "draft lies", other: "drafts lie") } in the outbox of the workspace under { $campaign }; nothing has been
    sent.
outreach-summary-drafts-long =
    { $n } { PLURAL($n, one: "draft lies", other: "drafts lie") } in the outbox of the workspace under { $campaign }; nothing has been
    sent. { $longer } of the
    text messages { PLURAL($longer, one: "takes", other: "take") } more than one part.

outreach-balance-customers = customers
outreach-balance-expected-value = expected value
outreach-balance-probability = chance of buying (%)
outreach-balance-share = { $what } (%)

## What the console says once a list is written: written_claims

outreach-written-list = The list:
outreach-written-drafts-one =
    { $n } { PLURAL($n, one: "draft", other: "drafts") } { $by }. Nothing has been sent.
outreach-written-drafts =
    { $n } { PLURAL($n, one: "draft", other: "drafts") }: { $means }. Nothing has been sent.
outreach-written-outbox = Remembered for the next list:
