"""A folder where AreTomo2 was run on stacks that somebody else had aligned the frames of.

Imitates AreTomo2_Manual_1.1.pdf (https://github.com/czimaginginstitute/AreTomo2/tree/main/docs): -InMrc, -AngFile (angles and order of acquisition),
-OutMrc, -OutBin, section 16 (-OutImod 1 and 3: the folder NAME_Imod with xxx.xf, xxx.tlt, newst.com, tilt.com, xxx.csv, and for 3 the aligned
xxx.st without dark images), section 17 (NAME_DarkImgs.txt), section 18 (power spectra as MRC and a text like CTFFIND4's). The form of .aln is that
of https://github.com/czimaginginstitute/AreTomo2/blob/main/MrcUtil/CSaveAlnFile.cpp; the projections NAME_projXY.mrc are of CProcessThread.cpp.

run_all.sh says which stack became which volume. The mess: one stack has the pixel size 1 in its header, and so its volume has 4 (the mdoc knows
2.42); one volume was made twice, first without -FlipVol (sections along y); the aligned stack lacks two dark images; a copy; a name with a blank;
a blank grid's overview; the tomogram of a colleague's phage.
"""
import numpy as np

from kit import Lab, Specimen, aln, dose_symmetric, lines, mdoc, places, seed, star, xf

PIXEL, BIN = 2.42, 4
VOXEL, SHAPE = 9.68, (22, 46, 48)
TAKEN = dose_symmetric(6, 8)
ANGLES = sorted(TAKEN)
#         stack               picks  header of stack and volume    dark images
TABLE = [("grid3_ts_001", 13, None, None, []),
         ("grid3_ts_002", 0, 1.0, 4.0, []),
         ("grid3_ts_010", 9, None, None, [0, 8]),
         ("lamella 4_ts_001", 0, None, None, [])]

