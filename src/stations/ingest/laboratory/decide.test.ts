import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import type { Claim } from "./claims.js";
import { decide, type SaidOfFile } from "./decide.js";

const volume = mrcFile([6, 10, 10], 8);

describe("of a file and its copy", () => {
  const copy: Claim = {
    path: "job/rec_1.mrc",
    role: "left out",
    because: "a copy of disk/1.mrc",
    copyOf: "disk/1.mrc",
    strength: "contents",
  };
  const tomogram = (path: string, strength: Claim["strength"]): Claim => {
    return { path, role: "tomogram", run: "1", because: "said", strength };
  };
  const rolesOf = async (...claims: Claim[]) => {
    const laboratory = await laboratoryWith({ "disk/1.mrc": volume, "job/rec_1.mrc": volume });
    const { files } = await decide(laboratory, [{ software: "x", by: [], claims }]);
    return ["disk/1.mrc", "job/rec_1.mrc"].map((path) => files.get(path)?.role);
  };

  it("the one that bookkeeping names is used, such as a link of a project, and otherwise the original", async () => {
    const byName = tomogram("disk/1.mrc", "name");
    expect(await rolesOf(copy, tomogram("job/rec_1.mrc", "bookkeeping"), byName)).toEqual(["left out", "tomogram"]);
    expect(await rolesOf(copy, tomogram("job/rec_1.mrc", "name"), byName)).toEqual(["tomogram", "left out"]);
    const both = [tomogram("disk/1.mrc", "bookkeeping"), tomogram("job/rec_1.mrc", "bookkeeping")];
    expect(await rolesOf(copy, ...both)).toEqual(["tomogram", "left out"]);
  });

  it("(36) the one that is used is of the run that is known of the other", async () => {
    const laboratory = await laboratoryWith({ "disk/1.mrc": volume, "job/rec_1.mrc": volume });
    const claims = [copy, { ...tomogram("job/rec_1.mrc", "bookkeeping"), run: undefined }, tomogram("disk/1.mrc", "name")];
    const { files } = await decide(laboratory, [{ software: "x", by: [], claims }]);
    expect(files.get("job/rec_1.mrc")).toMatchObject({ role: "tomogram", run: "1" });
    const turned = [copy, tomogram("job/rec_1.mrc", "name"), { ...tomogram("disk/1.mrc", "name"), run: undefined }];
    expect((await decide(laboratory, [{ software: "x", by: [], claims: turned }])).files.get("disk/1.mrc")?.run).toBe("1");
  });

  it("what was made on the copy is of the run of the original, whatever its own folder is called after, unless its run is said", async () => {
    const laboratory = await laboratoryWith({
      "disk/1.mrc": volume,
      "job/rec_1.mrc": volume,
      "job/1.mod": "x",
      "job/2.mod": "x",
    });
    const points = { format: "mod", shape: "Point", unit: "voxels", of: "job/rec_1.mrc" } as const;
    const list: Claim = {
      path: "job/1.mod",
      role: "points",
      because: "said",
      sameRunAs: "job/rec_1.mrc",
      strength: "bookkeeping",
      details: { points },
    };
    const named: Claim = { path: "job/1.mod", role: "points", run: "job_1", because: "its name", strength: "name" };
    const said: Claim = { ...list, path: "job/2.mod", run: "job_1" };
    const claims = [copy, { ...tomogram("disk/1.mrc", "bookkeeping"), run: "disk_1" }, list, named, said];
    const { files } = await decide(laboratory, [{ software: "x", by: [], claims }]);
    expect(files.get("job/1.mod")).toMatchObject({ run: "disk_1", details: { points: { of: "disk/1.mrc" } } });
    expect(files.get("job/2.mod")).toMatchObject({ run: "job_1", details: { points: { of: "job/rec_1.mrc" } } });
  });

  it("the copy is used where the bookkeeping leaves the original out in its favour", async () => {
    const leave: Claim = { path: "disk/1.mrc", role: "left out", because: "rec_1.mrc is used", strength: "bookkeeping" };
    const own = [tomogram("job/rec_1.mrc", "bookkeeping"), tomogram("disk/1.mrc", "contents")];
    expect(await rolesOf(copy, leave, ...own)).toEqual(["left out", "tomogram"]);
  });
});

it("of a volume that a person calls one, and no more, the run is known of others, where these agree", async () => {
  const laboratory = await laboratoryWith({ "1.mrc": volume, "2.mrc": volume, "3.mrc": volume });
  const claim = (path: string, run: string, role: Claim["role"] = "half map"): Claim => {
    return { path, role, run, because: "said", strength: "name" };
  };
  const claims = [claim("1.mrc", "TS_1"), claim("2.mrc", "TS_1"), claim("2.mrc", "TS_2", "tomogram"), claim("3.mrc", "TS_3")];
  const person = { role: "tomogram", because: "a person says so" } as const;
  const given = {
    files: new Map<string, SaidOfFile>([
      ["1.mrc", person],
      ["2.mrc", person],
      ["3.mrc", { ...person, run: "mine" }],
    ]),
    answers: new Map(),
  };
  const { files } = await decide(laboratory, [{ software: "x", by: [], claims }], given);
  const runs = ["1.mrc", "2.mrc", "3.mrc"].map((path) => [files.get(path)?.role, files.get(path)?.run]);
  expect(runs).toEqual([
    ["tomogram", "TS_1"],
    ["tomogram", undefined],
    ["tomogram", "mine"],
  ]);
});

