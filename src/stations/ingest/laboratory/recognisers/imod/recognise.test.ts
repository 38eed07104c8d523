import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { encodeMod, type NewMod } from "../../../../../formats/mod/write.js";
import { imod } from "./recognise.js";

/** Keys and values as etomo 4.12.17 writes them. */
const edf = (name: string, more = "") =>
  `#Wed May 07 21:10:58 CEST 2025\nSetup.DatasetName=${name}\nSetup.PixelSize=0.25\nSetup.RawImageStackExt=st\n${more}`;
/** Options as in IMOD's own tilt.com: https://bio3d.colorado.edu/imod/doc/man/tilt.html */
const tiltCom = (name: string, output = `${name}_full_rec.mrc`) =>
  `$setenv IMOD_OUTPUT_FORMAT MRC\n$tilt -StandardInput\nInputProjections ${name}_ali.mrc\nOutputFile ${output}\nIMAGEBINNED 2\nTILTFILE ${name}.tlt\nTHICKNESS 16\nMODE 1\nXTILTFILE ${name}.xtilt\n`;
const model = (points: number[][], more: Partial<NewMod> = {}, object: Partial<NewMod["objects"][number]> = {}): Uint8Array =>
  encodeMod({ max: [6, 10, 8], objects: [{ name: "ribosome", contours: points.map((xyz) => ({ xyz })), ...object }], ...more });
const minx = (pixel: number, translation: [number, number, number] = [0, 0, 0]): NewMod["image"] => ({
  oldTranslation: [0, 0, 0],
  scale: [pixel, pixel, pixel],
  translation,
  rotation: [0, 0, 0],
});

async function rolesOf(files: Record<string, string | Uint8Array>) {
  const recognised = await imod.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run }) => [path, run === undefined ? role : `${role} ${run}`]),
  );
  return { recognised, claims };
}

const single = {
  "TS_01/TS_01.edf": edf("TS_01"),
  "TS_01/TS_01.st": mrcFile([5, 20, 12], 2.5, { kind: "stack" }),
  "TS_01/TS_01_orig.st": mrcFile([5, 20, 12], 2.5, { kind: "stack" }),
  "TS_01/TS_01_ali.mrc": mrcFile([5, 10, 6], 5, { kind: "stack" }),
  "TS_01/TS_01_full_rec.mrc": mrcFile([10, 8, 6], 5),
  "TS_01/TS_01_rec.mrc": mrcFile([8, 10, 6], 5),
  "TS_01/TS_01.rawtlt": "-3\n0\n3\n",
  "TS_01/TS_01.tlt": "-3\n0\n3\n",
  "TS_01/TS_01.xf": "1 0 0 1 0 0\n",
  "TS_01/TS_01_fid.xf": "1 0 0 1 0 0\n",
  "TS_01/TS_01.fid": model([[1, 2, 0]], { max: [6, 10, 5] }),
  "TS_01/tilt.com": tiltCom("TS_01"),
  "TS_01/newst.com": "$newstack -StandardInput\n",
};

