import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import type { Asked, Decision } from "./decide.js";
import { givenOf, readDecisions, writeDecisions } from "./decisions-file.js";
import { decisionsOf, recognisedIn } from "./know.js";
import { waitForAnswers } from "./waiting.js";

const file = (path: string, role: Decision["role"], more: Partial<Decision> = {}): Decision => ({
  ...{ path, role, because: "there is no tomogram of its run", strength: "name", details: {} },
  ...more,
});
const twins = (run: string, isAnswered = false): Asked => ({
  ...{ id: `twins-${run}`, text: `Which is the tomogram of ${run}?`, files: [`${run}_a.mrc`, `${run}_b.mrc`] },
  options: [{ answer: "1", says: "a", claims: [{ path: `${run}_a.mrc`, role: "tomogram", run, because: "", strength: "name" }] }],
  ...{ answer: isAnswered ? "1" : undefined, isAnswered },
});

/** The questions for which each file waits. */
async function waiting(decisions: readonly Decision[], questions: readonly Asked[], lists: readonly string[] = []) {
  const files = new Map(decisions.map((one) => [one.path, one]));
  waitForAnswers(files, questions, { lists: new Set(lists), laboratory: await laboratoryWith({}) });
  return [...files.values()].map(({ path, until }) => [path, until?.join() ?? ""]);
}

describe("(36) what hangs on a question that nobody has answered", () => {
  it("waits for it: lists and masks of its runs, and lists of no run; not a person's, nor what no tomogram decides", async () => {
    const decisions = [
      file("TS_1_picks.csv", "left out", { run: "TS_1" }),
      file("TS_1_mask.mrc", "mask", { run: "TS_1" }),
      file("all.tbl", "points", { runs: ["TS_1", "TS_2"] }),
      file("TS_2_picks.csv", "points", { run: "TS_2" }),
      file("TS_1.xf", "alignment", { run: "TS_1" }),
      file("TS_1_mine.csv", "left out", { run: "TS_1", strength: "person" }),
      file("TS_1_a.mrc", "left out", { run: "TS_1", question: "twins-TS_1" }),
      file("some.tbl", "left out"),
      file("script.sh", "left out"),
    ];
    expect(await waiting(decisions, [twins("TS_1")], ["some.tbl"])).toEqual([
      ["TS_1_picks.csv", "twins-TS_1"],
      ["TS_1_mask.mrc", "twins-TS_1"],
      ["all.tbl", "twins-TS_1"],
      ["TS_2_picks.csv", ""],
      ["TS_1.xf", ""],
      ["TS_1_mine.csv", ""],
      ["TS_1_a.mrc", ""],
      ["some.tbl", "twins-TS_1"],
      ["script.sh", ""],
    ]);
    expect(await waiting([decisions[0]!], [twins("TS_1", true)])).toEqual([["TS_1_picks.csv", ""]]);
  });

  it("waits for the tilt series of its run where it numbers the images: alignments and raw angles", async () => {
    const stacks: Asked = {
      ...{
        id: "series-TS_1",
        text: "Which is the tilt series of TS_1?",
        files: ["a/TS_1.mrc"],
        answer: undefined,
        isAnswered: false,
      },
      options: [
        {
          answer: "1",
          says: "a",
          claims: [{ path: "a/TS_1.mrc", role: "tilt series", run: "TS_1", because: "", strength: "name" }],
        },
      ],
    };
    const decisions = [
      file("TS_1.xf", "alignment", { run: "TS_1" }),
      file("TS_1.rawtlt", "raw tilts", { run: "TS_1" }),
      file("TS_2.rawtlt", "raw tilts", { run: "TS_2" }),
      file("TS_1.mdoc", "acquisition", { run: "TS_1" }),
    ];
    expect(await waiting(decisions, [twins("TS_1"), stacks])).toEqual([
      ["TS_1.xf", "series-TS_1"],
      ["TS_1.rawtlt", "series-TS_1"],
      ["TS_2.rawtlt", ""],
      ["TS_1.mdoc", ""],
    ]);
  });

  it("is written as such, and counts until an answer stands in the same file", async () => {
    const question = twins("TS_1");
    const decided = new Map(
      [file("TS_1_picks.csv", "left out", { run: "TS_1" }), file("TS_2_picks.csv", "left out", { run: "TS_2" })].map((one) => [
        one.path,
        one,
      ]),
    );
    waitForAnswers(decided, [question], { lists: new Set(), laboratory: await laboratoryWith({}) });
    const files = [...decided.keys()].map((path) => ({ path, size: 1, format: undefined }));
    const text = await writeDecisions(
      { files },
      { runs: ["TS_1", "TS_2"], files: decided, undecided: new Map(), questions: [question], software: [], notes: [] },
    );
    const document = readDecisions(text, "new.decisions.yaml");
    expect(document.files.map(({ files: glob, until }) => [glob, until])).toEqual([
      ["TS_1_picks.csv", ["twins-TS_1"]],
      ["TS_2_picks.csv", undefined],
    ]);
    expect([...givenOf(document, { files }).files.keys()]).toEqual(["TS_1_picks.csv", "TS_2_picks.csv"]);
    const answered = { ...document, questions: [{ ...document.questions[0]!, answer: "1" }] };
    expect([...givenOf(answered, { files }).files.keys()]).toEqual(["TS_2_picks.csv"]);
  });
});

