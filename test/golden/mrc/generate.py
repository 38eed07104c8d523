"""Writes test/fixtures/mrc/*.mrc and what mrcfile reads from them (test/golden/mrc/*.json), and headers that mrcfile itself writes.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install mrcfile==1.5.4 'numpy<2'
    /tmp/venv/bin/python test/golden/mrc/generate.py

Deterministic: the same versions give the same bytes. Mode 101 is no mode of mrcfile: its voxels are packed by numpy here, by IMOD's description
(first voxel of a pair in the low half, each row padded to a byte).
"""

import hashlib
import json
import warnings
from pathlib import Path

import mrcfile
import numpy as np

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / "fixtures" / "mrc"
FIXTURES.mkdir(parents=True, exist_ok=True)
warnings.simplefilter("ignore")

DTYPES = {0: "i1", 1: "i2", 2: "f4", 4: "c8", 6: "u2", 12: "f2"}


def volume(dtype, shape=(3, 5, 7)):
    """Asymmetric in z, y and x, exact in every type."""
    z, y, x = np.indices(shape)
    v = (x + 3 * y + 7 * z) % 101
    if dtype == "u2":
        return (v * 600).astype(dtype)
    if dtype == "c8":
        return ((v - 50) + 1j * (2 * v)).astype(dtype)
    if dtype in ("f4", "f2"):
        return ((v - 50) / 4).astype(dtype)
    return ((v - 50) * (1 if dtype == "i1" else 300)).astype(dtype)


def write(path, data, big=False, extended=None, exttyp=b"", edit=None):
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(data)
        mrc.voxel_size = (1.5, 2.25, 4.125)
        mrc.header.nxstart, mrc.header.nystart, mrc.header.nzstart = -1, 2, 3
        mrc.header.origin.x, mrc.header.origin.y, mrc.header.origin.z = 10.5, -20, 30
        mrc.header.nlabl = 2
        mrc.header.label[0] = b"golden file of emporium"
        mrc.header.label[1] = b"second label"
        if extended is not None:
            mrc.set_extended_header(np.frombuffer(extended, dtype="V1"))
            mrc.header.exttyp = exttyp
    raw = bytearray(path.read_bytes())
    if big:
        swap(raw, data.dtype)
    if edit:
        edit(raw)
    path.write_bytes(raw)


def swap(raw, dtype):
    """Big-endian form of a little-endian file. mrcfile only writes the machine's own order; it reads the result as one of its own."""
    for start, stop in [(0, 96), (108, 112), (196, 208), (216, 224)]:
        raw[start:stop] = np.frombuffer(bytes(raw[start:stop]), "<i4").astype(">i4").tobytes()
    raw[212:216] = b"\x11\x11\0\0"
    start = 1024 + int.from_bytes(raw[92:96], "big")
    raw[start:] = np.frombuffer(bytes(raw[start:]), dtype.newbyteorder("<")).byteswap().tobytes()


def facts(path):
    with mrcfile.open(path, permissive=True) as mrc:
        h, data = mrc.header, np.asarray(mrc.data)
        native = np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<")))
        real = native.view("f4") if native.dtype.kind == "c" else native
        golden = {
            "writer": f"mrcfile {mrcfile.__version__}",
            "shape": list(data.shape) if data.ndim == 3 else [1, *data.shape],
            "mode": int(h.mode),
            "littleEndian": h.mode.dtype.byteorder != ">",
            "mapcrs": [int(h.mapc), int(h.mapr), int(h.maps)],
            "nstart_xyz": [int(h.nxstart), int(h.nystart), int(h.nzstart)],
            "mxyz": [int(h.mx), int(h.my), int(h.mz)],
            "cella": [float(h.cella.x), float(h.cella.y), float(h.cella.z)],
            "cellb": [float(h.cellb.alpha), float(h.cellb.beta), float(h.cellb.gamma)],
            "voxel_size_xyz": [float(mrc.voxel_size.x), float(mrc.voxel_size.y), float(mrc.voxel_size.z)],
            "dmin_dmax_dmean": [float(h.dmin), float(h.dmax), float(h.dmean)],
            "rms": float(h.rms),
            "ispg": int(h.ispg),
            "nsymbt": int(h.nsymbt),
            "exttyp": h.exttyp.item().decode("ascii").strip(),
            "nversion": int(h.nversion),
            "origin_xyz": [float(h.origin.x), float(h.origin.y), float(h.origin.z)],
            "labels": mrc.get_labels(),
            "extended_sha256": hashlib.sha256(mrc.extended_header.tobytes()).hexdigest(),
            "native_sha256": hashlib.sha256(native.tobytes()).hexdigest(),
            "min": float(real.min()),
            "max": float(real.max()),
            "sum": float(real.astype("f8").sum()),
        }
    return golden


def save(name, golden):
    (HERE / f"{name}.json").write_text(json.dumps(golden, indent=1) + "\n")


for mode, dtype in DTYPES.items():
    for order in ("le", "be"):
        name = f"mode{mode}-{order}"
        write(FIXTURES / f"{name}.mrc", volume(dtype), big=order == "be")
        save(name, facts(FIXTURES / f"{name}.mrc"))

