import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const LAB = { "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": volume(2) };
async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ ...LAB, ...files });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const of = (path: string) => decisions.files.get(path);
  return { questions: decisions.questions.map(({ id, answer }) => [id, answer]), of, role: (path: string) => of(path)?.role };
}
const picks = (x: number) => `${[`${x},2,1`, "9.5,3,2", "4,10.5,4"].join("\n")}\n`;

describe("what somebody has put aside", () => {
  it.each(["old", "to_delete", "picks_backup", "Trash2", "tests", "trials", "trial_TS_01", "tries"])(
    "counts less than what lies elsewhere: %s",
    async (folder) => {
      const { of, role } = await decided({ "picks/TS_01.csv": picks(1), [`${folder}/TS_01.csv`]: picks(7) });
      expect(role("picks/TS_01.csv")).toBe("points");
      expect(of(`${folder}/TS_01.csv`)).toMatchObject({
        role: "left out",
        because: "put aside, by the name of its folder: picks/TS_01.csv is there",
      });
    },
  );

  it("is nothing on a drive that its maker calls so", async () => {
    const { of } = await decided({ "Seagate Backup Plus/picks/TS_01.csv": picks(7), "drive2/picks/TS_01.csv": picks(1) });
    expect(of("Seagate Backup Plus/picks/TS_01.csv")?.because).not.toContain("put aside");
    const inIt = await decided({ "Backup Plus/backup/TS_01.csv": picks(7), "Backup Plus/picks/TS_01.csv": picks(1) });
    expect(inIt.of("Backup Plus/backup/TS_01.csv")?.because).toContain("put aside");
  });

  it("is what there is where nothing lies elsewhere, or only under another name", async () => {
    const alone = await decided({ "old/TS_01.csv": picks(7) });
    expect(alone.role("old/TS_01.csv")).toBe("points");
    const other = await decided({ "picks/TS_01.csv": picks(1), "old/TS_01_atp.csv": picks(7).replace("9.5", "2.5") });
    expect(other.of("old/TS_01_atp.csv")?.because).not.toContain("put aside");
    const called = await decided({ "picks/TS_01.csv": picks(1), "golden/TS_01.csv": picks(7) });
    expect(called.of("golden/TS_01.csv")?.because).not.toContain("put aside");
  });

  it("(36) and a tomogram among it is asked about, where the run has another one of its voxel size", async () => {
    // as one that its name calls denoised, so that it is no twin of the other
    const files = { "tomo_old/TS_01_denoised.mrc": volume(9), "tomo_old/TS_02_denoised.mrc": volume(8) };
    const { questions, role } = await decided(files);
    expect(questions).toEqual([["put-aside", "leave-out"]]);
    expect([role("rec/TS_01.mrc"), ...Object.keys(files).map(role)]).toEqual(["tomogram", "left out", "left out"]);
    const coarse = await decided({ "tomo_old/TS_01_denoised.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }) });
    expect([coarse.questions, coarse.role("tomo_old/TS_01_denoised.mrc")]).toEqual([[], "tomogram"]);
    const rejected = await decided({ "DO_NOT_UPLOAD/TS_01_denoised.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }) });
    expect([rejected.questions, rejected.role("DO_NOT_UPLOAD/TS_01_denoised.mrc")]).toEqual([
      [["discarded", "leave-out"]],
      "left out",
    ]);
  });

  it.each([
    ["trials/TS_01_SIRT.mrc", "put-aside", "leave-out"],
    ["tries/TS_01_SIRT.mrc", "put-aside", "leave-out"],
    ["rec/trial_TS_01/TS_01.mrc", expect.stringMatching(/^twins-/), "1"],
    ["trials/TS_01.mrc", expect.stringMatching(/^twins-/), "1"],
  ])("and a tomogram of a trial is asked about, however it was made: %s", async (path, id, guess) => {
    const { questions, role } = await decided({ [path]: volume(9) });
    expect(questions).toEqual([[id, guess]]);
    expect([role("rec/TS_01.mrc"), role(path)]).toEqual(["tomogram", "left out"]);
  });

  it.each(["20241009_Krios2_testgrid", "cross-grating", "test_grid_2"])(
    "is asked about with its mdoc on a test grid: %s",
    async (folder) => {
      const stack = mrcFile([5, 24, 24], 2, { kind: "stack", seed: 5 });
      const sections = [-3, 0, 3].map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\n`).join("\n");
      const files = { [`${folder}/G_01.mrc`]: stack, [`${folder}/G_01.mrc.mdoc`]: `ImageFile = G_01.mrc\n\n${sections}` };
      const { questions, role } = await decided(files);
      expect(questions).toEqual([["test-grid", "leave-out"]]);
      expect([role("rec/TS_01.mrc"), ...Object.keys(files).map(role)]).toEqual(["tomogram", "left out", "left out"]);
      expect((await decided({ "latest_grid/TS_03.mrc": volume(5) })).questions).toEqual([]);
    },
  );

  it("(36) and a tomogram of a first try, where what was made after it is gone", async () => {
    const alone = { "rec_try1/TS_02_denoised.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }) };
    expect((await decided(alone)).questions).toEqual([["put-aside-alone", "leave-out"]]);
    const oneWord = { "rec_firsttry/TS_02_denoised.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }) };
    expect((await decided(oneWord)).questions).toEqual([["put-aside-alone", "leave-out"]]);
    const folder = { "denoised_try1/TS_02_denoised.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }) };
    expect((await decided(folder)).questions).toEqual([]);
  });

  it.each(["PhD 2013 DO NOT DELETE", "dont_delete", "not_to_be_deleted"])(
    "is not told by a name that says the opposite: %s",
    async (folder) => {
      const laboratory = await laboratoryWith({ [`${folder}/TS_01.mrc`]: volume(1), "rec/TS_02.mrc": volume(2) });
      const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
      expect([questions, files.get(`${folder}/TS_01.mrc`)?.role]).toEqual([[], "tomogram"]);
    },
  );

  it.each(["to_delete", "zz_to_be_deleted", "discarded", "DO NOT USE", "trash_2022", "unselected", "excluded"])(
    "is asked about in a folder of what is to go, also where the run has nothing like it: %s",
    async (folder) => {
      const files = {
        [`${folder}/test/TS_01_bin2.mrc`]: mrcFile([3, 6, 6], 20, { seed: 9 }),
        [`${folder}/TS_07.mrc`]: volume(5),
      };
      const { questions, role } = await decided(files);
      expect(questions).toEqual([["discarded", "leave-out"]]);
      expect(Object.keys(files).map(role)).toEqual(["left out", "left out"]);
    },
  );

  it("is not asked about where everything lies below such a folder", async () => {
    const laboratory = await laboratoryWith({ "discarded/TS_01.mrc": volume(1), "discarded/TS_02.mrc": volume(2) });
    const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect([questions, [...files.values()].map(({ role }) => role)]).toEqual([[], ["tomogram", "tomogram"]]);
  });

  it("is asked about as a list of several tomograms below the folder of another one", async () => {
    const table = (x: number) => `tomo,x,y,z\nTS_01,${x},2,1\nTS_01,9.5,3,2\nTS_02,4,10.5,4\nTS_02,${x},1,1\n`;
    const { questions, of, role } = await decided({ "picks/final.csv": table(1), "picks/old/all_v1.csv": table(7) });
    expect(questions).toEqual([["put-aside-lists", "leave-out"]]);
    expect([role("picks/final.csv"), role("picks/old/all_v1.csv")]).toEqual(["points", "left out"]);
    expect(of("picks/old/all_v1.csv")?.because).toBe("put aside, by the name of its folder: picks/final.csv is there");
    const alone = await decided({ "picks/old/all_v1.csv": table(7) });
    expect([alone.questions, alone.role("picks/old/all_v1.csv")]).toEqual([[], "points"]);
  });

  it("is compared by its place where files of all runs are called alike", async () => {
    const { of } = await decided({
      ...{ "points/TS_02/picks.csv": picks(1), "old/points/TS_02/picks.csv": picks(7), "old/points/TS_01/picks.csv": picks(3) },
    });
    expect(of("old/points/TS_02/picks.csv")?.because).toContain("points/TS_02/picks.csv is there");
    expect(of("old/points/TS_01/picks.csv")?.because).not.toContain("put aside");
  });

  it("is the second alignment, too, but not the angles of the first", async () => {
    const xf = (shift: number) => `1 0 0 1 ${shift} 0\n`.repeat(5);
    const { of, role } = await decided({
      ...{ "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 5 }), "TS_01.xf": xf(0), "old/TS_01.xf": xf(4) },
      "old/TS_01.tlt": "-6\n-3\n0\n3\n6\n",
    });
    expect([role("TS_01.xf"), of("old/TS_01.xf")?.because]).toEqual([
      "alignment",
      "put aside, by the name of its folder: TS_01.xf is there",
    ]);
    expect(of("old/TS_01.tlt")?.because).not.toContain("put aside");
  });
});

describe("a series that lies in a folder of what is of no use", () => {
  const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const series = { "TS_01.st": stack(1), "TS_02.st": stack(2) };

  it.each(["bad", "rejected", "discarded", "bad_tilts", "do_not_use"])(
    "is asked about, and left out until then: %s",
    async (folder) => {
      const { questions, role } = await decided({ ...series, [`${folder}/TS_03.st`]: stack(3) });
      expect(questions).toContainEqual([expect.stringMatching(/^(?:given-up|discarded)$/), "leave-out"]);
      expect([role("TS_02.st"), role(`${folder}/TS_03.st`)]).toEqual(["tilt series", "left out"]);
    },
  );

  it("is published where the folder has another name, or its run has more elsewhere", async () => {
    const other = await decided({ ...series, "badlands/TS_03.st": stack(3) });
    expect([other.role("badlands/TS_03.st"), other.questions.map(([id]) => id)]).toEqual([
      "tilt series",
      expect.not.arrayContaining(["given-up"]),
    ]);
    const elsewhere = await decided({ ...series, "bad/TS_03.st": stack(3), "rec/TS_03.mrc": volume(3) });
    expect(elsewhere.questions.map(([id]) => id)).not.toContain("given-up");
  });
});

describe("what was made for figures", () => {
  it("is asked about and not published until somebody answers", async () => {
    const files = {
      "figures/TS_01_crop.mrc": mrcFile([6, 8, 8], 10, { seed: 7 }),
      "Fig3b/TS_02_membrane.glb": "glTF",
      "paper/TS_02.mrc": volume(9),
    };
    const { questions, role } = await decided(files);
    expect(questions).toEqual([["figures", "leave-out"]]);
    expect(Object.keys(files).map(role)).toEqual(["left out", "left out", "left out"]);
    expect(role("rec/TS_02.mrc")).toBe("tomogram");
  });

  it("is not all there is, nor what is called otherwise", async () => {
    const laboratory = await laboratoryWith({ "paper/TS_01.mrc": volume(1), "paper/TS_02.mrc": volume(2) });
    const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect([questions, files.get("paper/TS_01.mrc")?.role]).toEqual([[], "tomogram"]);
    expect((await decided({ "config/TS_01_membrane.glb": "glTF" })).role("config/TS_01_membrane.glb")).toBe("mesh");
  });
});

describe("what lies in folders of a training", () => {
  it.each(["train", "deepfinder/val", "training_data", "cellpose_train", "validation_set2"])(
    "is asked about: %s",
    async (folder) => {
      const { questions, role } = await decided({
        [`${folder}/sim_0.mrc`]: volume(9),
        [`${folder}/sim_0_target.mrc`]: mrcFile([6, 12, 12], 10),
        [`${folder}/TS_01.csv`]: picks(1),
      });
      expect(questions).toContainEqual(["training", "leave-out"]);
      expect(["sim_0.mrc", "sim_0_target.mrc", "TS_01.csv"].map((name) => role(`${folder}/${name}`))).toEqual(
        Array(3).fill("left out"),
      );
      expect(role("rec/TS_01.mrc")).toBe("tomogram");
    },
  );

  it("is also a target, and the volume beside it that nobody has recorded, in whatever folder", async () => {
    const target = mrcFile([6, 12, 12], 10, { value: 1 });
    const { role } = await decided({
      "for all/sim_0.mrc": volume(9),
      "for all/sim_0_target.mrc": target,
      "rec/TS_01_target.mrc": target,
      "TS_01.rawtlt": "-3\n0\n3\n",
    });
    const left = ["for all/sim_0.mrc", "for all/sim_0_target.mrc", "rec/TS_01_target.mrc"];
    expect(left.map(role)).toEqual(["left out", "left out", "left out"]);
    expect(role("rec/TS_01.mrc")).toBe("tomogram");
  });

  it("is what there is where everything lies in one, and no other word is such a folder", async () => {
    const { role } = await decided({ "valley/TS_03.mrc": volume(9), "trains/TS_04.mrc": volume(8) });
    expect([role("valley/TS_03.mrc"), role("trains/TS_04.mrc")]).toEqual(["tomogram", "tomogram"]);
  });
});
