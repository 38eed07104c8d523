import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const LAB = Object.fromEntries([1, 2, 3].map((n) => [`rec/TS_0${n}_rec.mrc`, mrcFile([6, 12, 12], 10, { seed: n })] as const));

async function decided(files: Record<string, string | Uint8Array>, others: Record<string, Uint8Array> = LAB) {
  const laboratory = await laboratoryWith({ ...others, ...files });
  const { files: all, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { questions, left: Object.keys(LAB).filter((path) => all.get(path)?.role !== "tomogram") };
}

describe("series that a list beside the data calls bad", () => {
  it.each([
    [
      "a spreadsheet of Excel in German",
      "Good? NO, drift",
      "\uFEFFTilt series;Date;Good?;Comment\r\nTS_01;1;yes;\r\nTS_02;1;NO;drift\r\nTS_03;1;yes;\r\n",
    ],
    ["a column of those that are left out", "exclude x", "name,exclude,n\nTS_01,,3\nTS_02,x,4\nTS_03,,5\n"],
    ["numbers for yes and no", "use (0/1) 0", "name\tuse (0/1)\nTS_01\t1\nTS_02\t0\nTS_03\t1\n"],
    ["a grade that is a decision", "status discarded (drift)", "name,status\nTS_01,done\nTS_02,discarded (drift)\nTS_03,done\n"],
    ["a remark", "do not use", "name,thickness,remark\nTS_01,120,\nTS_02,90,do not use\nTS_03,80,use this\n"],
  ])("are asked about: %s", async (_, says, list) => {
    const { questions, left } = await decided({ "log.csv": list });
    expect(questions).toMatchObject([
      {
        id: expect.stringMatching(/^judged-/),
        text: "Should series TS_02_rec be published?",
        why: `log.csv marks as bad: TS_02_rec (${says}).`,
        files: ["rec/TS_02_rec.mrc"],
        answer: "leave-out",
      },
    ]);
    expect(left).toEqual(["rec/TS_02_rec.mrc"]);
  });

  it.each([
    ["it calls none good", "name,good\nTS_01,no\nTS_02,no\nTS_03,no\n"],
    ["it grades them", "name,quality,rating\nTS_01,0,good\nTS_02,3,bad\nTS_03,5,good\n"],
    [
      "it is no list of series",
      "name,x,y,z,good\nTS_01,1,2,3,no\nTS_01,1,2,3,yes\nTS_01,1,4,3,yes\nTS_02,1,2,3,no\nTS_02,3,2,3,no\n",
    ],
    ["it says something else", "name,tilts,comment\nTS_01,41,no gold\nTS_02,39,bad weather\nTS_03,41,\n"],
  ])("are not asked about where %s", async (_, list) => {
    const { questions, left } = await decided({ "log.csv": list });
    expect([questions.filter(({ id }) => id.startsWith("judged")), left]).toEqual([[], []]);
  });

  it.each([
    ["by their names", "exclude.txt", "# devitrified\nTS_02\n"],
    ["with one that is gone", "exclude.txt", "TS_02\nTS_09\n"],
    ["by those of files, and why", "rec/bad_tomograms.txt", "TS_02_rec.mrc  cracked\n"],
  ])("are asked about where a list is called so, and has them alone: %s", async (_, path, list) => {
    const { questions, left } = await decided({ [path]: list });
    expect(questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer])).toEqual([["judged", "leave-out"]]);
    expect(left).toEqual(["rec/TS_02_rec.mrc"]);
  });

  it.each([
    ["has images of series", "exclude.txt", "TS_02 4 5\n"],
    ["has something else", "exclude.txt", "TS_02\n*.tmp\n"],
    ["has all of them", "exclude.txt", "TS_01\nTS_02\nTS_03\n"],
    ["is not called so", "bad_tilts.txt", "TS_02\n"],
    ["is not called so", "picked.txt", "TS_02\n"],
  ])("are not asked about where a list %s: %s", async (_, path, list) => {
    const { questions, left } = await decided({ [path]: list });
    expect([questions, left]).toEqual([[], []]);
  });

  it("are those whose whole name a list has", async () => {
    const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
    const names = ["L03_Position_1", "L03_Position_12", "L03_Position_12_2"];
    const others = Object.fromEntries(names.map((name, at) => [`rec/${name}.mrc`, volume(20 + at)] as const));
    const { questions } = await decided({ "exclude.txt": "L03_Position_1\n" }, others);
    expect(questions.map(({ files }) => files)).toEqual([["rec/L03_Position_1.mrc"]]);
  });

  it("are those below the folder of the list, where two have the name", async () => {
    const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
    const stacks = { "anna/TS_02.st": stack(1), "anna/TS_03.st": stack(2), "bert/TS_02.st": stack(3), "bert/TS_03.st": stack(4) };
    const { questions } = await decided({ "bert/log.csv": "name,good\nTS_02,no\nTS_03,yes\n" }, stacks);
    const judged = questions.find(({ id }) => id.startsWith("judged"));
    expect(judged?.files).toEqual(["bert/TS_02.st"]);
  });
});