extended = bytes((7 * i) % 256 for i in range(2 * 768))
for order in ("le", "be"):
    name = f"extended-{order}"
    write(FIXTURES / f"{name}.mrc", volume("i2"), big=order == "be", extended=extended, exttyp=b"FEI1")
    save(name, facts(FIXTURES / f"{name}.mrc"))


def no_identity(raw):
    raw[208:216] = bytes(8)


def imod_signed(raw):
    raw[152:160] = np.array([1146047817, 1], "<i4").tobytes()


def imod_unsigned(raw):
    raw[152:160] = np.array([1146047817, 0], "<i4").tobytes()


def columns_along_y(raw):
    raw[64:76] = np.array([2, 1, 3], "<i4").tobytes()


for name, edit in [
    ("old-no-map-id", no_identity),
    ("imod-signed", imod_signed),
    ("imod-unsigned", imod_unsigned),
    ("axes-213", columns_along_y),
]:
    write(FIXTURES / f"{name}.mrc", volume("i1"), edit=edit)
    save(name, facts(FIXTURES / f"{name}.mrc"))

write(FIXTURES / "single-section.mrc", volume("f4")[0])
save("single-section", facts(FIXTURES / "single-section.mrc"))

# Mode 101: the header is mrcfile's of an int8 file of the same shape, the voxels are numpy's.
for order in ("le", "be"):
    name = f"mode101-{order}"
    z, y, x = np.indices((3, 5, 7))
    voxels = ((x + 3 * y + 7 * z) % 16).astype("u1")
    padded = np.pad(voxels, ((0, 0), (0, 0), (0, 1)))
    packed = padded[..., 0::2] | (padded[..., 1::2] << 4)
    path = FIXTURES / f"{name}.mrc"
    write(path, voxels.astype("i1"), big=order == "be")
    golden = facts(path)
    raw = bytearray(path.read_bytes()[:1024])
    raw[12:16] = np.array(101, "<i4" if order == "le" else ">i4").tobytes()
    path.write_bytes(bytes(raw) + packed.tobytes())
    golden.update(writer=f"mrcfile {mrcfile.__version__} (header), numpy {np.__version__} (voxels)", mode=101)
    save(name, golden)

# Headers as the portal's converter has mrcfile write them: set_data, volume or image stack, voxel size, extra bytes, one label.
headers = []
extra1, extra2 = bytes(range(1, 9)), bytes((3 * i + 1) % 256 for i in range(84))
for kind, shape, dtype, spacing, with_source, with_extended in [
    ("tomogram", (6, 5, 7), "f4", 13.48, False, False),
    ("tomogram", (46, 30, 50), "f4", 7.841, True, False),
    ("tomogram", (3, 4, 5), "f4", 10.012, True, True),
    ("tomogram", (4, 4, 4), "i1", 14.08, False, False),
    ("tomogram", (4, 4, 4), "u2", 4.99, False, False),
    ("tiltseries", (7, 11, 13), "f4", 3.3702, True, False),
    ("tiltseries", (1, 11, 13), "f4", 0.675, False, False),
]:
    data = (np.abs(volume(dtype, shape)) % 4).astype(dtype)
    path = Path("/tmp/emporium-golden-header.mrc")
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(data)
        mrc.set_image_stack() if kind == "tiltseries" else mrc.set_volume()
        # the converter's own arithmetic, not mrcfile's voxel_size: it rounds the spacing to float32 first
        n = data.shape
        mrc.header.cella.x, mrc.header.cella.y = np.float32(spacing) * n[2], np.float32(spacing) * n[1]
        mrc.header.cella.z = spacing if kind == "tiltseries" else np.float32(spacing) * n[0]
        if with_source:
            mrc.header.extra1 = np.void(extra1)
            mrc.header.extra2 = np.void(extra2)
        mrc.header.exttyp = b"MRCO"
        if with_extended:
            mrc.set_extended_header(np.frombuffer(extended, dtype="V1"))
            mrc.header.exttyp = b"FEI1"
        label = "Converted by emporium.".ljust(40) + "2026-01-02 03:04:05".rjust(39)
        mrc.header.nlabl = 1
        mrc.header.label[0] = label.encode()
        h = mrc.header
        statistics = {"min": float(h.dmin), "max": float(h.dmax), "mean": float(h.dmean), "rms": float(h.rms)}
    headers.append(
        {
            "kind": kind,
            "shape": list(shape),
            "dtype": {"f4": "float32", "i1": "int8", "u2": "uint16"}[dtype],
            "voxelSizeAngstrom": spacing,
            "statistics": statistics,
            "withSource": with_source,
            "withExtended": with_extended,
            "strictlyValid": bool(mrcfile.validate(path, print_file=open("/dev/null", "w"))),
            "headerHex": path.read_bytes()[:1024].hex(),
        }
    )
save(
    "headers",
    {
        "writer": f"mrcfile {mrcfile.__version__}",
        "dateMs": 1767323045000,
        "extra1Hex": extra1.hex(),
        "extra2Hex": extra2.hex(),
        "extendedHex": extended.hex(),
        "headers": headers,
    },
)
