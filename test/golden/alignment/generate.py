"""Writes sections.json: what cryoet-alignment 0.2.0, the library of the portal's converter, makes of the alignments below; and
rotations.json: cosine and sine of the float64 nearest to each angle in radians, by mpmath with 200 bits, rounded once.

    python -m venv /tmp/ali && /tmp/ali/bin/pip install cryoet-alignment==0.2.0 mpmath==1.3.0 && /tmp/ali/bin/python test/golden/alignment/generate.py
"""
import json
import math
import random
from pathlib import Path

import mpmath
from cryoet_alignment.io.aretomo3 import AreTomo3ALN
from cryoet_alignment.io.cryoet_data_portal import Alignment
from cryoet_alignment.io.imod import ImodAlignment, ImodTILTCOM, ImodTLT, ImodXF, ImodXTILT

XF = """   0.9803519  -0.1972494   0.1972494   0.9803519      22.751      -0.799
   1.0000000   0.0000000   0.0000000   1.0000000       0.000       0.000
   0.0290000   1.0010000  -1.0010000   0.0290000     -75.840      55.100
  -0.0872000   0.9962000  -0.9962000  -0.0872000    1204.125    -980.500
   1.0000000   0.0000000   0.0000000   1.0000000       0.250      -0.750
"""
TLT = " -6.02\n -3.00\n  0.01\n  3.00\n  5.99\n"
XTILT = "0.23\n0.00\n-1.5\n0.1\n0\n"
TILT_COM = """$setenv IMOD_OUTPUT_FORMAT MRC
$tilt -StandardInput
InputProjections grid_ali.mrc
OutputFile grid_full_rec.mrc
IMAGEBINNED 4
TILTFILE grid.tlt
THICKNESS 1200
RADIAL 0.35 0.035
FalloffIsTrueSigma 1
XAXISTILT -1.75
SCALE 0.0 0.1
PERPENDICULAR
MODE 2
FULLIMAGE 4092 5760
SUBSETSTART 0 0
AdjustOrigin
ActionIfGPUFails 1,2
XTILTFILE grid.xtilt
OFFSET 2.5
SHIFT 0.0 -31.5
EXCLUDELIST2 1,3-4
$if (-e ./savework) ./savework
"""
ALN = """# AreTomo Alignment / Priims bprmMn
# RawSize = 4092 5760 6
# NumPatches = 2
# DarkFrame =     0    0   -66.00
# DarkFrame =     3    1     3.01
# AlphaOffset =    -9.50
# BetaOffset =     0.75
# Thickness = 1250
# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT
    1   -12.6611    1.00000     24.786     -2.677     1.00     1.00     1.00     0.00    -6.01
    2    88.3389    1.00000      0.000      0.000     1.00     1.00     1.00     0.00    -3.00
    3     0.0000    1.00000   -951.125      7.690     1.00     1.00     1.00     0.00     0.00
    4   180.0000    0.99900      5.538     -2.504     0.98     1.01     1.02     0.03     6.00
# Local Alignment
   0   0  -558.42   -802.00   -100.07     24.43   1.0
   0   1   274.86    757.91     36.95    -11.98   0.0
"""


def sections(alignment):
    return [section.model_dump() for section in alignment.per_section_alignment_parameters]


def imod(xtilt, tilt_com):
    files = ImodAlignment(
        xf=ImodXF.from_string(XF),
        tlt=ImodTLT.from_string(TLT),
        xtilt=ImodXTILT.from_string(XTILT) if xtilt else None,
        tiltcom=ImodTILTCOM.from_string(TILT_COM) if tilt_com else None,
    )
    return sections(Alignment.from_imod(files, vol_size=(1, 1, 1)))


aln = AreTomo3ALN.from_string(ALN)
golden = {
    "writer": "cryoet-alignment 0.2.0",
    "texts": {"xf": XF, "tlt": TLT, "xtilt": XTILT, "tiltCom": TILT_COM, "aln": ALN},
    "imod": imod(False, False),
    "imodWithXTilt": imod(True, False),
    "imodWithExclusion": imod(True, True),
    "tiltCom": ImodTILTCOM.from_string(TILT_COM).model_dump(),
    "aretomo": sections(Alignment.from_aretomo3(aln)),
    "aln": aln.model_dump(),
}
(Path(__file__).parent / "sections.json").write_text(json.dumps(golden, indent=1) + "\n")

mpmath.mp.prec = 200
random.seed(88)
angles = [0, -0.0, 45, 90, 180, -180, 270, 360, -90, 1e-9, 60, 30, 720.5, 54321.25]
angles += [round(random.uniform(-180, 180), 4) for _ in range(500)]
rotations = []
for degrees in angles:
    radians = mpmath.mpf(degrees * (math.pi / 180))
    rotations.append([degrees, float(mpmath.cos(radians)), float(mpmath.sin(radians))])
text = ",\n".join(json.dumps(rotation) for rotation in rotations)
(Path(__file__).parent / "rotations.json").write_text(f"[\n{text}\n]\n")
