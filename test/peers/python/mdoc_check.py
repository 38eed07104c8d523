"""Judges how emporium reads mdoc files: every title, field and typed value against mdocfile's.

python mdoc_check.py JOBS.json    (environment: peers)    JOBS: [{"case", "path", "reading": {titles, header, sections}}]
"""
import json
import sys

from mdoc_facts import NUMBERS, MdocGlobalData, MdocSectionData, finite, kind, read, same_fields, title
from verdicts import Verdicts

verdicts = Verdicts()


def judge(job):
    case, reading = job["case"], job["reading"]
    mdoc = read(job["path"])
    titles = [title(line) for line in mdoc.titles]
    verdicts.check(case, "titles", reading["titles"] == titles, f"{reading['titles']} wanted {titles}")
    verdicts.check(case, "header", same_fields(reading["header"], MdocGlobalData, mdoc.global_data), reading["header"])
    found, wanted = len(reading["sections"]), len(mdoc.section_data)
    verdicts.check(case, "number of sections", found == wanted, f"{found} wanted {wanted}")
    for at, (ours, theirs) in enumerate(zip(reading["sections"], mdoc.section_data)):
        name = f"section {at}"
        verdicts.check(case, f"{name} fields", same_fields(ours["fields"], MdocSectionData, theirs), ours["fields"])
        typed = {key: finite(getattr(theirs, key)) for key in NUMBERS}
        verdicts.check(case, f"{name} numbers", ours["numbers"] == typed, f"{ours['numbers']} wanted {typed}")
        verdicts.check(case, f"{name} kind", ours["kind"] == kind(theirs), f"{ours['kind']} wanted {kind(theirs)}")
        path = theirs.SubFramePath
        frame = (path.name or None) if path is not None else None
        verdicts.check(case, f"{name} frame", ours["subFrameName"] == frame, f"{ours['subFrameName']} wanted {frame}")
        verdicts.check(case, f"{name} date", ours["dateTime"] == theirs.DateTime, f"{ours['dateTime']} wanted {theirs.DateTime}")


with open(sys.argv[1], encoding="utf-8") as file:
    for job in json.load(file):
        verdicts.guard(job["case"], "read", judge, job)
verdicts.print()
