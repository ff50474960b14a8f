"""The kinds of export, by which a job knows its source."""

REPORT_KIND, LIST_KIND, LOG_KIND = "exportReport", "exportList", "exportLog"
