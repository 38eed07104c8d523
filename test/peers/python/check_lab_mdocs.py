"""Judges the miniature laboratory's mdoc files with mdocfile: the tilt scheme, its doses, and frames that are there.

python check_lab_mdocs.py INPUT    (environment: peers)    INPUT: the folder that stands for the source bucket
"""
import sys
from pathlib import Path

from mdoc_facts import read
from verdicts import Verdicts

ACQUIRED = [0, 3, -3, -6, 6, 9, -9]
verdicts = Verdicts()
lab = Path(sys.argv[1]) / "lab"


def judge(path):
    name = str(path.relative_to(lab))
    sections = read(path).section_data
    tilts = {section.ZValue: section.TiltAngle for section in sections}
    verdicts.check(name, "tilts in the order of acquisition", tilts == dict(enumerate(ACQUIRED)), tilts)
    order = [section.ZValue for section in sections]
    wanted = sorted(range(7), key=ACQUIRED.__getitem__) if name == "aretomo/25jul_pos2.mdoc" else list(range(7))
    verdicts.check(name, "order of the sections", order == wanted, order)
    doses = {section.ZValue: (section.ExposureTime, section.ExposureDose, section.PriorRecordDose) for section in sections}
    verdicts.check(name, "doses", doses == {at: (1.5, 3.0, 3.0 * at) for at in range(7)}, doses)
    paths = [section.SubFramePath for section in sections]
    if path.parts[-2] == "mdocs_vali" and path.stem != "TS_0003" or "aretomo" in path.parts:
        folder = lab / "imod/frames" if "imod" in path.parts else lab / "aretomo" / path.stem
        there = [frame is not None and (folder / frame.name).is_file() for frame in paths]
        verdicts.check(name, "frames", all(there) and len({frame.name for frame in paths}) == 7, paths)
    if path.stem == "TS_0002":
        drives = {frame.drive for frame in paths}
        verdicts.check(name, "Windows paths", drives == {"X:"} and b"X:\\lab\\frames\\" in path.read_bytes(), drives)


paths = sorted(lab.rglob("*.mdoc"))
verdicts.check("all", "number", len(paths) == 3 + 2 + 12 + 2, len(paths))
for path in paths:
    verdicts.guard(str(path), "opens", judge, path)
verdicts.print()