describe("(36) copies of what a person has decided", () => {
  it.each([
    ["tilt series", "stacks/TS_01.st", mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 })],
    ["tomogram", "rec/TS_01.rec", mrcFile([6, 12, 12], 10, { seed: 2 })],
  ] as const)("are left out when they are decided anew: %s", async (is, path, bytes) => {
    const copy = path.replace(/^\w+/, "more");
    // as a program signs what it copies, in a label of the header
    const signed = bytes.slice();
    signed.set(new TextEncoder().encode("newstack: copied"), 224);
    const laboratory = await laboratoryWith({ [path]: bytes, [copy]: signed, "TS_01.rawtlt": "-6\n-3\n0\n3\n6\n" });
    const said = readDecisions(`runs: [TS_01]\nfiles: [{files: ${copy}, is: ${is}, run: TS_01}]`, "x");
    const { signal } = new AbortController();
    const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, givenOf(said, laboratory));
    expect([files.get(copy)?.role, files.get(path)?.role]).toEqual([is, "left out"]);
  });
});

describe("(36) the answer to a question about a mask", () => {
  it("makes it a mask of the run of its tomogram", async () => {
    const voxels = mrcFile([6, 12, 12], 10, { value: 0 });
    const labels = new Float32Array(voxels.buffer, 1024);
    for (const [at, label] of [1, 2, 3].entries()) labels.fill(label, 100 * at, 100 * at + 50);
    const laboratory = await laboratoryWith({
      "rec/TS_01_rec.mrc": mrcFile([6, 12, 12], 10, { seed: 1 }),
      "amira/TS_01_rec.Labels.mrc": voxels,
      "TS_01.rawtlt": "0\n3\n6\n",
    });
    const { signal } = new AbortController();
    const recognised = await recognisedIn(laboratory, signal);
    const { questions } = await decisionsOf(laboratory, recognised, signal);
    const [{ id }] = questions.filter((one) => one.id.startsWith("labels")) as [Asked];
    const given = givenOf(readDecisions(`questions: [{id: ${id}, answer: label-2}]`, "x"), laboratory);
    const { files } = await decisionsOf(laboratory, recognised, signal, given);
    expect(files.get("amira/TS_01_rec.Labels.mrc")).toMatchObject({ role: "mask", run: "TS_01", details: { label: 2 } });
  });
});

