"""Writes sections.json: what cryoet-alignment 0.2.0, the library of the portal's converter, makes of the alignments below; and
programs.json: what it makes of alignments of RELION and Warp, and how it goes back to IMOD; and
rotations.json: cosine and sine of the float64 nearest to each angle in radians, by mpmath with 200 bits, rounded once.

    python -m venv /tmp/ali && /tmp/ali/bin/pip install cryoet-alignment==0.2.0 mpmath==1.3.0 && /tmp/ali/bin/python test/golden/alignment/generate.py
"""
import json
import math
import random
import tempfile
from pathlib import Path

import mpmath
from cryoet_alignment.io.aretomo3 import AreTomo3ALN
from cryoet_alignment.io.cryoet_data_portal import Alignment
from cryoet_alignment.io.imod import ImodAlignment, ImodTILTCOM, ImodTLT, ImodXF, ImodXTILT
from cryoet_alignment.io.relion import RelionAlignment
from cryoet_alignment.io.relion.alignment import projection_matrix
from cryoet_alignment.io.warp import WarpAlignment

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

TILTS = [  # nominal angle, x, y, z degrees, shifts in A, dose before
    (-30.01, 0.5, -29.87, 85.51, 20.125, -6.5, 6.0),
    (0.0, 0.5, 0.21, 85.62, 21.0, -5.625, 0.0),
    (29.99, 0.5, 30.24, -94.36, -22.75, 1000.5, 3.0),
]
GLOBAL = """
# version 50001

data_global

loop_
_rlnTomoName #1
_rlnVoltage #2
_rlnSphericalAberration #3
_rlnAmplitudeContrast #4
_rlnMicrographOriginalPixelSize #5
_rlnTomoHand #6
_rlnOpticsGroupName #7
_rlnTomoTiltSeriesPixelSize #8
{columns}_rlnTomoSizeX #9
_rlnTomoSizeY #10
_rlnTomoSizeZ #11
{rows}
"""
RELION5_TILTS = """
# version 50001

data_TS_01

loop_
_rlnMicrographMovieName #1
_rlnTomoTiltMovieFrameCount #2
_rlnTomoNominalStageTiltAngle #3
_rlnTomoNominalTiltAxisAngle #4
_rlnMicrographPreExposure #5
_rlnMicrographName #6
_rlnDefocusU #7
_rlnDefocusV #8
_rlnDefocusAngle #9
_rlnCtfFigureOfMerit #10
_rlnCtfMaxResolution #11
_rlnTomoXTilt #12
_rlnTomoYTilt #13
_rlnTomoZRot #14
_rlnTomoXShiftAngst #15
_rlnTomoYShiftAngst #16
"""
for at, (nominal, x, y, z, sx, sy, dose) in enumerate(TILTS):
    RELION5_TILTS += (
        f"frames/TS_01_{at:03d}_{nominal}.eer 8 {nominal} 85.3 {dose} MotionCorr/job002/frames/TS_01_{at:03d}_{nominal}.mrc "
        f"{39224.25 + at} {39029.75 + at} -15.5 0.036367 7.25 {x} {y} {z} {sx} {sy}\n"
    )
RELION5_GLOBAL = GLOBAL.format(
    columns="_rlnTomoTiltSeriesStarFile #12\n",
    rows="TS_01 300.0 2.7 0.1 0.675 -1.0 opticsGroup1 1.35 tilt_series/TS_01.star 400 300 200",
)
SIZE, IMAGE, PIXEL = (400, 300, 200), (401, 300), 1.35


def vector(row):
    return "[" + ",".join(f"{value:.13g}" for value in row) + "]"


RELION4 = GLOBAL.format(columns="", rows="\n".join(
    f"{name} 300.0 2.7 0.1 0.675 -1.0 opticsGroup1 1.35 400 300 200" for name in ("TS_01", "TS_02")))
for name in ("TS_01", "TS_02"):
    RELION4 += f"""
data_{name}

loop_
_rlnTomoProjX #1
_rlnTomoProjY #2
_rlnTomoProjZ #3
_rlnTomoProjW #4
_rlnDefocusU #5
_rlnDefocusV #6
_rlnDefocusAngle #7
_rlnCtfScalefactor #8
_rlnMicrographPreExposure #9
"""
    for nominal, x, y, z, sx, sy, dose in TILTS:
        matrix = projection_matrix(x, y, z, sx, sy, SIZE, IMAGE, PIXEL)
        RELION4 += " ".join(vector(row) for row in matrix) + f" 39224.3 39029.8 -15.5 0.86 {dose}\n"
