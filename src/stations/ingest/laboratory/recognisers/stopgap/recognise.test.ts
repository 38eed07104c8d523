import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { stopgap } from "./recognise.js";

/** Columns of sg_get_motl_fields.m. */
const COLUMNS =
  "motl_idx tomo_num object subtomo_num halfset orig_x orig_y orig_z score x_shift y_shift z_shift phi psi the class".split(" ");
const motl = (...tomograms: number[]) =>
  `\ndata_stopgap_motivelist\n\nloop_\n${COLUMNS.map((one) => `_${one}\n`).join("")}${tomograms
    .map((tomogram, i) => `${i + 1} ${tomogram} 1 ${i + 1} A 4 5 3 0.1 0 0 0 10 20 30 1\n`)
    .join("")}\n`;
const LAB = {
  "sg/lists/allmotl_1.star": motl(1, 12),
  "sg/lists/allmotl_3.star": motl(1, 12),
  "sg/lists/wedgelist.star": "\ndata_stopgap_wedgelist\n\nloop_\n_tomo_num\n_pixelsize\n1 1.7\n",
  "sg/ref/ref_A_3.mrc": mrcFile([6, 6, 6], 13.6),
  "sg/subtomograms/subtomo_1.mrc": mrcFile([6, 6, 6], 13.6),
  "tomo/bin8/a.rec": mrcFile([4, 8, 8], 13.6),
  "tomo/bin8/b.rec": mrcFile([4, 8, 8], 13.6),
};
const found = async (files: Record<string, string | Uint8Array>) => {
  const recognised = await stopgap.recognise(await laboratoryWith(files));
  return { recognised, roles: Object.fromEntries((recognised?.claims ?? []).map(({ path, role }) => [path, role])) };
};

describe("STOPGAP", () => {
  it("takes the list of the last iteration, whose numbers its list of tomograms tells", async () => {
    const tomolist = "1 /lustre/gone/tomo/bin8/b.rec\n12 /lustre/gone/tomo/bin8/a.rec\n";
    const { recognised, roles } = await found({ ...LAB, "sg/lists/tomolist.txt": tomolist });
    expect(roles).toEqual({
      "sg/lists/allmotl_1.star": "left out",
      "sg/lists/allmotl_3.star": "points",
      "sg/lists/wedgelist.star": "left out",
      "sg/lists/tomolist.txt": "left out",
      "sg/ref/ref_A_3.mrc": "left out",
      "sg/subtomograms/subtomo_1.mrc": "left out",
    });
    expect(recognised!.claims.find(({ role }) => role === "points")!.details!.points).toMatchObject({
      format: "stopgap_star",
      unit: "voxels",
      rowValues: { "tomo/bin8/b.rec": "1", "tomo/bin8/a.rec": "12" },
    });
    expect(recognised!.notes).toEqual([]);
  });

  it("knows tomograms whose names are the same at every binning by the sizes that the list of wedges has, and otherwise says so", async () => {
    const wedges = (z: number) =>
      `\ndata_stopgap_wedgelist\n\nloop_\n_tomo_num\n_pixelsize\n_tomo_x\n_tomo_y\n_tomo_z\n1 6.8 16 16 ${z}\n1 6.8 16 16 ${z}\n12 6.8 16 16 ${z}\n`;
    const files = {
      ...LAB,
      "tomo/bin4/a.rec": mrcFile([8, 16, 16], 6.8),
      "tomo/bin4/b.rec": mrcFile([8, 16, 16], 6.8),
      "sg/lists/tomolist.txt": "1 b.rec\n12 a.rec\n",
    };
    const { recognised } = await found({ ...files, "sg/lists/wedgelist.star": wedges(8) });
    expect(recognised!.claims.find(({ role }) => role === "points")!.details!.points!.rowValues).toEqual({
      "tomo/bin4/b.rec": "1",
      "tomo/bin4/a.rec": "12",
    });
    expect(recognised!.notes).toEqual([]);
    const unclear = (await found({ ...files, "sg/lists/wedgelist.star": wedges(9) })).recognised!;
    expect(unclear.claims.find(({ role }) => role === "points")!.details!.points!.rowValues).toBeUndefined();
    expect(unclear.notes).toEqual([
      "sg/lists/tomolist.txt names tomogram 1 without its folder, and several files are called so: tomo/bin4/b.rec, tomo/bin8/b.rec (and 1 more number likewise). Write the folder before the names, as in tomo/bin4/b.rec.",
    ]);
  });

  it("does not take maps of another program beside it for scores", async () => {
    const volume = mrcFile([4, 8, 8], 13.6);
    const { roles } = await found({
      ...LAB,
      "i3/maps/TS_03.mrc": volume,
      "tm/maps/scores_0_1.mrc": volume,
      "tm/maps/angles_0_1.mrc": volume,
    });
    expect(Object.keys(roles).filter((path) => path.includes("maps/"))).toEqual([
      "tm/maps/angles_0_1.mrc",
      "tm/maps/scores_0_1.mrc",
    ]);
  });

  it("says what is missing where nothing tells the numbers", async () => {
    const { recognised } = await found(LAB);
    expect(recognised!.notes!.join()).toMatch(
      /tomo_num of sg\/lists\/allmotl_3\.star \(1, 12\) mean: write tomolist\.txt beside it/,
    );
  });

  it("is not seen in other lists", async () => {
    expect((await found({ "a.star": "data_\n\nloop_\n_rlnCoordinateX\n1\n" })).recognised).toBeUndefined();
  });
});
