# What stands on every page around what a report says. Filled by crmlib/present/blocks.

## Tables: DataTable

page-rows-none = No rows.
page-rows = { $total } { PLURAL($total, one: "row", other: "rows") }.
page-rows-first-download = The first { $shown } of { $total } rows; { $left } more rows in the download.
page-rows-first = The first { $shown } of { $total } rows; { $left } more rows not shown here.
page-pseudonyms = Customer numbers are pseudonyms; { $command } turns them back.

page-about-list = List
page-about-rows = Rows
page-about-rows-first = The first { $shown } of { $total }
page-about-customers = Customer numbers
page-about-column = Column
page-about-meaning = What it means

## Key figures: figure_cell

page-figure-likely = likely { $interval }
