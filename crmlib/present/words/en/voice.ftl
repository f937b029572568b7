# What customers say. Filled by crmlib/present/reports/voice: say.py (sentences), show.py (figures, tables), draw.py (pictures).

## The answer: voice_answer

voice-answer-nps = The NPS is { $score } (likely { $likely }, { $n } answers).
voice-answer-nps-weighted =
    The NPS is { $score } (likely { $likely }, { $n } answers); were all buyers asked, it would be about { $weighted }.
voice-answer-csat = { $score } of { $n } answers are satisfied (likely { $likely }).
voice-answer-none = No survey has been answered by enough customers to say how satisfied they are.
voice-answer-nothing = What is kept here says neither how satisfied customers are nor what concerns them.
voice-answer-lost =
    { $lost } of the notes of lost deals speak of { $topic }, { $won } of those of won deals.
voice-answer-open =
    First answer the { $n } { PLURAL($n, one: "customer", other: "customers") } whose complaint is still open, beginning with customer { $customer }.
voice-answer-call =
    First call the { $n } { PLURAL($n, one: "customer", other: "customers") } who gave a low score, beginning with customer { $customer }.
voice-answer-watch = Ask more customers: nobody waits for an answer, and those who stay silent are not known.

## Groups: BY_WORDS, group_words, DRIVER_WORDS

voice-by-product-id = product
voice-by-category = product category
voice-by-region = region
voice-by-country = country
voice-by-industry = industry
voice-by-company-size = company size
voice-by-order-channel = order channel
voice-by-value-third = spend
voice-by-discount = discount
voice-by-segment = segment
voice-third-1 = the third of customers who spend least
voice-third-2 = the third of customers with medium spend
voice-third-3 = the third of customers who spend most
voice-group-discount = customers who buy at more than { $off } off
voice-named = “{ $name }”
voice-driver-heavy-discount = Customers who buy at more than { $off } off
voice-driver-top-spend = The third of customers who spend most
voice-driver-low-spend = The third of customers who spend least
voice-driver-had-case = Customers with a service case in the { $within } before

## Key figures: voice_figures

voice-figure-nps = NPS
voice-figure-csat = Satisfied customers
voice-figure-answers = { $n } { PLURAL($n, one: "answer", other: "answers") }
voice-figure-response = Orders with a survey answered
voice-figure-complaints = Open complaints
voice-figure-call = Customers to call
voice-figure-call-note = an open complaint, or a last score of at most { $least } of the best
voice-figure-deals = Deals with notes read

## Sections: change_paragraph, groups_paragraph, drivers_paragraph, call_paragraph, complaints_paragraph, leaving_paragraph, posts_paragraph

voice-change-sure = Scores changed about { $day }: from { $before } of the best to { $after }.
voice-change-unknown = There are too few scores to see a change over time.
voice-response = { $share } of orders by known customers have a survey answered.
voice-groups-low = Less satisfied than the others: { $groups }.
voice-groups-high = More satisfied: { $groups }.
voice-groups-one = { $group } ({ $score } of the best score)
voice-groups-none = No group differs from the others by more than chance would explain.
voice-drivers-less = { $who } score { $gap } lower than customers who are like them in spend and service (likely { $likely }).
voice-drivers-more = { $who } score { $gap } higher than customers who are like them in spend, discount and service (likely { $likely }).
voice-drivers-none = Neither spend nor discount nor service cases go along with the score once customers are alike in the rest.
voice-call =
    { $waiting } { PLURAL($waiting, one: "customer waits", other: "customers wait") } for an answer to a complaint, and { $unhappy } more gave at most { $least } of the best score when last asked, within a year.
voice-call-old =
    { $n } of the complaints { PLURAL($n, one: "is", other: "are") } more than a year old: see first whether { PLURAL($n, one: "it was", other: "they were") } settled and never closed.
voice-complaints-first =
    Most often complaints speak of { $theme }: { $n }, of which { $open } are open. { $time ->
        [unknown] Fewer than half of them are settled.
       *[other] Half of them are settled within { $time }, the open ones counted.
    }
voice-complaints-none = Too few complaints have a subject in common to compare them.
voice-complaints-again =
    Of { $n } customers who complained, { $share } complained again within { $within } (likely { $likely }).
voice-leaving =
    Of { $bad } unhappy customers, { $gone } bought nothing in the { $within } after their first score, against { $other } of the others.
voice-leaving-sure = The difference of { $gap } is more than chance (likely { $likely }): a bad score announces leaving.
voice-leaving-unsure = The difference may be chance (likely { $likely }): a bad score alone does not announce leaving.
voice-leaving-none = Too few customers have a score old enough to see whether a bad one announces leaving.
voice-posts = By their words, { $unhappy } of { $n } { $kind } sound unhappy (likely { $likely }).
voice-posts-speak = Most often { $kind } speak of { $themes }.
voice-posts-theme = { $theme } ({ $share })
voice-attitude-earned =
    The attitude of texts without a score is read by a classifier that was right on { $right } of { $n } wordings held back (likely { $likely }); always saying the same would be right on { $plain }.
voice-attitude-refused =
    The attitude of texts is not read: a classifier was right on { $right } of { $n } wordings held back (likely { $likely }), no surer than always saying the same ({ $plain }).
voice-attitude-none = Too few texts have a score to learn from how attitude is written.

## Looks at products: looks_paragraph

voice-looks =
    Of { $n } looks of known customers at a product, { $cart } put it in the cart, and { $order } were followed by an order of it within { $within } (likely { $likely }), whichever way the order came.
voice-looks-none = No product is bought less often after a look than the others, beyond chance.
voice-looks-left =
    { $n } { PLURAL($n, one: "product is", other: "products are") } looked at and left more often than the others, first of all { $product }: { $order } of { $looks } looks were followed by an order, against { $rest } of looks at the others. Check its price, stock and page, and whether it can still be ordered.

