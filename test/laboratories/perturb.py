#!/usr/bin/env python3
"""Changes one thing in a copy of a laboratory, as accidents do.

    perturb.py FOLDER SEED

FOLDER is changed in place; what was done is printed. The same seed does the same. The truth stays as it is: judge.py does not miss a file that is no
longer there under its name, and nothing that was right before may be published as something else.
"""
import os
import random
import shutil
import struct
import sys
from pathlib import Path

VOLUMES = {".mrc", ".rec", ".st", ".map", ".ali"}


def files_of(root):
    return sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())


def is_frame(path):
    """Frames are judged by their bytes, all of a run as one."""
    return "Fractions" in path.name or "frames" in [part.lower() for part in path.parts[-3:-1]]


def is_mrc(path):
    return path.suffix in VOLUMES and path.stat().st_size >= 1024 and path.read_bytes()[208:211] == b"MAP"


def edit_header(path, offset, form, *values):
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, offset, *values)
    path.write_bytes(data)


def missing(r, root):
    p = r.choice(files_of(root))
    p.unlink()
    return f"gone: {p}"


def doubled(r, root):
    p = r.choice(files_of(root))
    q = p.with_name(r.choice([f"{p.stem} (1){p.suffix}", f"Copy of {p.name}", f"{p.stem}_copy{p.suffix}"]))
    shutil.copy2(p, q)
    return f"doubled: {p} as {q.name}"


def renamed(r, root):
    p = r.choice(files_of(root))
    q = p.with_name(r.choice([p.name.replace("_", " "), f"Übung {p.name}", p.name.upper(), p.stem + "_neu" + p.suffix]))
    if q.exists():
        q = p.with_name("x" + p.name)
    p.rename(q)
    return f"renamed: {p} to {q.name}"


def folder_renamed(r, root):
    folders = sorted(p for p in root.rglob("*") if p.is_dir())
    if not folders:
        return renamed(r, root)
    p = r.choice(folders)
    q = p.with_name(r.choice(["Ordner für alles", p.name + " (alt)", p.name.swapcase()]))
    if q.exists():
        q = p.with_name(p.name + "2")
    p.rename(q)
    return f"folder renamed: {p} to {q.name}"


def volumes_of(root):
    return [p for p in files_of(root) if is_mrc(p) and not is_frame(p)]


def one_volume(r, root):
    return r.choice(volumes_of(root))


def header_zeroed(r, root):
    p = one_volume(r, root)
    edit_header(p, 40, "<3f", 0, 0, 0)
    return f"header without a cell: {p}"


def header_nm(r, root):
    p = one_volume(r, root)
    cell = struct.unpack("<3f", p.read_bytes()[40:52])
    edit_header(p, 40, "<3f", *(c / 10 for c in cell))
    return f"header in nm: {p}"


def header_other(r, root):
    p = one_volume(r, root)
    data = p.read_bytes()
    nx, ny, nz, mode = struct.unpack("<4i", data[:16])
    size = {0: 1, 1: 2, 2: 4, 6: 2, 12: 2}.get(mode, 4)
    keep = max(1, nz // 2)
    extra = struct.unpack("<i", data[92:96])[0]
    p.write_bytes(data[: 1024 + extra + keep * nx * ny * size])
    edit_header(p, 8, "<i", keep)
    return f"half of the sections: {p}"


def cut(r, root):
    p = r.choice([q for q in files_of(root) if not is_frame(q)])
    p.write_bytes(p.read_bytes()[: p.stat().st_size // 2])
    return f"cut short: {p}"


def second_project(r, root):
    p = r.choice(sorted(q for q in root.iterdir() if q.is_dir()) or [root])
    q = root / "zweites Projekt"
    shutil.copytree(p, root.parent / "second", symlinks=True)
    (root.parent / "second").rename(q)
    return f"a second project: {p} in {q}"


def link_out(r, root):
    os.symlink("/nowhere/at all.mrc", root / "link.mrc")
    return "a link out of the folder"


def link_in(r, root):
    p = one_volume(r, root)
    os.symlink(p, root / f"link to {p.name}")
    return f"a link to {p}"


def empty(r, root):
    p = r.choice([q for q in files_of(root) if not is_frame(q)])
    p.write_bytes(b"")
    return f"empty: {p}"


OF_VOLUMES = {header_zeroed, header_nm, header_other, link_in}
KINDS = [missing, doubled, renamed, folder_renamed, header_zeroed, header_nm, header_other, cut, second_project, link_out, link_in, empty]


def main():
    root, seed = Path(sys.argv[1]), int(sys.argv[2])
    r = random.Random(f"{root.name} {seed}")
    kind = KINDS[seed % len(KINDS)]
    # where there is no volume, a file is cut short in its place
    print((cut if kind in OF_VOLUMES and not volumes_of(root) else kind)(r, root))


if __name__ == "__main__":
    main()