it.each(["20220315", "2022-03-15", "15.03.2022"])(
  "of series that are numbered anew on each day a table with the day calls one bad: %s",
  async (day) => {
    const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
    const days = ["20220315", "20220622"].flatMap((folder, d) =>
      [1, 2, 3].map((n) => [`${folder}/TS_0${n}/TS_0${n}_rec.mrc`, volume(10 * d + n)] as const),
    );
    const rows = ["yes", "no", "yes"].map((good, n) => `${day},TS_0${n + 1},${good}\n20220622,TS_0${n + 1},yes\n`);
    const { questions } = await decided({ "log.csv": `day,series,good?\n${rows.join("")}` }, Object.fromEntries(days));
    const judged = questions.filter(({ id }) => id.startsWith("judged"));
    expect(judged.map(({ files }) => files)).toEqual([["20220315/TS_02/TS_02_rec.mrc"]]);
  },
);

const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const RECORDED = {
  ...{ "TS_01.st": stack(1), "TS_02.st": stack(2), "TS_03.st": stack(3) },
  ...{ "rec/TS_01.mrc": mrcFile([6, 12, 12], 10, { seed: 4 }) },
};

async function roles(table: string, files: Record<string, Uint8Array> = {}) {
  const laboratory = await laboratoryWith({ ...RECORDED, ...files, "log.csv": table });
  const { questions, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = questions.filter(({ id }) => id.startsWith("judged"));
  return { asked, roles: ["TS_02.st", "TS_03.st"].map((path) => all.get(path)?.role) };
}

it.each([
  ["TS_03,BAD,drift", ""],
  ["TS_03,todo,bad - crack", "bad - crack"],
  ["TS_03,todo,Useless (ice)", "Useless (ice)"],
  ["TS_03,todo,drift - do not use!", "drift - do not use!"],
  ['TS_03,"rejected"', "status rejected"],
  ["TS_03.st,done,don't publish", "don't publish"],
])("a series that a table calls bad is asked about, and left out until then: %s", async (row, says) => {
  const { asked, roles: found } = await roles(`series,status\nTS_01,done\nTS_02,done\n${row}\n`);
  const text = "Should series TS_03 be published?";
  const why = `log.csv marks as bad: TS_03${says === "" ? "" : ` (${says})`}.`;
  expect(asked).toMatchObject([{ text, why, files: ["TS_03.st"], answer: "leave-out" }]);
  expect(found).toEqual(["tilt series", "left out"]);
});

it.each<[string, string, Record<string, Uint8Array>]>([
  ["it has a tomogram", "TS_01,done\nTS_03,bad\n", { "rec/TS_03.mrc": mrcFile([6, 12, 12], 10, { seed: 5 }) }],
  ["a word is a part of another remark", "TS_01,done\nTS_03,not bad\nTS_02,bad ice in a corner\n", {}],
  ["a row names two series", "TS_01,done\nTS_02,TS_03,bad\n", {}],
  ["the table has no other series", "TS_03,bad\n", {}],
])("is not asked where %s", async (_, rows, files) => {
  expect((await roles(`series,status\n${rows}`, files)).asked).toEqual([]);
});

describe("rows of a database, whose files have the same names in several folders", () => {
  const image = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const volume = (seed: number) => mrcFile([6, 24, 24], 5, { seed });
  const FILES = {
    ...{ "data/a2009-1/raw/CC_07.mrc": image(1), "data/a2010-1/raw/CC_07.mrc": image(2), "data/a2011-1/raw/MR_2.mrc": image(3) },
    ...{ "data/a2009-1/3d_1/CC_07.rec": volume(4), "data/a2010-1/3d_2/CC_07.rec": volume(5) },
    ...{ "data/a2011-1/3d_3/MR_2.rec": volume(6), "data/a2011-1/3d_4/MR_2_bin1.rec": volume(7) },
  };
  const judgedIn = async (table: string) => {
    const { questions } = await decided({ "db/table.csv": table }, FILES);
    return questions.flatMap(({ id, files }) => (id.startsWith("judged") ? files : []));
  };

  it("are about the series of the folder that they name", async () => {
    const table = "id,file,status\na2009-1,CC_07.mrc,delete\na2010-1,CC_07.mrc,ok\na2011-1,MR_2.mrc,ok\n";
    expect(await judgedIn(table)).toEqual(["data/a2009-1/3d_1/CC_07.rec", "data/a2009-1/raw/CC_07.mrc"]);
  });

  it("are about one file, where they list tomograms of which a series has several", async () => {
    const table =
      "id,file,status\na2009-1,CC_07.rec,\na2010-1,CC_07.rec,deleted\na2011-1,MR_2.rec,\na2011-1,MR_2_bin1.rec,delete\n";
    expect(await judgedIn(table)).toEqual(["data/a2010-1/3d_2/CC_07.rec", "data/a2011-1/3d_4/MR_2_bin1.rec"]);
    const one = "id,file,status\na2009-1,CC_07.rec,\na2010-1,CC_07.rec,deleted\na2011-1,MR_2.rec,\n";
    expect(await judgedIn(one)).toEqual(["data/a2010-1/3d_2/CC_07.rec", "data/a2010-1/raw/CC_07.mrc"]);
  });
});

describe("a table in which series are numbered anew in each sample", () => {
  const image = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const judgedOf = async (table: string, files: Record<string, Uint8Array>) => {
    const { questions } = await decided({ "overview.csv": table }, files);
    return questions.flatMap(({ id, files: own }) => (id.startsWith("judged") ? own : []));
  };

  it("is about the series whose folder has the sample's name, though other series begin with it", async () => {
    const files = {
      ...{ "a_WT/TS_01/TS_01.st": image(1), "a_WT/TS_02/TS_02.st": image(2) },
      ...{ "b_dUbl/TS_01/TS_01.st": image(3), "b_dUbl/TS_02/TS_02.st": image(4) },
      ...{ "new/WT_03.st": image(5), "new/WT_04.st": image(6) },
    };
    const table =
      "sample;no;name;use\nWT;1;TS_01;yes\nWT;2;TS_02;no\ndUbl;1;TS_01;yes\ndUbl;2;TS_02;yes\nWT;3;WT_03;yes\nWT;4;WT_04;yes\n";
    expect(await judgedOf(table, files)).toEqual(["a_WT/TS_02/TS_02.st"]);
  });

  it("is about those that another row of the name does not call good", async () => {
    const files = { "a/grid1_x/TS_01.st": image(1), "a/grid2_mut/TS_01.st": image(2), "a/TS_02.st": image(3) };
    expect(await judgedOf("cells,name,good\nmut,TS_01,yes\n,TS_01,no\n,TS_02,yes\n", files)).toEqual(["a/grid1_x/TS_01.st"]);
  });

  it("has their names in two columns", async () => {
    const files = { "st/WT_01.st": image(1), "st/WT_02.st": image(2), "st/mut_01.st": image(3), "st/mut_02.st": image(4) };
    expect(await judgedOf("sample,no,good\nWT,1,y\nWT,2,n\nmut,1,y\nmut,2,y\n", files)).toEqual(["st/WT_02.st"]);
  });

  it.each(["ts 2", "TS-02", "ts2"])("has them as somebody has typed them: %s", async (name) => {
    const files = { "st/TS_01.st": image(1), "st/TS_02.st": image(2) };
    expect(await judgedOf(`name,good\nts 1,y\n${name},n\n`, files)).toEqual(["st/TS_02.st"]);
  });
});