## Limits: voice_limits

voice-limits-asked = Those who answer are not like those who don’t; weighting by spend corrects a part of it only.
voice-limits-cause = A group that is less satisfied need not be the cause: groups go along with each other.
voice-limits-least = Groups and themes of fewer than { $least } customers are not shown.
voice-limits-no-feedback = No opinions are kept here: with a table of feedback this page would say how satisfied customers are and who complains.
voice-limits-no-posts = Too few reviews and posts are kept here to say what they speak of.
voice-limits-no-deals = No deals are kept here, so what concerns those who did not buy is not known.
voice-limits-no-looks = Without events that name customers and products, and their orders, it is not known what is looked at and not bought.
voice-limits-no-campaign = No look is known to come from a campaign, so campaigns are not compared.
voice-limits-looks = { $unknown } of looks at products are by visitors whom nobody knows, and tell nothing of orders.

## Tables and the picture of scores

voice-table-groups = Satisfaction by group, the least satisfied first
voice-table-call = Whom to call, the most spend first
voice-table-complaints = What complaints speak of
voice-table-themes = What each kind of text speaks of
voice-table-looks = Products that are looked at and left, the most orders missed first
voice-table-campaigns = From look to order, by campaign
voice-theme-other = other
voice-source-deal-note = notes on deals
voice-source-note = other notes
voice-source-nps = NPS comments
voice-source-csat = CSAT comments
voice-source-review = reviews
voice-source-complaint = complaints
voice-source-social = social posts
voice-picture-quarters-none = Too few scores to show them over time
voice-picture-quarters = Scores move no more than chance: { $last } of the best in the last quarter
voice-picture-quarters-changed = Scores changed about { $day }: { $last } of the best in the last quarter
voice-picture-quarters-unit = mean score, % of the best; line: 95 % interval
voice-picture-quarters-row = { $when } { $value } ({ $likely })
voice-picture-quarters-alt = Dots with intervals, mean score by quarter: { $rows }.

## What notes speak of: concerns_paragraph, concerns_limits, topic_sentence, plot_topics, themes_table and those after it

voice-topics-none-kept = No notes are kept by deal, so what customers talk about is not known.
voice-topics-too-few =
    Too few notes have words in common to say what customers talk about: a word must stand in notes of at least { $least } { PLURAL($least, one: "customer", other: "customers") }.
voice-topics-none-sure =
    No topic of the notes stands out among the lost deals: none is clearly more frequent than among the won.
voice-topics-lost =
    Notes of lost deals speak of { $topic } more than those of won ones: { $lost } of the notes against { $won }.
voice-topics-others = So do they of { $topics }.
voice-topics-do =
    { $open } of open deals speak of { $topic }: have one answer ready to it. The list of deals to follow up says of each what its notes speak of.
voice-topics-shares = { $topic } ({ $lost } against { $won })
voice-topics-fresh = Beside these themes, words such as { $topics } stand out.
voice-topics-rising =
    In the last { $recent } { $topics } { PLURAL($n, one: "comes", other: "come") } up more often than before.
voice-topics-read = What was read: { $notes }; shares are of all these notes.
voice-topics-notes = { $n } { PLURAL($n, one: "note", other: "notes") } in { $language }
voice-topic =
    { $topic }: { $lost } of lost and { $won } of won deals’ notes, { $gap } more
voice-topic-less =
    { $topic }: { $lost } of lost and { $won } of won deals’ notes, { $gap } less
voice-language-English = English
voice-language-German = German
voice-language-French = French
voice-language-Spanish = Spanish
voice-language-Chinese = Chinese
voice-language-Japanese = Japanese
voice-language-other = other languages
voice-language-several = several languages
voice-theme-price = price
voice-theme-budget = budget
voice-theme-competitor = competitors
voice-theme-missing-feature = missing features
voice-theme-delivery = delivery
voice-theme-service = service
voice-theme-quality = defects and quality
voice-theme-timing = timing
voice-theme-trust = trust and security
voice-theme-decision = who decides
voice-theme-contract = contract and payment terms
voice-theme-need = no need
voice-limits-words =
    A word of a note is shown only when notes of at least { $least } { PLURAL($least, one: "customer", other: "customers") } hold it and it is part of no name.
voice-limits-topics = Themes are found by their words, in six languages; what a note means by them, agreement or complaint, is not read.
voice-limits-written = Somebody decided what to note and which reason to write down: compare, but do not take them for the cause.
voice-limits-not-read =
    { $notes } { PLURAL($notes, one: "note", other: "notes") } in { $language } { PLURAL($notes, one: "was", other: "were") } not read: what finds the words of that language is not installed.
voice-trend-rising = rising
voice-trend-falling = falling
voice-trend-steady = steady
voice-outcome-won = won
voice-outcome-lost = lost
voice-outcome-open = open
voice-picture-topics-none = Too few notes of lost and won deals to compare
voice-picture-topics =
    { CAPITAL($topic) }: in { $lost } of the notes of lost and { $won } of won deals
voice-picture-topics-plain = What notes of lost deals speak of more, or less, than those of won ones
voice-picture-topics-label =
    more often in won deals ← points → more often in lost deals; line: 95 % interval; grey: could be chance
voice-picture-topics-alt = Dots with intervals, lost against won deals. { $rows }.
voice-table-concerns = What customers speak of, in all languages: share of lost, open and won deals, and of what they say to us
voice-table-languages = The same within the notes of each language
voice-table-topics = What notes speak of beside these themes
voice-table-terms = The most frequent words of notes, those of lost deals first
voice-table-examples = How it sounds (rare words and all names are dots)
