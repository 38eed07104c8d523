import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
/** 64 voxels of 10 Å along x and y. */
const volume = (seed: number) => mrcFile([32, 64, 64], 10, { seed });
/** Places on a grid. @param step voxels */
const grid = (count: number, step: number) =>
  Array.from({ length: count }, (_, at) => [
    4 + step * (at % 8),
    4 + step * (Math.floor(at / 8) % 8),
    6 + step * Math.floor(at / 64),
  ]);
/** A table of Dynamo. @param score column 10 */
const table = (places: readonly (readonly number[])[], score = 0) =>
  places
    .map(([x, y, z], at) =>
      Array.from({ length: 35 }, (_, column) => ({ 0: at + 1, 9: score, 19: 1, 23: x, 24: y, 25: z })[column] ?? 0).join(" "),
    )
    .join("\n");

async function decided(files: Record<string, string>) {
  const laboratory = await laboratoryWith({
    "TS_01.mrc": volume(1),
    "TS_02.mrc": volume(2),
    "indices_column20.doc": "1 TS_01.mrc\n",
    ...files,
  });
  const { questions, files: own } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { questions: questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer]), role: own.get("TS_01.tbl")?.role };
}

describe("points that lie nearer to each other than particles do", () => {
  it.each([
    ["of a table that nobody has aligned", table(grid(100, 6)), [["seeds", "leave-out"]], "left out"],
    ["of a table that was aligned", table(grid(100, 6), 0.2), [], "points"],
    [
      "of any table, where nothing is so small",
      table(
        grid(100, 1.5).map(([x, y, z]) => [x! + 30, y! + 30, z!]),
        0.2,
      ),
      [["seeds", "leave-out"]],
      "left out",
    ],
    ["as far from each other as particles", table(grid(64, 8.2)), [], "points"],
    ["but few", table(grid(40, 6)), [], "points"],
  ])("are asked about: %s", async (_, text, questions, role) => {
    expect(await decided({ "TS_01.tbl": text })).toEqual({ questions, role });
  });

  it.each([
    ["that nobody has aligned", "0 0 0 0", [["seeds", "leave-out"]]],
    ["that was aligned", "0.2 0 0 0", []],
    ["that was moved", "0 1 0 0", []],
  ])("are asked about in a list of STOPGAP %s", async (_, scoreAndShifts, questions) => {
    const columns =
      "motl_idx tomo_num object subtomo_num halfset orig_x orig_y orig_z score x_shift y_shift z_shift phi psi the class".split(
        " ",
      );
    const rows = grid(100, 6).map((place, at) => `${at + 1} 1 1 ${at + 1} A ${place.join(" ")} ${scoreAndShifts} 10 20 30 1\n`);
    const list = `\ndata_stopgap_motivelist\n\nloop_\n${columns.map((one) => `_${one}\n`).join("")}${rows.join("")}\n`;
    const found = await decided({ "sg/lists/allmotl_1.star": list, "sg/lists/tomolist.txt": "1 /gone/TS_01.mrc\n" });
    expect(found.questions).toEqual(questions);
  });
});