lab = Lab(__doc__, ["https://github.com/czimaginginstitute/AreTomo2/tree/main/docs (AreTomo2_Manual_1.1.pdf)", "https://github.com/czimaginginstitute/AreTomo2/blob/main/MrcUtil/CSaveAlnFile.cpp"])
ANGSTROM = [n * VOXEL for n in SHAPE[::-1]]
r = seed(lab.name, "maps")
script = "#!/bin/bash\n# every stack of this folder; -PixSize was forgotten for 002\n"
for n, k, header, out_header, dark in TABLE:
    where = places(lab.name, n, n=k, size=ANGSTROM)
    s = Specimen(n, ANGSTROM, [where] if k else [])
    stack = s.stack(ANGLES, (72, 72))
    stack[dark] = stack[dark] // 40
    lab.tilts(n, f"stacks/{n}.mrc", stack, PIXEL, ANGLES, header=header)
    lab.text(f"stacks/{n}_TLT.txt", "".join(f"{a:8.2f} {TAKEN.index(a) + 1:4d}\n" for a in ANGLES))
    lab.text(f"stacks/{n}.mrc.mdoc", mdoc(ANGLES, PIXEL, [f"{n}_{TAKEN.index(a):03d}_{a:.1f}.eer" for a in ANGLES], f"{n}.mrc", (72, 72), order=[TAKEN.index(a) for a in ANGLES]))
    kept = [i for i in range(len(ANGLES)) if i not in dark]
    text = aln((72, 72), [ANGLES[i] for i in kept], n, raw=len(ANGLES))  # RawSize counts dark images, too
    if dark:
        text = text.replace("# NumPatches", "".join(f"# DarkFrame =  {i:4d} {i:4d} {ANGLES[i]:8.2f}\n" for i in dark) + "# NumPatches")
        lab.text(f"stacks/{n}_DarkImgs.txt", lines(dark, "{:d}"))
    lab.text(f"stacks/{n}.aln", text)
    lab.tomogram(n, f"volumes/{n}_Vol.mrc", s.volume(SHAPE, VOXEL), VOXEL, header=out_header)
    imod = f"volumes/{n}_Vol_Imod"
    lab.text(f"{imod}/{n}_st.xf", xf(len(ANGLES), n))
    lab.text(f"{imod}/{n}_st.tlt", lines(ANGLES))
    lab.text(f"{imod}/{n}_st_order_list.csv", "".join(f"{i + 1},{a:.2f}\n" for i, a in enumerate(TAKEN)))
    lab.text(f"{imod}/newst.com", f"$newstack -StandardInput\nInputFile ../../stacks/{n}.mrc\nOutputFile {n}_st.ali\nTransformFile {n}_st.xf\n")
    lab.text(f"{imod}/tilt.com", f"$tilt -StandardInput\nInputProjections {n}_st.ali\nOutputFile {n}_st.rec\nTILTFILE {n}_st.tlt\nTHICKNESS 88\n" + (f"EXCLUDELIST {','.join(str(i + 1) for i in dark)}\n" if dark else ""))
    if dark:
        aligned = np.roll(stack[kept], 3, 2)
        lab.junk("aligned stack (-OutImod 3), dark images removed", f"{imod}/{n}_st.st", aligned, PIXEL, stack=True)
    lab.junk("power spectra of the CTF estimation", f"volumes/{n}_Vol_CTF.mrc", r.normal(0, 1, (len(ANGLES), 32, 32)).astype(np.float32), 1.0, stack=True)
    lab.text(f"volumes/{n}_Vol_CTF.txt", "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully\n"
             + "".join(f"{i + 1:4d}   34100.00  33900.00   -41.2000    0.0000    0.1100    8.3000\n" for i in range(len(ANGLES))))
    lab.junk("projection of the volume", f"volumes/{n}_Vol_projXY.mrc", r.normal(0, 1, (1, 46, 48)).astype(np.float32), VOXEL)
    lab.junk("projection of the volume", f"volumes/{n}_Vol_projXZ.mrc", r.normal(0, 1, (1, 22, 48)).astype(np.float32), VOXEL)
    script += f'AreTomo2 -InMrc "stacks/{n}.mrc" -OutMrc "volumes/{n}_Vol.mrc" -AngFile "stacks/{n}_TLT.txt" -VolZ 88 -OutBin {BIN} -TiltAxis -85.3 1 -FlipVol 1 -OutImod {3 if dark else 1} -Kv 300 -Cs 2.7{"" if header else f" -PixSize {PIXEL}"}\n'
    if k:  # picked in 3dmod's coordinates and exported: voxels of the volume, from 0
        lab.text(f"picks/{n}_ribosomes.star", star([("", {**{f"rlnCoordinate{c}": (where[:, i] / VOXEL).tolist() for i, c in enumerate("XYZ")}, "rlnMicrographName": [f"{n}_Vol.mrc"] * k})]))
        lab.points(n, f"picks/{n}_ribosomes.star", "ribosome", where, VOXEL)
lab.text("run_all.sh", script)
lab.text("run_all.log", "AreTomo2 version 1.1.2\nTotal time: 143.2 seconds\n")
s = Specimen("grid3_ts_001", ANGSTROM, [places(lab.name, "grid3_ts_001", n=13, size=ANGSTROM)])
lab.junk("first try without -FlipVol: its sections run along y", "volumes/first_try/grid3_ts_001_Vol.mrc", np.ascontiguousarray(s.volume(SHAPE, VOXEL, what="first").transpose(1, 0, 2)), VOXEL)
lab.copy("volumes/grid3_ts_010_Vol.mrc", "for the paper/grid3_ts_010_Vol copy.mrc")
lab.junk("overview of the grid, one image", "grid3_atlas.mrc", r.normal(100, 9, (1, 90, 90)).astype(np.int16), 512.0, stack=True)
lab.run("phage_K7", "phage K7")
lab.tomogram("phage_K7", "colleague_phage/phage K7.mrc", Specimen("phage", [400, 400, 200]).volume((20, 40, 40), 12.1), 12.1)
lab.picture("volumes/grid3_ts_001_Vol_thumb.png")
lab.text("readme first.txt", "001 002 010: ribosomes, good. lamella 4: thick. phage is NOT ours.\n")
lab.done()
