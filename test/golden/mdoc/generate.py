"""Writes test/fixtures/mdoc/*.mdoc and facts.json: what mdocfile 0.2.3 reads from them.

    python -m venv /tmp/mdoc && /tmp/mdoc/bin/pip install mdocfile==0.2.3 && /tmp/mdoc/bin/python test/golden/mdoc/generate.py
"""
import json
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
fixtures = here.parent.parent / "fixtures" / "mdoc"
sys.path.insert(0, str(here.parent.parent / "peers" / "python"))
from mdoc_facts import facts  # noqa: E402

TILTS = """PixelSpacing = 2.17
Voltage = 300
ImageFile = grid1_pos3.mrc
ImageSize = 5760 4092
DataMode = 1

[T = SerialEM: Acquired on a 300 kV microscope               03-Feb-24  09:12:55    ]

[T =     Tilt axis angle = 95.3, binning = 1  spot = 7  camera = 0]

[ZValue = 0]
TiltAngle = 0.00123
StagePosition = 12.5 -341.75
ExposureDose = 3.04
PixelSpacing = 2.17
RotationAngle = -174.7
ExposureTime = 1.5
MinMaxMean = -12 391 15.25
SubFramePath = D:\\frames\\2024 02 03\\grid1_pos3_000_0.0.tif
NumSubFrames = 10
FrameDosesAndNumber = 0.304 10
DateTime = 03-Feb-24  09:13:20

[ZValue = 1]
TiltAngle = 2.9987
ExposureDose = 3.04
ExposureTime = 1.5
SubFramePath = \\\\server\\share\\grid1_pos3_001_3.0.tif
NumSubFrames = 10
DateTime = 03-Feb-24  09:14:02

[ZValue = 2]
TiltAngle = -3.0011
ExposureTime = 1.52
SubFramePath = /mnt/data/frames/grid1_pos3_002_-3.0.tif
NumSubFrames = 10
DateTime = 03-Feb-24  09:14:41
"""

ODD = """PixelSpacing = 1.35
[ZValue = 7]
TiltAngle =  -60.002
TiltAngle = -60.01
Comment = gain = 2, offset = 0
DoseRate = nan
ExposureTime = .5

[ZValue = 3]
TiltAngle = +57
ExposureTime = 1e0
__proto__ = polluted
NavigatorLabel = 12-A
[Image = 4]
[ZValue = 3]
SubFramePath = D:
TiltAngle = 54.
ExposureTime = 5E-1"""

FRAME_SET = """T = SerialEM: Camera 0 -> 1         08-Oct-21  07:38:24
Voltage = 200

[FrameSet = 0]
TiltAngle = 12.01
SubFramePath = C:frame.eer
NumSubFrames = 315
DateTime = 1-Jan-09  00:00:59
"""

MONTAGE = """PixelSpacing = 656.1
Montage = 1
[ZValue = 0]
PieceCoordinates = 0 0 0
TiltAngle = 0.0

[MontSection = 0]
TiltAngle = 0.0
AlignedPieceCoordsVS = 38 -65 0
"""

FILES = {
    "tilts.mdoc": TILTS.encode(),
    "tilts-crlf-no-end.mdoc": TILTS.rstrip("\n").replace("\n", "\r\n").encode(),
    "tilts-latin1.mdoc": TILTS.replace("[T = SerialEM", "[T = 30 \u00b5m aperture, SerialEM").encode("latin-1"),
    "tilts-utf8-bom.mdoc": b"\xef\xbb\xbf" + TILTS.replace("[T = SerialEM", "[T = 30 \u00b5m aperture, SerialEM").encode(),
    "odd.mdoc": ODD.encode(),
    "frame-set.mdoc": FRAME_SET.encode(),
    "montage.mdoc": MONTAGE.encode(),
    "header-only.mdoc": b"PixelSpacing = 4.3\r\n\r\n",
}

fixtures.mkdir(parents=True, exist_ok=True)
golden = {}
for name, content in FILES.items():
    (fixtures / name).write_bytes(content)
    golden[name] = facts(fixtures / name)
(here / "facts.json").write_text(json.dumps({"writer": "mdocfile 0.2.3", "files": golden}, indent=1) + "\n")