describe("IMOD", () => {
  it("knows a dataset of batchruntomo by its .edf, and each file by its name", async () => {
    const { claims, recognised } = await rolesOf(single);
    expect(claims).toEqual({
      "TS_01/TS_01.edf": "left out TS_01",
      "TS_01/TS_01.st": "tilt series TS_01",
      "TS_01/TS_01_orig.st": "left out TS_01",
      "TS_01/TS_01_ali.mrc": "left out TS_01",
      "TS_01/TS_01_full_rec.mrc": "left out TS_01",
      "TS_01/TS_01_rec.mrc": "tomogram TS_01",
      "TS_01/TS_01.rawtlt": "raw tilts TS_01",
      "TS_01/TS_01.tlt": "alignment TS_01",
      "TS_01/TS_01.xf": "alignment TS_01",
      "TS_01/TS_01_fid.xf": "left out TS_01",
      "TS_01/TS_01.fid": "left out TS_01",
      "TS_01/tilt.com": "alignment TS_01",
      "TS_01/newst.com": "left out",
    });
    const tomogram = recognised!.claims.find(({ role }) => role === "tomogram");
    expect(tomogram?.details).toEqual({ processing: "raw", reconstructionSoftware: "IMOD", reconstructionMethod: "WBP" });
    expect(recognised!.claims.find(({ path }) => path.endsWith("full_rec.mrc"))?.because).toContain(
      "TS_01_rec.mrc is made of it",
    );
  });

  it("takes the volume of both axes for the tomogram, and axis a for the run", async () => {
    const stack = mrcFile([5, 20, 12], 2.5, { kind: "stack" });
    const { claims, recognised } = await rolesOf({
      "d/BB.edf": edf("BB", "Setup.AxisType=Dual Axis\n"),
      "d/BBa.st": stack,
      "d/BBb.st": stack,
      "d/BBa.rec": mrcFile([10, 8, 6], 5),
      "d/BBb.rec": mrcFile([10, 8, 6], 5),
      "d/BBb.mat": mrcFile([10, 8, 6], 5),
      "d/sum.rec": mrcFile([10, 8, 6], 5),
      "d/BB.rec": mrcFile([8, 10, 6], 5),
      "d/topa.rec": mrcFile([2, 8, 6], 5),
      "d/BBalocal.xf": "1",
      "d/BBa.xf": "1 0 0 1 0 0\n",
      "d/BBb.xf": "1 0 0 1 0 0\n",
    });
    expect(claims).toMatchObject({
      "d/BBa.st": "tilt series BB",
      "d/BBb.st": "left out BB",
      "d/BBa.rec": "left out BB",
      "d/BBb.rec": "left out BB",
      "d/BBb.mat": "left out BB",
      "d/sum.rec": "left out BB",
      "d/BB.rec": "tomogram BB",
      "d/topa.rec": "left out",
      "d/BBa.xf": "alignment BB",
      "d/BBb.xf": "left out BB",
    });
    expect(recognised!.claims.find(({ path }) => path === "d/BBa.xf")?.details).toMatchObject({ alignmentType: "LOCAL" });
    expect(recognised!.notes!.join()).toContain("BB has two axes: stack (d/BBb.st), angles");
  });

  it("does not publish a sum of both axes by default whose sections run along y, and knows its files under blanks", async () => {
    const stack = mrcFile([5, 20, 12], 2.5, { kind: "stack" });
    const guessed = async (shape: [number, number, number]) => {
      const axes = { "d/BB.edf": edf("BB", "Setup.AxisType=Dual Axis\n"), "d/BBa.st": stack, "d/BBb.st": stack };
      const { recognised, claims } = await rolesOf({ ...axes, "d/BB origa.st": stack, "d/sum.rec": mrcFile(shape, 5) });
      expect(claims["d/BB origa.st"]).toMatch(/^left out/);
      return recognised!.questions!.map(({ guess }) => guess);
    };
    expect(await guessed([10, 6, 6])).toEqual(["leave-out"]);
    expect(await guessed([6, 10, 6])).toEqual(["tomogram"]);
  });

  it("believes tilta.com, and no tilt.com of one axis that lies beside it", async () => {
    const stack = mrcFile([5, 20, 12], 2.5, { kind: "stack" });
    const { claims } = await rolesOf({
      "d/BBa.st": stack,
      "d/BBb.st": stack,
      "d/BBa.rec": mrcFile([10, 8, 6], 5),
      "d/BB.rec": mrcFile([8, 10, 6], 5),
      "d/BBa.xf": "1 0 0 1 0 0\n",
      "d/tilt.com": tiltCom("BBa", "BBa_full.rec"),
      "d/tilta.com": tiltCom("BBa", "BBa.rec"),
    });
    expect(claims).toEqual({
      "d/BBa.st": "tilt series BB",
      "d/BBb.st": "left out BB",
      "d/BBa.rec": "left out BB",
      "d/BB.rec": "tomogram BB",
      "d/BBa.xf": "alignment BB",
      "d/tilt.com": "left out",
      "d/tilta.com": "alignment BB",
    });
  });

  it("knows a series of two axes by its files alone where nothing else was kept", async () => {
    const stack = mrcFile([5, 20, 12], 2.5, { kind: "stack" });
    const axes = (name: string) =>
      Object.fromEntries(
        ["a", "b"].flatMap((axis) => [
          [`d/${name}${axis}.st`, stack],
          [`d/${name}${axis}.rawtlt`, "-3\n0\n3\n"],
        ]),
      );
    const { claims } = await rolesOf({
      ...axes("BB"),
      "d/BBa.rec": mrcFile([10, 8, 6], 5),
      "d/BB.rec": mrcFile([8, 10, 6], 5),
      "d/BB_3dfind.mod": model([[1, 2, 3]]),
      "d/BBa_peak.mod": model([[1, 2, 3]]),
    });
    expect(claims).toEqual({
      "d/BBa.st": "tilt series BB",
      "d/BBa.rawtlt": "raw tilts BB",
      "d/BBb.st": "left out BB",
      "d/BBb.rawtlt": "left out BB",
      "d/BBa.rec": "left out BB",
      "d/BB.rec": "tomogram BB",
      "d/BB_3dfind.mod": "left out BB",
      "d/BBa_peak.mod": "left out BB",
    });
    // two series that are called so have no volume of both
    expect((await rolesOf(axes("TS_1"))).recognised).toBeUndefined();
  });

  it("knows beads that findbeads3d has found, whatever else is there", async () => {
    const { claims, recognised } = await rolesOf({
      "x/TS_04_3dfind.mod": model([[1, 2, 3]]),
      "x/TS_04.erase": model([[1, 2, 1]], {}, { name: "beads", contourKind: "scattered" }),
      "x/TS_04_ribo.mod": model([[2, 2, 3]]),
    });
    expect(claims).toEqual({ "x/TS_04_3dfind.mod": "left out", "x/TS_04.erase": "left out", "x/TS_04_ribo.mod": "points" });
    expect(recognised!.questions).toEqual([]);
  });

  it("asks about stacks whose sections were aligned to one another, and leaves out what was made of them", async () => {
    // as etomo's newst.com and blend.com for serial sections: https://bio3d.colorado.edu/imod/doc/serialalign.html
    const { claims, recognised } = await rolesOf({
      "s/newst.com": "$colornewst -cnverbose -xform cut.xg -bin 1 -origin cut.rec cut_ali.mrc\n",
      "s/cut.rec": mrcFile([5, 20, 12], 1),
      "s/cut_ali.mrc": mrcFile([5, 20, 12], 1),
      "s/cut.xg": "1 0 0 1 0 0\n",
      "m/blend.com":
        "$blendmont -StandardInput\nImageOutputFile\tmont_ali.mrc\nImageInputFile\tmont.st\nPieceListInput\tmont.pl\nTransformFile\tmont.xg\n",
      "m/mont.st": mrcFile([5, 20, 12], 1),
      "m/mont_ali.mrc": mrcFile([5, 20, 12], 1),
      "m/mont.pl": "0 0 0\n",
    });
    expect(claims).toEqual({
      "s/newst.com": "left out",
      "s/cut_ali.mrc": "left out",
      "s/cut.xg": "left out",
      "m/blend.com": "left out",
      "m/mont_ali.mrc": "left out",
      "m/mont.pl": "left out",
    });
    expect(recognised!.questions!.map(({ files, guess }) => [files, guess])).toEqual([
      [["m/mont.st"], "leave-out"],
      [["s/cut.rec"], "leave-out"],
    ]);
  });

  it("asks about a volume that was joined from serial sections, and leaves out what it was joined with", async () => {
    const { claims, recognised } = await rolesOf({
      "join/axon.ejf": "Setup.DataFileName=axon\n",
      "join/axon.info": "2 0 6 8 0\n../s1/s1.rec\n../s2/s2.rec\n1 5\n1 5\n",
      "join/axon.sample": mrcFile([4, 8, 6], 5),
      "join/axon.sampavg": mrcFile([2, 8, 6], 5),
      "join/axon.tomoxf": "1 0 0 1 0 0\n",
      "join/axon.join": mrcFile([10, 8, 6], 5),
      "join/s1.rot": mrcFile([5, 8, 6], 5),
      "join/axonal.join": mrcFile([10, 8, 6], 5),
      "join/axon_trial.join": mrcFile([5, 4, 3], 10),
      "join/axon.trial": mrcFile([5, 4, 3], 10),
      // of nothing that was joined
      "other/s1.rot": mrcFile([5, 8, 6], 5),
      "other/notes.info": "of the sample\n",
    });
    expect(claims).toEqual({
      "join/axon.ejf": "left out",
      "join/axon.info": "left out",
      "join/axon.sample": "left out",
      "join/axon.sampavg": "left out",
      "join/axon.tomoxf": "left out",
      "join/axon_trial.join": "left out",
      "join/axon.trial": "left out",
      "join/s1.rot": "left out",
    });
    expect(recognised!.questions!.map(({ files, guess }) => [files, guess])).toEqual([[["join/axon.join"], "leave-out"]]);
  });

  it("asks about a volume that nobody trimmed", async () => {
    const { "TS_01/TS_01_rec.mrc": _, ...rest } = single;
    const { claims, recognised } = await rolesOf(rest);
    expect(claims["TS_01/TS_01_full_rec.mrc"]).toBeUndefined();
    expect(recognised!.questions).toMatchObject([{ files: ["TS_01/TS_01_full_rec.mrc"], guess: "leave-out" }]);
  });

  it("knows a folder by its tilt.com alone, and sees whether a volume is turned", async () => {
    const { claims, recognised } = await rolesOf({
      "017/tilt.com": tiltCom("017", "017_rec.mrc"),
      "017/017.mrc": mrcFile([5, 20, 12], 1, { kind: "stack" }),
      "017/017_rec.mrc": mrcFile([10, 8, 6], 5),
      "018/tilt.com": tiltCom("018", "018_rec.mrc"),
      "018/018.mrc": mrcFile([5, 20, 12], 1, { kind: "stack" }),
      "018/018_rec.mrc": mrcFile([8, 10, 6], 5),
    });
    expect(claims).toEqual({
      "017/017.mrc": "tilt series 017",
      "017/tilt.com": "alignment 017",
      "018/018.mrc": "tilt series 018",
      "018/018_rec.mrc": "tomogram 018",
      "018/tilt.com": "alignment 018",
    });
    expect(recognised!.questions!.map(({ files }) => files)).toEqual([["017/017_rec.mrc"]]);
  });

  it.each([
    ["have none", 1],
    ["have that of a stack of 1 Å, binned", 2],
  ])("gives the size of pixels where headers %s", async (_, header) => {
    const { recognised } = await rolesOf({
      ...single,
      "TS_01/TS_01.edf": edf("TS_01", "Setup.ImageRotationA=84.9\n"),
      "TS_01/TS_01.st": mrcFile([5, 20, 12], 1, { kind: "stack" }),
      "TS_01/TS_01_rec.mrc": mrcFile([8, 10, 6], header),
    });
    const spacings = recognised!.claims.flatMap(({ details, role }) =>
      details?.spacingAngstrom ? [[role, details.spacingAngstrom]] : [],
    );
    expect(spacings).toEqual([
      ["tilt series", 2.5],
      ["tomogram", 5],
    ]);
    expect(recognised!.claims.find(({ role }) => role === "tilt series")!.details).toEqual({
      spacingAngstrom: 2.5,
      tiltAxisDegrees: 84.9,
    });
  });

  it("reads models by what is drawn in them, and on which image", async () => {
    const ring = [1, 1, 4, 5, 1, 4, 5, 8, 4, 1, 8, 4];
    const { recognised } = await rolesOf({
      ...single,
      "TS_01/TS_01_ribo.mod": model(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { image: minx(5, [-15, 10, 3]) },
      ),
      "TS_01/TS_01_bin2.mod": model([[1, 2, 3]], { max: [3, 5, 4], image: minx(10) }),
      "TS_01/TS_01_moved.mod": model([[1, 2, 3]], { max: [3, 5, 4], image: minx(10, [200, 0, 0]) }),
      "TS_01/TS_01_full.mod": model([[1, 2, 3]], { max: [6, 8, 10] }),
      "TS_01/TS_01_beads.mod": model([[1, 2, 3]], { max: [12, 20, 5] }),
      "TS_01/TS_01_mem.mod": model([ring], {}, { name: "membrane", contourKind: "closed" }),
      "TS_01/TS_01_wild.mod": model([[1, 1, 0, 2, 2, 4, 3, 3, 7]], {}, { name: "", contourKind: "closed" }),
      "TS_01/TS_01_plain.mod": model([[1, 2, 3]], { max: [100, 90, 80] }, { name: "" }),
      "TS_01/TS_01_cut.mod": model([[1, 2, 3]]).slice(0, 300),
      "TS_01/TS_01_empty.mod": model([]),
      "TS_01/TS_01_turned.mod": model([[1, 2, 3]], {
        slicerAngles: [{ time: 1, angles: [10, 20, 30], center: [1, 2, 3], label: "" }],
      }),
    });
    const seen = Object.fromEntries(
      recognised!.claims
        .filter(({ path }) => path.endsWith(".mod"))
        .map(({ path, role, run, details, because }) => [
          path.slice("TS_01/TS_01_".length),
          role === "points" ? { run, object: details?.object, ...details?.points } : because,
        ]),
    );
    const points = { format: "mod", shape: "Point" };
    expect(seen).toEqual({
      "ribo.mod": { run: "TS_01", object: "ribosome", ...points, unit: "voxels" },
      "bin2.mod": { run: "TS_01", object: "ribosome", ...points, unit: "pixels", pixelAngstrom: 10 },
      "moved.mod": expect.stringContaining("begins elsewhere than the tomogram"),
      "full.mod": "drawn on TS_01_full_rec.mrc, not on the tomogram",
      "beads.mod": expect.stringContaining("drawn on images of the tilt series"),
      "mem.mod": "1 closed contour of membrane, not points",
      "plain.mod": { run: "TS_01", object: "plain", ...points },
      "turned.mod": { run: "TS_01", object: "ribosome", ...points, shape: "OrientedPoint", unit: "voxels" },
      "empty.mod": "a model without anything in it",
    });
    expect(recognised!.questions).toMatchObject([{ files: ["TS_01/TS_01_wild.mod"], guess: "leave-out" }]);
    expect(recognised!.notes!.join("\n")).toContain("TS_01_cut.mod");
  });

  it("asks about models that are called after gold beads", async () => {
    const { recognised, claims } = await rolesOf({
      ...single,
      "TS_01/TS_01_fiducials3d.mod": model([[1, 2, 3]], {}, { name: "", contourKind: "scattered" }),
      "TS_01/TS_01_picks.mod": model([[2, 2, 3]], {}, { name: "Gold 10 nm", contourKind: "scattered" }),
      "TS_01/TS_01_golden.mod": model([[3, 2, 3]], {}, { name: "goldilocks", contourKind: "scattered" }),
    });
    expect(recognised!.questions!.map(({ files, guess }) => [files, guess])).toEqual([
      [["TS_01/TS_01_fiducials3d.mod"], "leave-out"],
      [["TS_01/TS_01_picks.mod"], "leave-out"],
    ]);
    expect(recognised!.questions![0]).toMatchObject({
      text: "Are the points of TS_01/TS_01_fiducials3d.mod positions of “fiducials3d”, or gold beads for the alignment?",
      why: expect.stringMatching(/^The model has a name that is given to the gold\b/),
    });
    expect(claims["TS_01/TS_01_golden.mod"]).toBe("points TS_01");
  });

  it("leaves out models called after a volume that shows other places, and reads those drawn on a binned one", async () => {
    const big = (seed: number) => mrcFile([8, 32, 32], 5, { seed });
    const drawn = (max: [number, number, number]) => model([[1, 2, 3]], { max }, { contourKind: "scattered" });
    const { recognised, claims } = await rolesOf({
      ...single,
      "TS_01/TS_01_rec.mrc": big(1),
      "TS_01/TS_01_rot.rec": big(2),
      "TS_01/TS_01_sirt.rec": big(1),
      "TS_01/TS_01_b2.rec": mrcFile([4, 16, 16], 10),
      "TS_01/TS_01_rot_t4p.mod": drawn([32, 32, 8]),
      "TS_01/TS_01_sirt_t4p.mod": drawn([32, 32, 8]),
      "TS_01/TS_01_b2_t4p.mod": model([[1, 2, 3]], { max: [16, 16, 4], image: minx(10) }, { contourKind: "scattered" }),
    });
    const told = (name: string) => recognised!.claims.find(({ path }) => path === `TS_01/TS_01_${name}.mod`);
    expect(told("rot_t4p")!.because).toBe("called after TS_01_rot.rec, which shows other places than TS_01_rec.mrc");
    expect(claims["TS_01/TS_01_sirt_t4p.mod"]).toBe("points TS_01");
    expect(told("b2_t4p")!.details!.points).toMatchObject({ unit: "pixels", pixelAngstrom: 10 });
    expect(recognised!.notes!.join()).toContain(
      "TS_01/TS_01_rot_t4p.mod: not published, since these models were drawn on other volumes",
    );
  });

  it("sees that somebody turned the untrimmed volume under another name, and which views were cut out", async () => {
    const { "TS_01/TS_01_rec.mrc": _, ...untrimmed } = single;
    const { recognised, claims } = await rolesOf({
      ...untrimmed,
      "TS_01/TS_01_rotx.rec": mrcFile([8, 10, 6], 5),
      "TS_01/TS_01_cutviews0.st": mrcFile([2, 20, 12], 2.5, { kind: "stack" }),
      "TS_01/TS_01_cutviews0.info": "1,5\n",
    });
    expect(recognised!.questions).toEqual([]);
    expect(recognised!.claims.find(({ path }) => path.endsWith("_full_rec.mrc"))!.because).toBe(
      "untrimmed volume: TS_01_rotx.rec is of its size, with sections along z",
    );
    expect(claims).toMatchObject({
      "TS_01/TS_01_cutviews0.st": "left out TS_01",
      "TS_01/TS_01_cutviews0.info": "left out TS_01",
    });
  });

  it("sees that somebody trimmed the volume under another name, and takes no crop and no binned one for it", async () => {
    const { "TS_01/TS_01_rec.mrc": _, ...untrimmed } = single;
    const beside = async (name: string, file: Uint8Array) => {
      const { recognised } = await rolesOf({ ...untrimmed, [`TS_01/${name}`]: file });
      return recognised!.questions!.length > 0
        ? "asked"
        : recognised!.claims.find(({ path }) => path.endsWith("_full_rec.mrc"))!.because;
    };
    expect(await beside("TS_01_bin2.rec", mrcFile([5, 9, 6], 5))).toBe(
      "untrimmed volume: TS_01_bin2.rec has its voxels, with sections along z, and is trimmed",
    );
    expect(await beside("TS_01_bin2.rec", mrcFile([3, 4, 3], 5))).toBe("asked");
    expect(await beside("TS_01_bin4.rec", mrcFile([4, 9, 6], 10))).toBe("asked");
    expect(await beside("TS_01_bin2.rec", mrcFile([9, 5, 6], 5))).toBe("asked");
    expect(await beside("TS_01_bin2.mrc", mrcFile([5, 9, 6], 5, { kind: "stack" }))).toBe("asked");
    expect(await beside("TS_01_even_bin2.rec", mrcFile([5, 9, 6], 5))).toBe("asked");
    expect(await beside("TS_011_bin2.rec", mrcFile([5, 9, 6], 5))).toBe("asked");
  });

  it("knows a montage by its list of pieces, and no script for one", async () => {
    const { recognised, claims } = await rolesOf({
      "maps/sq.st": mrcFile([2, 20, 12], 210, { kind: "stack" }),
      "maps/sq.pl": "       0       0       0\n      58       0       0\n",
      "maps/run.pl": "#!/usr/bin/perl\nprint 1;\n",
    });
    expect(claims).toEqual({ "maps/sq.st": "left out", "maps/sq.pl": "left out" });
    expect(recognised!.claims[1]!.because).toBe("a montage, as sq.pl says");
  });

  it("agrees with curate package on what a mesh and a contour of two points are", async () => {
    const mesh = { flags: 0, vertices: [1, 2, 3, 0, 0, 1], indices: [-25, 0, 0, 0, -22, -1] };
    const { recognised } = await rolesOf({
      ...single,
      // 3dmod meshes the spheres of scattered points as well
      "TS_01/TS_01_spheres.mod": model([[1, 2, 3]], {}, { contourKind: "scattered", meshes: [mesh] }),
      "TS_01/TS_01_surface.mod": model([[1, 1, 4, 5, 1, 4, 5, 8, 4]], {}, { contourKind: "closed", meshes: [mesh] }),
      "TS_01/TS_01_pair.mod": model([[1, 1, 4, 5, 1, 4]], {}, { contourKind: "closed" }),
      "TS_01/TS_01_views.mod": model(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        {
          slicerAngles: [{ time: 1, angles: [10, 20, 30], center: [1, 2, 3], label: "" }],
        },
      ),
    });
    const told = (name: string) => recognised!.claims.find(({ path }) => path === `TS_01/TS_01_${name}.mod`);
    expect(told("spheres")).toMatchObject({ role: "points" });
    expect(told("surface")).toMatchObject({ role: "left out", because: "surfaces as an IMOD model" });
    expect(recognised!.questions).toMatchObject([{ files: ["TS_01/TS_01_pair.mod"] }]);
    expect(told("views")!.because).toContain("1 view with slicer angles not used");
  });

  it("says which models have points beside surfaces, and what to do to have them published", async () => {
    const mesh = { flags: 0, vertices: [1, 2, 3, 0, 0, 1], indices: [-25, 0, 0, 0, -22, -1] };
    const mixed = encodeMod({
      max: [6, 10, 8],
      objects: [
        { name: "membrane", contours: [{ xyz: [1, 1, 4, 5, 1, 4, 5, 8, 4] }], contourKind: "closed", meshes: [mesh] },
        { name: "vesicles", contours: [{ xyz: [1, 2, 3, 4, 5, 6] }], contourKind: "scattered" },
      ],
    });
    const names = ["a", "b", "c", "d"].map((name) => `TS_01/TS_01_${name}.mod`);
    const { recognised } = await rolesOf({ ...single, ...Object.fromEntries(names.map((name) => [name, mixed])) });
    expect(recognised!.claims.find(({ path }) => path === names[0])).toMatchObject({
      role: "left out",
      because: "points and surfaces in one model: 2 points of vesicles beside them",
    });
    expect(recognised!.notes).toEqual([
      `${names.join(", ")}: models with points and surfaces are not read: write the objects with points into models of their own with imodextract, to have them published.`,
    ]);
  });

  it("asks about a model of lines where nothing else in the folder is IMOD's", async () => {
    const lines = model([[1, 1, 1, 4, 4, 2, 5, 8, 3]], {}, { contourKind: "open" });
    const { recognised } = await rolesOf({ "TS_01.rec": mrcFile([8, 10, 6], 5), "picks/TS_01_lines.mod": lines });
    expect(recognised?.questions?.map(({ files }) => files)).toEqual([["picks/TS_01_lines.mod"]]);
    expect(recognised?.by).toEqual(["picks/TS_01_lines.mod"]);
  });

  it("leaves out models that are steps of an alignment, also where no .edf and no tilt.com is left", async () => {
    const beads = model([[1, 2, 0, 2, 2, 1, 3, 2, 2]], { max: [6, 10, 5] }, { name: "", contourKind: "open" });
    const { claims, recognised } = await rolesOf({
      "TS_01.st": mrcFile([5, 10, 6], 2.5, { kind: "stack" }),
      "TS_01.fid": beads,
      "TS_01_nogaps.fid": beads,
      "TS_01.seed": beads,
      "TS_01.resmod": beads,
      "TS_01_lines.mod": beads,
    });
    expect(claims).toEqual({
      "TS_01.fid": "left out",
      "TS_01_nogaps.fid": "left out",
      "TS_01.seed": "left out",
      "TS_01.resmod": "left out",
    });
    expect(recognised!.questions!.map(({ files }) => files)).toEqual([["TS_01_lines.mod"]]);
  });

  it("says what of a broken .edf it did without", async () => {
    const { claims, recognised } = await rolesOf({
      ...single,
      "TS_01/TS_01.edf": edf("TS_01", "Setup.AxisA.ExcludeProjections=all\r\n"),
      "TS_01/tilt.com": `${tiltCom("TS_01")}THICKNESS many\nOFFSET none\n`,
    });
    expect(claims["TS_01/TS_01_rec.mrc"]).toBe("tomogram TS_01");
    expect(recognised!.notes).toHaveLength(2);
  });

  it("keeps the names of datasets whole, in one folder and with blanks and umlauts", async () => {
    const stack = mrcFile([5, 20, 12], 2.5, { kind: "stack" });
    const names = ["Pos_1", "Pos_1_2", "Lamelle 3 Zürich"];
    const { claims } = await rolesOf(
      Object.fromEntries(
        names.flatMap((name) => [
          [`${name}.edf`, edf(name)],
          [`${name}.st`, stack],
          [`${name}_ali.mrc`, stack],
        ]),
      ),
    );
    for (const name of names)
      expect(claims).toMatchObject({ [`${name}.st`]: `tilt series ${name}`, [`${name}_ali.mrc`]: `left out ${name}` });
  });

  it("is not misled by images of the ESRF, by programs of DOS and by lonely stacks", async () => {
    const { recognised } = await rolesOf({
      "scan.edf": "{\nHeaderID = EH:000001:000000:000000 ;\nDim_1 = 4 ;\n}\n",
      "tilt.com": "MZ\x00\x01",
      "other/tilt.com": "$newstack -StandardInput\nInputFile a.st\n",
      "a.st": mrcFile([5, 20, 12], 2.5, { kind: "stack" }),
      "b.edf": "",
    });
    expect(recognised).toBeUndefined();
  });
});
