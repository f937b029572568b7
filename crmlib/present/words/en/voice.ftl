# What customers say. Filled by crmlib/present/reports/voice: say.py (sentences), show.py (figures, tables, pictures).

## The answer: voice_answer

voice-answer-nps =
    { $kind ->
        [nps] The NPS is { $score } (likely { $likely }, { $n } answers); weighted for who answers, { $weighted }.
       *[csat] { $score } of { $n } answers are satisfied, in percent (likely { $likely }); weighted for who answers, { $weighted }.
    }
voice-answer-none = No survey has been answered, so how satisfied customers are is not known.
voice-answer-group = { CAPITAL($by) } { $value } gives { $gap } less than the others.
voice-answer-open = Answer the open complaints first: { $n }.
voice-answer-call = Call first the { $n } { PLURAL($n, one: "customer", other: "customers") } at the top of the list of the unhappy.
voice-answer-watch = Ask more customers: those who stay silent are not known.

## What is compared: BY_WORDS

voice-by-product-id = product
voice-by-category = product category
voice-by-region = region
voice-by-country = country
voice-by-industry = industry
voice-by-order-channel = order channel
voice-by-value-third = third of spend (1 = least)

## Key figures: voice_figures

voice-figure-nps = NPS
voice-figure-csat = Satisfied customers
voice-figure-answers = { $n } { PLURAL($n, one: "answer", other: "answers") }
voice-figure-response = Orders with a survey answered
voice-figure-complaints = Open complaints
voice-figure-unhappy = Unhappy customers
voice-figure-unhappy-note = last score at most { $least } of the best, within a year

## Sections: change_paragraph, groups_paragraph, complaints_paragraph, leaving_paragraph, attitude_paragraph

voice-change-sure = Scores changed about { $day }: from { $before } of the best to { $after }.
voice-change-none = Over time, scores move no more than chance would move them.
voice-weighted =
    Those who answer spend more than the others; were all buyers asked, the NPS would be about { $weighted } instead of { $score }.
voice-response = { $share } of orders by known customers have a survey answered.
voice-groups-low = Less satisfied than the others: { $groups }.
voice-groups-high = More satisfied: { $groups }.
voice-groups-one = { $by } { $value } ({ $score } of the best score)
voice-groups-none = No group differs from the others by more than chance would explain.
voice-complaints-first = Most complaints speak of { $theme }: { $n }, of which { $open } are open.
voice-complaints-none = Too few complaints have a subject in common to compare them.
voice-complaints-again =
    Of { $n } customers who complained, { $share } complained again within { $within } (likely { $likely }).
voice-leaving =
    Of { $bad } unhappy customers, { $gone } bought nothing in the { $within } after their first score, against { $other } of the others.
voice-leaving-sure = The difference of { $gap } is more than chance (likely { $likely }): a bad score foretells leaving.
voice-leaving-unsure = The difference may be chance (likely { $likely }): a bad score alone does not foretell leaving.
voice-leaving-none = Too few customers have a score old enough to see whether a bad one foretells leaving.
voice-attitude-earned =
    The attitude of texts without a score is read by a classifier that was right on { $right } of { $n } wordings held back (likely { $likely }); always saying the same would be right on { $plain }.
voice-attitude-refused =
    The attitude of texts is not read: a classifier was right on { $right } of { $n } wordings held back (likely { $likely }), no surer than always saying the same ({ $plain }).
voice-attitude-none = Too few texts have a score to learn from how attitude is written.

## Limits: voice_limits

voice-limits-asked = Those who answer are not like those who don’t; weighting by spend corrects a part of it only.
voice-limits-cause = A group that is less satisfied need not be the cause: groups go along with each other.
voice-limits-least = Groups and themes of fewer than { $least } customers are not shown.
voice-limits-skipped = There is nothing to say of satisfaction, for the reason above.

## Tables and the picture

voice-table-groups = Satisfaction by group, the least satisfied first
voice-table-complaints = What complaints speak of
voice-table-unhappy = Unhappy customers, the largest first
voice-table-themes = What each kind of text speaks of
voice-yes = yes
voice-no = no
voice-theme-other = other
voice-source-deal-note = notes on deals
voice-source-note = other notes
voice-source-nps = NPS comments
voice-source-csat = CSAT comments
voice-source-review = reviews
voice-source-complaint = complaints
voice-source-social = social posts
voice-picture-quarters-none = Too few scores to show them over time
voice-picture-quarters = The mean score in the last quarter is { $last } of the best
voice-picture-quarters-unit = mean score, % of the best; line: 95 % interval
voice-picture-quarters-row = { $when } { $value } ({ $likely })
voice-picture-quarters-alt = Dots with intervals, mean score by quarter: { $rows }.
