# States of a customer and signals about one: what each is called, what it means, what to do. The rules are in
# crmlib/schema/states.py; the Families in crmlib/present/claims.py: STATE_WORDS, SIGNAL_WORDS, state_says, state_advice,
# signal_says.

## What each state is called

state-lead = lead
state-prospect = prospect
state-new = new
state-active = active
state-growing = growing
state-declining = declining
state-dormant = dormant
state-lost = lost
state-won-back = won back

## Who is in it

state-says-lead = Known to us; has neither bought nor been in touch.
state-says-prospect = In touch with us (an open deal, an answer, a talk, an order that came back), without a purchase.
state-says-new = Bought for the first time within the last period.
state-says-active = Buys within the usual time, and neither clearly more nor clearly less than before.
state-says-growing = Spent clearly more in the last period than in the one before, beyond chance.
state-says-declining = Still buys, but clearly less in the last period than in the one before, beyond chance.
state-says-dormant = Silent for longer than was to be expected of this customer.
state-says-lost =
    { $times ->
        [2] Silent for more than twice the longest pause that was to be expected.
       *[other] Silent for more than { $times } the longest pause that was to be expected.
    }
state-says-won-back = Came back within the last period after a silence longer than expected.

## What to do

state-advice-lead = Make one inexpensive first contact; drop those who do not answer.
state-advice-prospect = Settle the next step with each of them, by name and date.
state-advice-new = Welcome them and make the next purchase easy.
state-advice-active = Keep up the service, and show what they do not buy from us yet.
state-advice-growing = Offer what goes with the purchases that grew; give them one person to call.
state-advice-declining = Call and ask what has changed, before they fall silent.
state-advice-dormant = Get in touch now, the most valuable first: fewer come back the longer it takes.
state-advice-lost = Leave out of costly campaigns; ask the most valuable ones once why they left.
state-advice-won-back = Ask what brought them back, and see to it that the next purchase goes well.

## Signals: what is said of a customer beside the state

signal-late = late
signal-silent = silent
signal-likely-gone = likely gone
signal-at-risk = at risk

signal-says-late =
    { $times ->
        [2] Has not bought for twice the customer’s own usual gap; whether that is too long, the state says.
       *[other] Has not bought for { $times } the customer’s own usual gap; whether that is too long, the state says.
    }
signal-says-silent = Has not bought for longer than was to be expected: dormant or lost.
signal-says-likely-gone = Still buys by the state, but judging by the dates of purchases has { $likely } or more chance of having stopped for good.
signal-says-at-risk = Still buys by the state, but has { $likely } or more chance of buying nothing in the time ahead.
