# The words of numbers: filled by crmlib/present/numbers.py. "\u00A0" is a space that does not break.

number-not-known = not known
number-none = none
number-percent = { $x }{ "\u00A0" }%
number-under = under { $x }
number-money = { $currency }{ "\u00A0" }{ $x }
number-money-word = { $x }{ "\u00A0" }{ $currency }
number-points = { $x }{ "\u00A0" }{ PLURAL($n, one: "percentage point", other: "percentage points") }
number-days = { $x }{ "\u00A0" }{ PLURAL($n, one: "day", other: "days") }
number-hours = { $x }{ "\u00A0" }{ PLURAL($n, one: "hour", other: "hours") }
number-minutes = { $x }{ "\u00A0" }{ PLURAL($n, one: "minute", other: "minutes") }
number-under-a-minute = under a minute
number-times = { $x }{ "\u00A0" }{ PLURAL($n, one: "time", other: "times") }
number-interval = { $low } to { $high }
number-more = { $left } more
number-unchanged = unchanged
number-nearly-unchanged = nearly unchanged
number-moved =
    { $way ->
        [up] up { $by }
       *[down] down { $by }
    }
number-moved-from-nothing =
    { $way ->
        [up] up from 0
       *[down] down from 0
    }