it("a file of decisions that makes a volume of a text is obeyed, and told", async () => {
  const laboratory = await laboratoryWith({ "picks.json": "{}", "1.mrc": volume, "empty.mrc": "" });
  const as = (role: Claim["role"]) => ({ role, run: "1", because: "said" });
  const given = {
    files: new Map([
      ["picks.json", as("tomogram")],
      ["empty.mrc", as("mask")],
      ["1.mrc", as("tomogram")],
    ]),
    answers: new Map(),
  };
  const { files, notes } = await decide(laboratory, [], given);
  expect(files.get("picks.json")?.role).toBe("tomogram");
  expect(notes).toEqual([
    "empty.mrc: the file of decisions says that it is a mask, and it is empty; ingest run will refuse it.",
    "picks.json: the file of decisions says that it is a tomogram, and it is a text; ingest run will refuse it.",
  ]);
});

it("a file is of the program that made it, where its recogniser knows several, also behind a question", async () => {
  const laboratory = await laboratoryWith({ "1.mrc": volume, "2.mrc": volume, "3.mrc": volume, "4.mrc": volume });
  const mask = (path: string, software?: string): Claim => ({
    path,
    role: "mask",
    run: "1",
    because: "said",
    strength: "contents",
    software,
  });
  const options = [{ answer: "yes", says: "yes", claims: [mask("4.mrc", "B")] }];
  const question = { id: "q", text: "Is it?", files: ["4.mrc"], options, guess: "yes" };
  const claims = [mask("1.mrc", "A"), mask("2.mrc"), mask("3.mrc", "")];
  const { files } = await decide(laboratory, [{ software: "A, B", by: [], claims, questions: [question] }]);
  expect(["1.mrc", "2.mrc", "3.mrc", "4.mrc"].map((path) => files.get(path)?.by)).toEqual(["A", "A, B", "", "B"]);
});

it("a question about a file that an earlier answer has decided is asked and obeyed all the same; a row of a person stands", async () => {
  const laboratory = await laboratoryWith({ "1.mrc": volume, "2.mrc": volume });
  const tomogram = (path: string): Claim => ({ path, role: "tomogram", run: "1", because: "said", strength: "contents" });
  const leave = (path: string): Claim => ({
    path,
    role: "left out",
    because: "the other one is published",
    strength: "contents",
  });
  const size = {
    id: "size",
    text: "Is it?",
    files: ["1.mrc"],
    options: [{ answer: "20", says: "20", claims: [tomogram("1.mrc")] }],
  };
  const twins = {
    id: "twins",
    text: "Which?",
    files: ["1.mrc", "2.mrc"],
    options: [
      { answer: "1", says: "1", claims: [tomogram("1.mrc"), leave("2.mrc")] },
      { answer: "2", says: "2", claims: [leave("1.mrc"), tomogram("2.mrc")] },
    ],
  };
  const found = [{ software: "x", by: [], claims: [tomogram("2.mrc")], questions: [size, twins] }];
  const rolesOf = async (answers: readonly (readonly [string, string])[], rows: ReadonlyMap<string, Claim> = new Map()) => {
    const { files } = await decide(laboratory, found, { files: rows, answers: new Map(answers) });
    return ["1.mrc", "2.mrc"].map((path) => files.get(path)?.role);
  };
  expect(await rolesOf([["size", "20"]])).toEqual([undefined, undefined]);
  const both = (answer: string) => [["size", "20"] as const, ["twins", answer] as const];
  expect(await rolesOf(both("1"))).toEqual(["tomogram", "left out"]);
  expect(await rolesOf(both("2"))).toEqual(["left out", "tomogram"]);
  expect(await rolesOf(both("2"), new Map([["1.mrc", tomogram("1.mrc")]]))).toEqual(["tomogram", "tomogram"]);
});

it("files of which the same is said are one question, whatever their runs; where runs are what is asked, each is one", async () => {
  const names = ["odd/TS_1.mrc", "odd/TS_2.mrc", "odd/TS_3.mrc"];
  const laboratory = await laboratoryWith(Object.fromEntries(names.map((name, at) => [name, mrcFile([6, 10, 10], at + 2)])));
  const claim = (path: string, role: Claim["role"], run: string): Claim => {
    return { path, role, run, because: `${path} looks like one`, strength: "contents" };
  };
  const asked = async (claimsOf: (path: string, run: string) => Claim[]) => {
    const claims = names.flatMap((path) => claimsOf(path, /TS_\d/.exec(path)![0]));
    const { questions } = await decide(laboratory, [{ software: "x", by: [], claims }]);
    return questions.map(({ files, options }) => `${files.length}: ${options.map(({ says }) => says).join(", ")}`);
  };
  expect(await asked((path, run) => [claim(path, "tomogram", run), claim(path, "half map", run)])).toEqual([
    "3: published as a tomogram of its run, published as a half map of its run, not published",
  ]);
  expect(await asked((path, run) => [claim(path, "tomogram", run), claim(path, "left out", run)])).toEqual([
    "3: published as a tomogram of its run, not published",
  ]);
  expect(await asked((path, run) => [claim(path, "tomogram", run), claim(path, "tomogram", "TS_3")])).toEqual([
    "1: published as a tomogram of TS_1, published as a tomogram of TS_3, not published",
    "1: published as a tomogram of TS_2, published as a tomogram of TS_3, not published",
  ]);
});