WARP = """<?xml version="1.0" encoding="utf-8"?>
<TiltSeries DataDirectory="" AreAnglesInverted="True" PlaneNormal="0, 0, 0" LevelAngleX="0.25" LevelAngleY="-1.5" Bfactor="0" Weight="1" MagnificationCorrection="1, 0, 0, 1" UnselectFilter="False" UnselectManual="null" CTFResolutionEstimate="6.5" ImageDimensionsAngstrom="541.35, 405" VolumeDimensionsAngstrom="540, 405, 270">
  <Angles>-29.87
0.21
30.24</Angles>
  <Dose>6
0
3</Dose>
  <UseTilt>True
True
False</UseTilt>
  <AxisAngle>85.51
85.62
-94.36</AxisAngle>
  <AxisOffsetX>20.125
21
-22.75</AxisOffsetX>
  <AxisOffsetY>-6.5
-5.625
1000.5</AxisOffsetY>
  <MoviePath>../frames/TS_01_000_-30.01.eer
../frames/TS_01_001_0.0.eer
../frames/TS_01_002_29.99.eer</MoviePath>
  <GridCTF Width="1" Height="1" Depth="3" MarginX="0" MarginY="0" MarginZ="0">
    <Node X="0" Y="0" Z="0" Value="3.9127" />
    <Node X="0" Y="0" Z="1" Value="3.9" />
    <Node X="0" Y="0" Z="2" Value="3.9214" />
  </GridCTF>
  <GridCTFDefocusDelta Width="1" Height="1" Depth="3">
    <Node X="0" Y="0" Z="0" Value="0.02" />
    <Node X="0" Y="0" Z="1" Value="-0.02" />
    <Node X="0" Y="0" Z="2" Value="0.04" />
  </GridCTFDefocusDelta>
  <GridCTFDefocusAngle Width="1" Height="1" Depth="1">
    <Node X="0" Y="0" Z="0" Value="-15.5" />
  </GridCTFDefocusAngle>
  <GridCTFPhase Width="1" Height="1" Depth="3">
    <Node X="0" Y="0" Z="0" Value="0" />
    <Node X="0" Y="0" Z="1" Value="0.5" />
    <Node X="0" Y="0" Z="2" Value="0.25" />
  </GridCTFPhase>
  <GridMovementX Width="1" Height="1" Depth="1">
    <Node X="0" Y="0" Z="0" Value="0" />
  </GridMovementX>
  <CTF>
    <Param Name="PixelSize" Value="1.35" />
    <Param Name="Voltage" Value="300" />
    <Param Name="Cs" Value="2.7" />
    <Param Name="Amplitude" Value="0.07" />
  </CTF>
  <OptionsCTF>
    <Param Name="BinTimes" Value="0" />
  </OptionsCTF>
</TiltSeries>
"""


def relion(files, name, image=None):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text)
        return RelionAlignment.from_file(Path(folder) / "tomograms.star", tomo_name=name, image_size_px=image)


def back_to_imod(alignment, count):
    files = alignment.to_imod((4092, 5760, count), ts_spacing=1.35)
    return {"xf": str(files.xf), "tlt": files.tlt.angles, "xtilt": files.xtilt.angles, "excluded": [int(one) for one in files.tiltcom.EXCLUDELIST2 or []]}


relion5 = Alignment.from_relion(relion({"tomograms.star": RELION5_GLOBAL, "tilt_series/TS_01.star": RELION5_TILTS}, "TS_01"))
relion4 = Alignment.from_relion(relion({"tomograms.star": RELION4}, "TS_02", IMAGE))
warp = Alignment.from_warp(WarpAlignment.from_string(WARP))
with_exclusion = Alignment.from_imod(
    ImodAlignment(xf=ImodXF.from_string(XF), tlt=ImodTLT.from_string(TLT), xtilt=ImodXTILT.from_string(XTILT),
                  tiltcom=ImodTILTCOM.from_string(TILT_COM)), vol_size=(1, 1, 1))
programs = {
    "writer": "cryoet-alignment 0.2.0",
    "texts": {"relion5Global": RELION5_GLOBAL, "relion5": RELION5_TILTS, "relion4": RELION4, "warp": WARP},
    "image": IMAGE,
    "relion5": sections(relion5),
    "relion4": sections(relion4),
    "warp": sections(warp),
    "imod": back_to_imod(with_exclusion, 5),
    "imodOfRelion5": back_to_imod(relion5, 4),
    "imodOfAretomo": back_to_imod(Alignment.from_aretomo3(aln), 6),
}
(Path(__file__).parent / "programs.json").write_text(json.dumps(programs, indent=1) + "\n")

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
