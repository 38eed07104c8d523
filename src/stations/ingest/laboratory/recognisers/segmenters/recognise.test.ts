import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { segmenters } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8, { seed: 1 });
/** A volume of whole numbers, by the index of a voxel. */
function mask(label: (voxel: number) => number, shape: [number, number, number] = [6, 10, 10]): Uint8Array {
  const bytes = mrcFile(shape, 1);
  const view = new DataView(bytes.buffer);
  const count = shape[0] * shape[1] * shape[2];
  let most = 0;
  for (let i = 0; i < count; i++) {
    view.setFloat32(1024 + 4 * i, label(i), true);
    most = Math.max(most, label(i));
  }
  view.setFloat32(76, 0, true);
  view.setFloat32(80, most, true);
  return bytes;
}
const ones = mask((i) => (i % 3 === 0 ? 1 : 0));

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await segmenters.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries((recognised?.claims ?? []).map(({ path, role, details }) => [path, { role, ...details }]));
  return { claims, recognised };
}

describe("segmenters", () => {
  it("leave no grey values within an outline, as imodmop keeps them, though they are whole numbers", async () => {
    const inside = (voxel: number) => voxel % 40 > 8 && voxel % 40 < 30;
    const shape: [number, number, number] = [4, 40, 40];
    const { claims, recognised } = await found({
      "TS_01_rec.mrc": mrcFile(shape, 8, { seed: 1 }),
      "seg/TS_01_membrane_mop.mrc": mask((voxel) => (inside(voxel) ? 100 + ((voxel * 7919) % 311) : 0), shape),
      "seg/TS_01_membrane_parts.mrc": mask((voxel) => (inside(voxel) ? 1 + Math.floor(voxel / 160) : 0), shape),
    });
    expect(claims).toEqual({ "seg/TS_01_membrane_mop.mrc": { role: "left out" } });
    expect(recognised!.questions!.map(({ files }) => files)).toEqual([["seg/TS_01_membrane_parts.mrc"]]);
  });

  it("leave whole numbers, under the endings of their programs", async () => {
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": ones,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_scores.mrc": volume,
      "matching/TS_01_angles.mrc": volume,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented_components.mrc": mask((i) => i % 5),
      "Predictions/TS_01_semantic.mrc": ones,
      "Predictions/TS_01_instances.csv": "IDs,X [A],Y [A],Z [A]\n0,1,2,3\n",
      "labels/TS_01_mitochondria_labels.mrc": mask((i) => (i % 7 === 0 ? 3 : 0)),
    });
    expect(claims).toEqual({
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": { role: "mask", object: "membrane", label: 1 },
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_scores.mrc": { role: "left out" },
      "matching/TS_01_angles.mrc": { role: "left out" },
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented_components.mrc": {
        role: "mask",
        object: "membrane",
        isInstances: true,
      },
      "Predictions/TS_01_semantic.mrc": { role: "mask", label: 1 },
      "Predictions/TS_01_instances.csv": {
        role: "points",
        points: { format: "tardis", shape: "InstanceSegmentation", unit: "Å" },
      },
      "labels/TS_01_mitochondria_labels.mrc": { role: "mask", object: "mitochondria", label: 3 },
    });
    expect(recognised!.software).toBe("MemBrain-seg, TARDIS");
    const software = new Map(recognised!.claims.map((claim) => [claim.path, claim.software]));
    expect([
      software.get("Predictions/TS_01_semantic.mrc"),
      software.get("Predictions/TS_01_instances.csv"),
      software.get("labels/TS_01_mitochondria_labels.mrc"),
    ]).toEqual(["TARDIS", "TARDIS", ""]);
  });

  it("are of the tomogram that lies in folders of the same names, and of none where another sample has one of that name as well", async () => {
    const name = "TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc";
    const { recognised } = await found({
      "tomograms/dko/TS_01.mrc": volume,
      "tomograms/wt/TS_01.mrc": volume,
      [`membrain/wt/${name}`]: ones,
      [`membrain/dko/${name}`]: ones,
      [`membrain/${name}`]: ones,
    });
    expect(Object.fromEntries(recognised!.claims.map(({ path, sameRunAs }) => [path, sameRunAs]))).toEqual({
      [`membrain/wt/${name}`]: "tomograms/wt/TS_01.mrc",
      [`membrain/dko/${name}`]: "tomograms/dko/TS_01.mrc",
      [`membrain/${name}`]: undefined,
    });
  });

  it("are not of the only tomogram of their name, where it lies beside the folder of their own sample", async () => {
    const name = "TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc";
    const { recognised } = await found({
      "tomograms/dko/TS_02.mrc": volume,
      "tomograms/wt/TS_01.mrc": volume,
      [`membrain/dko/${name}`]: ones,
      [`elsewhere/${name}`]: ones,
    });
    expect(Object.fromEntries(recognised!.claims.map(({ path, sameRunAs }) => [path, sameRunAs]))).toEqual({
      [`membrain/dko/${name}`]: undefined,
      [`elsewhere/${name}`]: "tomograms/wt/TS_01.mrc",
    });
  });

  it("are of the nearest one of many that have one name", async () => {
    const many = Array.from({ length: 70 }, (_, n) => [`rec/TS_${n}/tomogram.mrc`, volume] as const);
    const { recognised } = await found({ ...Object.fromEntries(many), "rec/seg/TS_68/tomogram_membrane_seg.mrc": ones });
    expect(recognised!.claims.map(({ sameRunAs }) => sameRunAs)).toEqual(["rec/TS_68/tomogram.mrc"]);
  });

  it("have the names of labels that a configuration of Surface Morphometrics gives those in its folder", async () => {
    const labels = mask((i) => i % 3);
    const yml = (folder: string) =>
      `seg_dir: "${folder}" # masks\nsegmentation_values: # and names\n  OMM: 1\n  IMM: 2\ncores: 4\n`;
    const askedWith = async (folder: string) => {
      const { recognised } = await found({ "m/seg/A1_labels.mrc": labels, "m/config.yml": yml(folder) });
      return recognised!.questions!.map(({ guess, options }) => [guess, options.find(({ answer }) => answer === "kinds")?.says]);
    };
    const named = [["kinds", "each label is another kind of object: one mask for each, 1 = OMM, 2 = IMM"]];
    const unnamed = [[undefined, "each label is another kind of object: one mask for each"]];
    expect([await askedWith("./seg/"), await askedWith("../m/seg")]).toEqual([named, named]);
    expect([await askedWith("./other/"), await askedWith("/data/seg")]).toEqual([unnamed, unnamed]);
  });

  it("leave steps of TomoSegMemTV beside each other, and what is made of meshes, which has columns as points have", async () => {
    const { recognised } = await found({
      "tv/TS_01_s2.mrc": volume,
      "tv/TS_01_surf.mrc": volume,
      "tv/TS_01_flt.mrc": volume,
      "tv/TS_01_flt_mask.mrc": ones,
      "other/TS_02_surf.mrc": volume,
      "other/TS_02_M1_unrolled.mrc": volume,
      "results/A1_OMM.xyz": "1 2 3\n",
      "results/A1_OMM.surface.vtp": "<VTKFile/>\n",
      "results/A1_OMM.AVV_rh9.csv": "index,xyz_x,xyz_y,xyz_z\n0,1,2,3\n",
      "results/A1_ribosomes.xyz": "1 2 3\n",
    });
    const left = recognised!.claims.flatMap(({ path, role, software }) => (role === "left out" ? [[path, software]] : []));
    expect(left).toEqual([
      ["tv/TS_01_flt.mrc", "TomoSegMemTV"],
      ["tv/TS_01_s2.mrc", "TomoSegMemTV"],
      ["tv/TS_01_surf.mrc", "TomoSegMemTV"],
      ["results/A1_OMM.xyz", "Surface Morphometrics"],
      ["results/A1_OMM.AVV_rh9.csv", "Surface Morphometrics"],
      ["other/TS_02_M1_unrolled.mrc", undefined],
    ]);
  });

  it("leave maps of a template matching, under whatever folder, and whole numbers or not", async () => {
    const names = [
      "TS_01_scores",
      "TS_01_ccmap",
      "TS_01_LCCmax",
      "TS_01_score_map",
      "scores_TS_01",
      "angles_TS_01",
      "TS_01_angles",
    ];
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      ...Object.fromEntries(names.map((name, at) => [`results/${name}.mrc`, at % 2 === 0 ? volume : mask((i) => i % 90)])),
    });
    expect(Object.keys(claims).sort()).toEqual(names.map((name) => `results/${name}.mrc`).sort());
    expect(Object.values(claims).every(({ role }) => role === "left out")).toBe(true);
    expect(recognised!.questions).toEqual([]);
    const because = new Map(recognised!.claims.map((claim) => [claim.path, claim.because]));
    expect(because.get("results/TS_01_scores.mrc")).toBe("scores of a template matching, for each voxel");
  });

  it("leave maps of probabilities that have no other name than that", async () => {
    const { claims } = await found({
      "tomograms/TS_01.mrc": volume,
      "predictions/model/TS_01/ribo/probability_map.mrc": volume,
      "predictions/model/TS_01/ribo/post_processed_prediction.mrc": ones,
      "result/TS_01_scoremaps.mrc": volume,
      "result/TS_01_prob_map.mrc": volume,
      "result/TS_01_labelmap.mrc": ones,
    });
    expect(Object.fromEntries(Object.entries(claims).map(([path, { role }]) => [path, role]))).toEqual({
      "predictions/model/TS_01/ribo/probability_map.mrc": "left out",
      "predictions/model/TS_01/ribo/post_processed_prediction.mrc": "mask",
      "result/TS_01_scoremaps.mrc": "left out",
      "result/TS_01_prob_map.mrc": "left out",
      "result/TS_01_labelmap.mrc": "mask",
    });
  });

  it("know scores of a matching by the file of its job, and say which files are of the program that they name", async () => {
    const { recognised } = await found({
      "TS_01.mrc": volume,
      "a/TS_01_scores.mrc": volume,
      "b/TS_01_scores.mrc": volume,
      "b/TS_01_job.json": "{}",
      "seg/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": mask((i) => i % 2),
    });
    const because = new Map(recognised!.claims.map((claim) => [claim.path, claim.because]));
    expect(because.get("a/TS_01_scores.mrc")).toBe("scores of a segmentation: a mask is made of them");
    expect(because.get("b/TS_01_scores.mrc")).toBe("scores of a template matching, for each voxel");
    expect([recognised!.software, recognised!.by]).toEqual([
      "MemBrain-seg",
      ["seg/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc"],
    ]);
  });

  it("leave parts of a template matching that was stopped", async () => {
    const { recognised } = await found({
      "TS_01.mrc": volume,
      "tm/TS_01_scores_00.mrc": volume,
      "tm/TS_01_angles_01.mrc": volume,
    });
    expect(recognised!.claims.map(({ path, because }) => [path, because])).toEqual([
      ["tm/TS_01_angles_01.mrc", "a part of a template matching that was not finished"],
      ["tm/TS_01_scores_00.mrc", "a part of a template matching that was not finished"],
    ]);
  });

  it("have lists of points with RELION's columns, in units of their own", async () => {
    const star = (columns: readonly string[], row: string) =>
      `data_\n\nloop_\n${columns.map((column, at) => `_rln${column} #${at + 1}\n`).join("")}${row}\n`;
    const places = ["CoordinateX", "CoordinateY", "CoordinateZ"];
    const turned = [...places, "AngleRot", "AngleTilt", "AnglePsi"];
    const pytom = [...turned, "LCCmax", "CutOff", "SearchStd", "DetectorPixelSize", "MicrographName"];
    const { claims } = await found({
      "TS_01.mrc": volume,
      "pick/TS_01_T1S1M01_clusters.star": star(turned, "40 50 30 1 2 3"),
      "pick/TS_02_clusters.star": star([...turned, "TomoName"], "40 50 30 1 2 3 TS_02"),
      "match/TS_01_particles.star": star(pytom, "4 5 3 1 2 3 0.4 0.2 0.05 8 TS_01"),
      "match/TS_02_particles.star": star([...turned, "DetectorPixelSize"], "4 5 3 1 2 3 8"),
    });
    expect(claims).toEqual({
      "pick/TS_01_T1S1M01_clusters.star": {
        role: "points",
        points: { format: "relion3_star", shape: "OrientedPoint", unit: "Å" },
      },
      "match/TS_01_particles.star": {
        role: "points",
        points: {
          format: "relion3_star",
          shape: "OrientedPoint",
          rowName: "rlnMicrographName",
          unit: "pixels",
          pixelAngstrom: 8,
        },
      },
    });
  });

  it("have lists of pytom-match-pick with the template that its job names; those of a mirror image are asked about", async () => {
    const columns = ["CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi", "LCCmax"];
    const all = [...columns, "CutOff", "SearchStd", "DetectorPixelSize", "MicrographName"];
    const star = `data_\n\nloop_\n${all.map((column, at) => `_rln${column} #${at + 1}\n`).join("")}4 5 3 1 2 3 0.4 0.2 0.05 8 TS_01\n`;
    const { recognised } = await found({
      "TS_01.mrc": volume,
      "tm/TS_01_particles.star": star,
      "tm/TS_01_job.json": '{ "tomo_id": "TS_01", "template": "/gpfs/me/templates/80S.mrc" }',
      "mirror/TS_01_particles.star": star,
      "mirror/TS_01_job.json": '{ "tomo_id": "TS_01", "template": "/gpfs/me/templates/80S_mirror.mrc" }',
    });
    expect(recognised!.claims.map(({ path, role, details }) => [path, role, details?.object])).toEqual([
      ["tm/TS_01_particles.star", "points", "80S"],
      ["mirror/TS_01_job.json", "left out", undefined],
      ["tm/TS_01_job.json", "left out", undefined],
    ]);
    expect(recognised!.questions!.map(({ id, files, guess }) => [id, files, guess])).toEqual([
      ["pytom-mirror", ["mirror/TS_01_particles.star"], "leave-out"],
    ]);
  });

  it("have the merged lists of pytom-match-pick, if all rows count the same voxels", async () => {
    const columns = ["CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi"].map((one) => `_rln${one}`);
    const star = (rows: readonly string[], score = "_rlnLCCmax") =>
      `data_particles\n\nloop_\n${[...columns, score, "_rlnDetectorPixelSize", "_rlnMicrographName"].join("\n")}\n${rows.map((row) => `4 5 3 1 2 3 0.4 ${row}\n`).join("")}`;
    const { claims } = await found({
      "TS_01.mrc": volume,
      "a/particles.star": star(["8 TS_01", "8 TS_02"]),
      "b/particles_merged.star": star(["8 TS_01", "8 TS_02"], "_ptmLCCmax"),
      "c/particles.star": star(["8 TS_01", "4 TS_02"]),
      "d/particles.star": star(["8 TS_01"], "_rlnClassNumber"),
    });
    expect(Object.keys(claims)).toEqual(["a/particles.star", "b/particles_merged.star"]);
  });

  it("are none where a job of pytom-match-pick searches, nor its template and the mask of that", async () => {
    const job = {
      ...{ template: "/gpfs/me/templates/80S_8A.mrc", mask: "/gpfs/me/templates/mask_80S.mrc" },
      ...{ tomogram: "/gpfs/me/TS_01.mrc", tomogram_mask: "/gpfs/me/tm/masks/TS_01_slab_mask.mrc" },
    };
    const files = {
      "TS_01.mrc": volume,
      "TS_02.mrc": volume,
      "templates/80S_8A.mrc": mrcFile([4, 4, 4], 8),
      "templates/mask_80S.mrc": mrcFile([4, 4, 4], 8),
      "tm/masks/TS_01_slab_mask.mrc": mask((i) => i % 2),
      "tm/TS_01_job.json": JSON.stringify(job),
    };
    const reasons = async (more: Record<string, string | Uint8Array>) =>
      (await found({ ...files, ...more })).recognised!.claims.flatMap(({ path, because, strength }) =>
        strength === "bookkeeping" ? [[path, because]] : [],
      );
    expect(await reasons({})).toEqual([
      ["tm/TS_01_job.json", "a project file of pytom-match-pick"],
      ["templates/80S_8A.mrc", "the template of a matching, as TS_01_job.json says"],
      ["templates/mask_80S.mrc", "the mask of a template, as TS_01_job.json says"],
      ["tm/masks/TS_01_slab_mask.mrc", "where pytom-match-pick searches, as TS_01_job.json says: no annotation"],
    ]);
    // a segmentation stays one, wherever somebody searches
    const segmented = "seg/TS_02_MemBrain_seg_v10_alpha.ckpt_segmented.mrc";
    const within = { "tm/TS_02_job.json": JSON.stringify({ ...job, tomogram_mask: `/gpfs/me/${segmented}` }) };
    expect((await reasons({ [segmented]: mask((i) => i % 2), ...within })).map(([path]) => path)).not.toContain(segmented);
  });

  it("asks about a mask of one number with those of other runs that have several: it is as open what it means", async () => {
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      "TS_02.mrc": volume,
      "seg/TS_01_classes.mrc": mask((i) => i % 3),
      "seg/TS_02_classes.mrc": mask((i) => 2 * (i % 2)),
      "seg/TS_02_membranes.mrc": mask((i) => i % 2),
    });
    expect(Object.keys(claims)).toEqual(["seg/TS_02_membranes.mrc"]);
    const [question, ...others] = recognised!.questions!;
    expect([question!.files, others]).toEqual([["seg/TS_01_classes.mrc", "seg/TS_02_classes.mrc"], []]);
    const ofFirst = question!.options.find(({ answer }) => answer === "label-1")!;
    expect(ofFirst.claims.map(({ role, details }) => [role, details?.label])).toEqual([
      ["mask", 1],
      ["left out", undefined],
    ]);
  });

  it("asks what several numbers mean", async () => {
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      "seg/TS_01_seg.mrc": mask((i) => i % 3),
      "seg/TS_02_seg.mrc": mask((i) => i % 3),
    });
    expect(claims).toEqual({});
    expect(recognised!.questions).toMatchObject([
      { id: expect.stringMatching(/^labels-[0-9a-f]{8}$/), files: ["seg/TS_01_seg.mrc", "seg/TS_02_seg.mrc"] },
    ]);
    expect(recognised!.questions![0]!.options.map(({ answer }) => answer)).toEqual([
      "instances",
      "kinds",
      "label-1",
      "label-2",
      "leave-out",
    ]);
    expect(recognised!.questions![0]!.guess).toBeUndefined();
  });

  it("takes each number for a kind of objects where a table beside the masks names them all", async () => {
    const masks = { "TS_01.mrc": volume, "seg/TS_01_seg.mrc": mask((i) => i % 3) };
    const named = await found({
      ...masks,
      "seg/labels.csv": "label,name\n0,background\n1,thylakoid\n2,outer envelope\n3,none\n",
    });
    const [question] = named.recognised!.questions!;
    expect(question!.guess).toBe("kinds");
    const [option] = question!.options.filter(({ answer }) => answer === "kinds");
    expect(option!.says).toContain("1 = thylakoid, 2 = outer envelope");
    expect(option!.claims).toMatchObject([{ role: "mask", details: { labels: { 1: "thylakoid", 2: "outer envelope" } } }]);
    expect(
      (await found({ ...masks, "seg/labels.csv": "label,name\n1,thylakoid\n" })).recognised!.questions![0]!.guess,
    ).toBeUndefined();
  });

  it("are no tomograms that are called so, no masks of particles, and nothing empty", async () => {
    const { recognised } = await found({
      "labels/TS_01.mrc": volume,
      "TS_01_membrane.mrc": mrcFile([6, 10, 10], 8, { kind: "stack" }),
      "solvent_mask.mrc": mask((i) => i % 2, [8, 8, 8]),
      "TS_03_mask.mrc": mask(() => 0),
      "isonet/mask/TS_01_mask.mrc": ones,
      "isonet/deconv/TS_01.mrc": volume,
      "segment_01.mrc": mask((i) => i / 7),
      "x_instances.csv": "a,b,c\n1,2,3\n",
    });
    expect(recognised).toBeUndefined();
  });

  it("(34.silence) asks where the header has a number that no section shows that is read", async () => {
    const rare = mask((i) => (i === 0 ? 2 : i % 3 === 0 ? 1 : 0), [40, 10, 10]);
    const { recognised } = await found({ "TS_01.mrc": mrcFile([40, 10, 10], 8, { seed: 2 }), "TS_01_labels.mrc": rare });
    expect(recognised!.questions!.map(({ text }) => text)).toEqual([
      expect.stringContaining("the labels 1, 2 in TS_01_labels.mrc"),
    ]);
  });
});
