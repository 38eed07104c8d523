import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { dynamo } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);
/** 35 columns: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention */
const row = (tag: number, tomogram: number, [dx, x] = [0, 5]) =>
  Array.from({ length: 35 }, (_, i) => ({ 0: tag, 3: dx, 19: tomogram, 23: x, 24: 4, 25: 3 })[i] ?? 0).join(" ");
const table = (...rows: string[]) => `${rows.join("\n")}\n`;

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await dynamo.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries((recognised?.claims ?? []).map((claim) => [claim.path, claim]));
  const roles = Object.fromEntries((recognised?.claims ?? []).map(({ path, role }) => [path, role]));
  return { recognised, claims, roles };
}

describe("Dynamo", () => {
  it("gives the rows of a table to the tomograms that its .doc names, and takes the last table of the same particles", async () => {
    const { claims, roles, recognised } = await found({
      "tomograms/TS_01.mrc": volume,
      "tomograms/TS_03.mrc": volume,
      "data/crop.tbl": table(row(1, 1), row(2, 3)),
      "data/indices_column20.doc": "1 /gpfs/old/tomograms/TS_01.mrc\n3 /gpfs/old/tomograms/TS_03.mrc\n",
      "data/particle_000001.em": "x",
      "ali/settings/card.dcp": "x",
      "ali/results/ite_0001/averages/refined_table_ref_001_ite_0001.tbl": table(row(1, 1, [1, 5]), row(2, 3)),
      "ali/results/ite_0002/averages/refined_table_ref_001_ite_0002.tbl": table(row(1, 1, [2, 5]), row(2, 3)),
      "ali/results/ite_0002/averages/average_ref_001_ite_0002.em": "x",
      "models/a.omd": "x",
    });
    expect(roles).toEqual({
      "tomograms/TS_01.mrc": "tomogram",
      "tomograms/TS_03.mrc": "tomogram",
      "data/crop.tbl": "left out",
      "data/indices_column20.doc": "left out",
      "data/particle_000001.em": "left out",
      "ali/settings/card.dcp": "left out",
      "ali/results/ite_0001/averages/refined_table_ref_001_ite_0001.tbl": "left out",
      "ali/results/ite_0002/averages/refined_table_ref_001_ite_0002.tbl": "points",
      "ali/results/ite_0002/averages/average_ref_001_ite_0002.em": "left out",
      "models/a.omd": "left out",
    });
    expect(claims["data/crop.tbl"]!.because).toContain("the same particles as ali/results/ite_0002");
    expect(claims["ali/results/ite_0002/averages/refined_table_ref_001_ite_0002.tbl"]!.details!.points).toEqual({
      format: "dynamo_tbl",
      shape: "OrientedPoint",
      unit: "voxels",
      rowName: "column 20",
      rowValues: { "tomograms/TS_01.mrc": "1", "tomograms/TS_03.mrc": "3" },
    });
    expect(recognised!.notes!.join()).toContain("grepTable");
  });

  it("ties a table of one tomogram to it, by .doc or by .vll", async () => {
    const { claims } = await found({
      "TS_01.mrc": volume,
      "TS_02.mrc": volume,
      "a/one.tbl": table(row(1, 2)),
      "a/list.doc": "1 TS_01.mrc\r\n2 TS_02.mrc\r\n",
      "b/two.tbl": table(row(7, 0)),
      // https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file
      "b/list.vll": "# all\n/x/TS_01.mrc\n* index = 4\n> two.tbl\n\n/x/TS_02.mrc\n",
    });
    expect(claims["a/one.tbl"]).toMatchObject({ role: "points", sameRunAs: "TS_02.mrc" });
    expect(claims["b/two.tbl"]).toMatchObject({ role: "points", sameRunAs: "TS_01.mrc" });
  });

  it("proposes what has more rows than its backup", async () => {
    const rows = (tags: readonly number[]) => table(...tags.map((tag) => row(tag, 1, [1, 10 * tag])));
    const doc = "1 TS_01.mrc\n";
    const asked = async (folder: string) => {
      const files = {
        ...{ "TS_01.mrc": volume, "picks/refined.tbl": rows([1, 2, 3, 4, 5]), "picks/indices_column20.doc": doc },
        ...{ [`${folder}/picks/refined.tbl`]: rows([1, 2, 3]), [`${folder}/picks/indices_column20.doc`]: doc },
      };
      const { recognised } = await found(files);
      return recognised!.questions!.map(({ options, guess }) => options.find(({ answer }) => answer === guess)?.says);
    };
    expect(await asked("backup_2023")).toEqual(["picks/refined.tbl: 5 particles"]);
    expect(await asked("cleaned_2023")).toEqual(["cleaned_2023/picks/refined.tbl: 3 particles"]);
  });

  it("asks which of the tables counts that are parts of each other, and takes what cleaning has left", async () => {
    const rows = (tags: readonly number[], shift: number) => table(...tags.map((tag) => row(tag, 1, [shift, 10 * tag])));
    const tags = Array.from({ length: 9 }, (_, at) => at + 1);
    const averages = "ali/results/ite_0002/averages";
    const files = {
      "TS_01.mrc": volume,
      "seeds.Data/crop.tbl": rows(tags, 0),
      "seeds.Data/indices_column20.doc": "1 TS_01.mrc\n",
      "test.Data/crop.tbl": rows(tags.slice(0, 4), 0),
      [`${averages}/refined_table_ref_001_ite_0002.tbl`]: rows(tags, 1),
      [`${averages}/nodup.tbl`]: rows([1, 4, 6, 8], 2),
      [`${averages}/nodup_clean.tbl`]: rows([1, 6, 8], 2),
      "other.tbl": table(row(1, 1, [1, 77]), row(6, 1, [1, 55])),
    };
    const { roles, claims, recognised } = await found(files);
    expect(recognised!.questions).toMatchObject([
      {
        text: "Which of these 3 tables should be published?",
        why: "They are the same particles, in some of them fewer. Tables that you do not choose are not published.",
      },
    ]);
    expect(recognised!.questions!.map(({ options, guess }) => [options.map(({ says }) => says), guess])).toEqual([
      [
        [
          `${averages}/refined_table_ref_001_ite_0002.tbl: 9 particles`,
          `${averages}/nodup.tbl: 4 particles`,
          `${averages}/nodup_clean.tbl: 3 particles`,
          "all of them: the same particles are published several times",
        ],
        "3",
      ],
    ]);
    const [, , last] = recognised!.questions![0]!.options;
    expect(last!.claims.map(({ role, because }) => [role, because])).toEqual([
      ["left out", `${averages}/nodup_clean.tbl has the 3 of its 9 particles that were kept`],
      ["left out", `${averages}/nodup_clean.tbl has the 3 of its 4 particles that were kept`],
      ["points", "indices_column20.doc names the tomogram of its column 20"],
    ]);
    expect(claims["test.Data/crop.tbl"]).toMatchObject({
      role: "left out",
      because: `4 of the 9 particles of ${averages}/refined_table_ref_001_ite_0002.tbl, which are aligned there`,
    });
    // the same numbers at other places are other particles
    expect(roles["other.tbl"]).toBe("points");
    // two halves of one table
    const halves = { "TS_01.mrc": volume, "a.tbl": rows(tags, 1), "b.tbl": rows([1, 3], 1), "c.tbl": rows([2, 4], 1) };
    expect((await found(halves)).recognised!.questions!.map(({ files: [first], guess }) => [first, guess])).toEqual([
      ["a.tbl", "1"],
    ]);
  });

  it("tells of tomograms in EM format, and calls neither another volume in it an average that is no cube nor a list a volume", async () => {
    const em = (x: number, y: number, z: number) => {
      const bytes = new Uint8Array(512 + x * y * z);
      bytes.set([6, 0, 0, 1]);
      const view = new DataView(bytes.buffer);
      for (const [at, length] of [x, y, z].entries()) view.setInt32(4 + 4 * at, length, true);
      return bytes;
    };
    const { claims, recognised } = await found({
      ...{ "TS_01.mrc": volume, "crop.tbl": table(row(1, 1)), "crop.doc": "1 TS_01.mrc\n" },
      ...{ "bin8/TS_01_bin8.em": em(20, 22, 10), "bin8.vll": "bin8/TS_01_bin8.em\n* index = 1\n* apix = 17.36\n" },
      ...{ "ref.em": em(8, 8, 8), "slab.em": em(20, 22, 10), "tm/motl_1.em": em(20, 31, 1) },
    });
    expect(["bin8/TS_01_bin8.em", "ref.em", "slab.em", "tm/motl_1.em"].map((path) => claims[path]?.because)).toEqual([
      "a tomogram in EM format, as bin8.vll lists it: write it as MRC",
      "a volume in EM format: an average, a mask or a template of particles",
      "a volume in EM format, and no cube as averages are: where it is a tomogram, write it as MRC",
      "a motive list in EM format, as AV3 and cryoCAT write them, which is not read: x, y, z are rows 8 to 10, write them as CSV or as a STAR file",
    ]);
    expect(recognised!.notes!.join()).toMatch(/Tomograms in EM format \(bin8\/TS_01_bin8.em\) are not read: write them as MRC/);
  });

  it("tells what is missing, and leaves other tables alone", async () => {
    const { roles, recognised } = await found({
      "a/one.tbl": table(row(1, 9)),
      "broken.tbl": `${row(1, 1)}\n1 2 3\n`,
      "other.tbl": "name value\na 1\n",
      "letter.doc": "Dear all,\n1 see you\n",
    });
    expect(roles).toEqual({ "a/one.tbl": "points" });
    expect(recognised!.notes!.join("\n")).toMatch(
      /Nothing says which tomograms the numbers in column 20 of a\/one\.tbl \(9\) mean/,
    );
    expect(recognised!.notes!.join("\n")).toContain("broken.tbl");
    expect((await found({ "letter.doc": "1 x.mrc\n", "other.tbl": "a b\n" })).recognised).toBeUndefined();
  });
});
