# What stands on every page around what a report says. Filled by crmlib/present/blocks.

## Tables: DataTable

page-yes = yes
page-rows-none = No rows.
page-rows = { $total } { PLURAL($total, one: "row", other: "rows") }.
page-limits-rest = { $n } more limits
page-rows-first-download = The first { $shown } of { $total } rows; { $left } more { PLURAL($left, one: "row", other: "rows") } in the download.
page-rows-first-no-excel = The first { $shown } of { $total } rows; { $left } more { PLURAL($left, one: "row", other: "rows") } in the CSV download. Lists of over { $most } rows have no Excel workbook.
page-rows-first = The first { $shown } of { $total } rows; { $left } more { PLURAL($left, one: "row", other: "rows") } not shown here.
page-pseudonyms = Customer numbers are pseudonyms; { $command } turns them back.

page-audience = { $audience ->
    [analyst] For analysts only: do not pass it on. It may show what single customers have told about themselves.
   *[operator] For those who work with customers only: do not pass it on. It may hold names and addresses.
 }
page-how = How this is counted
page-own-numbers = Customers stand here under their own numbers, not under pseudonyms.

page-about-list = List
page-about-rows = Rows
page-about-rows-first = The first { $shown } of { $total }
page-about-customers = Customer numbers
page-about-column = Column
page-about-meaning = What it means

## Key figures: figure_cell

page-figure-likely = likely { $interval }

## Pictures without a description: publish/html

page-picture-bare = a picture without a description
page-picture-refused = a picture without a description (cell { $cell }). End the cell with Picture(ax).

## The indexes: publish/site

page-compared-first = The first published run: there is nothing yet to compare with.
page-compared = Changes are against the last published run.
page-compared-run = Changes are against the last published run, { $run }, as of { $when }{ $same ->
        [yes] { " " }too
       *[no] { "" }
    }.
page-health-unknown = How many rows were read is not known.
page-health-aside-unknown = { $read } rows read; how many were set aside is not known.
page-health = { $read } rows read, { $aside } set aside.
page-health-share = { $read } rows read, { $aside } set aside ({ $share }).
page-no-reason = The reason is not known.
page-see-log = The log says why.
page-run-failed = the run after it failed

## How a night went: run/tell

page-night-published = { $title }: { $reports } { PLURAL($reports, one: "report", other: "reports") } published, as of { $as_of }.
page-night-stands = { $then ->
        [unknown] There is no good run yet.
       *[other] The last good run is of { $then } UTC.
    }
page-night-aside = Of { $table }, { $now } of the rows { $found } and were set aside; in the run before it was { $then }.
page-night-more = And { $n } more, see the log.

## Pictures: theme

picture-nothing-alt = No picture: { INLINE($why) }.
picture-bar = { $what }: { $text }