it("a table of many tomograms says that it waits for them, and is read when they are known", async () => {
  const row = (at: number, tomogram: number) =>
    `${at} 1 1 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 ${tomogram} 1 1 0 ${10 * at} 20 10 0 0 0 0 0 0 0 0 0\n`;
  const laboratory = await laboratoryWith({
    "a/TS_01.rec": mrcFile([30, 60, 60], 16, { seed: 1 }),
    "b/TS_01.rec": mrcFile([30, 60, 60], 16, { seed: 2 }),
    "a/TS_02.rec": mrcFile([30, 60, 60], 16, { seed: 3 }),
    "b/TS_02.rec": mrcFile([30, 60, 60], 16, { seed: 4 }),
    "TS_01.rawtlt": "0\n3\n6\n",
    "TS_02.rawtlt": "0\n3\n6\n",
    "dyn/lab.vll": "/gone/a/TS_01.rec\n/gone/a/TS_02.rec\n",
    "dyn/ribo.tbl": [1, 2, 3, 4, 5].map((at) => row(at, 1 + (at % 2))).join(""),
  });
  const { signal } = new AbortController();
  const recognised = await recognisedIn(laboratory, signal);
  const open = await decisionsOf(laboratory, recognised, signal);
  const [{ id }] = open.questions.filter((one) => one.id.startsWith("twins")) as [Asked];
  expect(open.files.get("dyn/ribo.tbl")?.because).toBe(
    `the tomograms that its rows name, such as a/TS_01.rec, are not used until question ${id} is answered`,
  );
  const given = givenOf(readDecisions(`questions: [{id: ${id}, answer: "1"}]`, "x"), laboratory);
  const { files } = await decisionsOf(laboratory, recognised, signal, given);
  expect(files.get("dyn/ribo.tbl")?.role).toBe("points");
});

describe("(36) lists of numbers without a unit", () => {
  const picks = "x,y,z\n20,30,30\n10,22,35\n12,40,25\n";
  const files = {
    "TS_01.rawtlt": "0\n3\n6\n",
    "picks/TS_01.csv": picks,
    "bin8/TS_01.rec": mrcFile([30, 60, 60], 16, { seed: 1 }),
  };

  it("wait while a tomogram of another voxel size does, in which they may be", async () => {
    const { signal } = new AbortController();
    const twins = {
      "bin4/one/TS_01.rec": mrcFile([60, 120, 120], 8, { seed: 2 }),
      "bin4/two/TS_01.rec": mrcFile([60, 120, 120], 8, { seed: 3 }),
    };
    const laboratory = await laboratoryWith({ ...files, ...twins });
    const recognised = await recognisedIn(laboratory, signal);
    const open = await decisionsOf(laboratory, recognised, signal);
    const [{ id }] = open.questions.filter((one) => one.id.startsWith("twins")) as [Asked];
    expect(open.files.get("picks/TS_01.csv")).toMatchObject({
      role: "left out",
      because: `its coordinates may be those of bin4/one/TS_01.rec, about which question ${id} is open`,
    });
    expect(open.files.get("picks/TS_01.csv")?.until).toContain(id);
    const given = givenOf(readDecisions(`questions: [{id: ${id}, answer: "1"}]`, "x"), laboratory);
    const told = await decisionsOf(laboratory, recognised, signal, given);
    expect(told.questions.some(({ files: paths }) => paths.includes("picks/TS_01.csv"))).toBe(true);
  });
});

it("(36) a tomogram waits while one is asked about that may have its voxel size, and was treated alike", async () => {
  const tomogram = (spacing: number, seed: number) => mrcFile([12, 24, 24], spacing, { seed });
  const laboratory = await laboratoryWith({
    "rec/TS_01.rec": tomogram(0.8, 1),
    "rec/TS_02.rec": tomogram(8, 2),
    "rec/TS_03.rec": tomogram(8, 3),
    "more/TS_01.rec": tomogram(8, 4),
    "TS_01.rawtlt": "0\n3\n6\n",
    "TS_02.rawtlt": "0\n3\n6\n",
    "TS_03.rawtlt": "0\n3\n6\n",
  });
  const { signal } = new AbortController();
  const recognised = await recognisedIn(laboratory, signal);
  const open = await decisionsOf(laboratory, recognised, signal);
  expect(open.files.get("more/TS_01.rec")).toMatchObject({
    role: "left out",
    because: "one of TS_01 with its voxel size, rec/TS_01.rec, may be what is published: question spacing-0.8 is open",
    until: ["spacing-0.8"],
  });
  expect(open.files.get("rec/TS_02.rec")?.role).toBe("tomogram");
  const told = (answer: string) =>
    decisionsOf(
      laboratory,
      recognised,
      signal,
      givenOf(readDecisions(`questions: [{id: spacing-0.8, answer: "${answer}"}]`, "x"), laboratory),
    );
  expect((await told("0.8")).files.get("more/TS_01.rec")?.role).toBe("tomogram");
  expect((await told("8")).questions.map(({ id }) => id.replace(/-.*/, ""))).toContain("twins");
});
