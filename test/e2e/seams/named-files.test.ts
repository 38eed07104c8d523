import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { planText } from "../publish-kit.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** Results are written to places that a person names, where something of another program may be. */
let person: Newcomer;
const VOLUME = "lab/input/lab/imod/tomograms/TS_0001.rec";
beforeAll(async () => {
  person = newcomer();
  await generateLab({ out: person.at("lab"), deposits: ["imod"], sections: "all" });
}, 60_000);
afterAll(() => person?.leave());

const read = (...names: string[]) => readFileSync(person.at(...names), "latin1");
const write = (name: string, text: string) => writeFileSync(person.at(name), text, "latin1");

describe("ingest convert", () => {
  it.each([
    ["a file", "one.mrc", "precious"],
    ["a folder", "two.zarr/notes.txt", "precious"],
    ["a file where the folder would be", "three.zarr", "precious"],
  ])("refuses %s that no run has written, and makes nothing beside it", async (_, name, text) => {
    const out = name.slice(0, name.indexOf("."));
    if (name.includes("/")) mkdirSync(person.at(name, ".."));
    write(name, text);
    const { status, err } = await person.run("ingest", "convert", VOLUME, out);
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      expect.stringMatching(
        /^error\[CONFIG_COLLISION\]: .* exists already, and no run of this workspace has written it as it is now$/,
      ),
    ]);
    expect(err).toContain("--force-overwrite");
    expect(read(name)).toBe(text);
    expect(readdirSync(person.folder).filter((one) => one.startsWith(out))).toEqual([name.replace(/\/.*/, "")]);
  });

  it("replaces it with --force-overwrite, and its own without: again, in another form, after a stop", async () => {
    write("four.mrc", "precious");
    expect((await person.run("ingest", "convert", VOLUME, "four", "--force-overwrite")).status).toBe(0);
    const made = read("four.mrc");
    expect(made.length).toBeGreaterThan(1024);
    for (const words of [[], ["--ome-zarr", "0.5"], []]) {
      const again = await person.run("ingest", "convert", VOLUME, "four", ...words);
      expect(again.status, again.err).toBe(0);
    }
    // what another program has done to it since is not lost either
    write("four.mrc", `${made}more`);
    const changed = await person.run("ingest", "convert", VOLUME, "four");
    expect([changed.status, read("four.mrc") === `${made}more`]).toEqual([2, true]);
  });

  it("of another workspace takes it for somebody else's", async () => {
    expect((await person.run("ingest", "convert", VOLUME, "five")).status).toBe(0);
    const before = read("five.mrc");
    const other = ["--workspace", "other"];
    expect((await person.run("ingest", "convert", VOLUME, "five", "--no-scale-z", ...other)).status).toBe(2);
    expect(read("five.mrc")).toBe(before);
    expect((await person.run("ingest", "convert", VOLUME, "five", "--no-scale-z", "--force-overwrite", ...other)).status).toBe(0);
  });
});

describe("curate match", () => {
  const RUNS = '[{"id": 1, "name": "mk2024-01-01-1"}, {"id": 2, "name": "dga2024-01-02-3"}]';
  const match = (...words: string[]) => person.run("curate", "match", "drive", "--out", "tables/matching_runs.csv", ...words);
  beforeAll(() => {
    // two spellings of one run, between which a person decides
    for (const name of ["MK2024-01-01-1", "mk2024_01_01_1"]) mkdirSync(person.at("drive", name), { recursive: true });
    mkdirSync(person.at("tables"));
    write("runs.json", RUNS);
  });

  it("replaces no input by a table or one of the lists beside it", async () => {
    for (const name of ["matching_runs.csv", "unmatched_archive.csv", "unmatched_portal.csv"]) {
      write(`tables/${name}`, "name,id\nmk2024-01-01-1,1\n");
      const { status, err } = await match("--runs", `tables/${name}`);
      expect([status, err.split("\n")[0]]).toEqual([
        2,
        expect.stringMatching(/^error\[USAGE\]: .* is given as --runs and would be/),
      ]);
      expect(read("tables", name)).toBe("name,id\nmk2024-01-01-1,1\n");
    }
  });

  it.each(["matching_runs.csv", "unmatched_archive.csv", "review_runs.csv"])("keeps a %s that is no table", async (name) => {
    const before = ["matching_runs.csv", "review_runs.csv"].filter((one) => one !== name && existsSync(person.at("tables", one)));
    write(`tables/${name}`, "my notes");
    const { status, err } = await match("--runs", "runs.json");
    expect([status, err]).toEqual([2, expect.stringContaining(`${name} exists and is not CSV`)]);
    expect(read("tables", name)).toBe("my notes");
    expect(
      ["matching_runs.csv", "review_runs.csv"].filter((one) => one !== name && existsSync(person.at("tables", one))),
    ).toEqual(before);
    rmSync(person.at("tables", name));
  });

  it.each(["tables", "new/"])("refuses the folder %s before anything is looked at", async (name) => {
    const { status, err } = await person.run("curate", "match", "drive", "--runs", "runs.json", "--out", name);
    expect([status, err.split("\n")[0], existsSync(person.at("new"))]).toEqual([
      2,
      `error[USAGE]: ${name} is a folder, and --out writes a file of this name`,
      false,
    ]);
  });

  it("refuses a folder in the place of a list beside it", async () => {
    mkdirSync(person.at("lists/review_runs.csv"), { recursive: true });
    const { status, err } = await match("--runs", "runs.json", "--out", "lists/matching_runs.csv");
    expect([status, err]).toEqual([2, expect.stringContaining("lists/review_runs.csv is a folder")]);
    expect(readdirSync(person.at("lists"))).toEqual(["review_runs.csv"]);
  });

  it("keeps what a person has decided in the list for review, until it is in the decisions", async () => {
    expect((await match("--runs", "runs.json")).status).toBe(3);
    const open = read("tables", "review_runs.csv");
    expect(open.trim().split(/\r?\n/)).toHaveLength(3);
    expect((await match("--runs", "runs.json")).status).toBe(3);
    // the third column of the first row, as a person fills it in
    const decided = open.replace(/^(.+MK2024-01-01-1,1),,/m, "$1,accept,");
    expect(decided).not.toBe(open);
    write("tables/review_runs.csv", decided);
    for (const words of [[], ["--decisions", "tables/review_runs.csv"]]) {
      const { status, err } = await match("--runs", "runs.json", ...words);
      expect([status, err]).toEqual([2, expect.stringMatching(/error\[(?:CONFIG_COLLISION|USAGE)\]: .*review_runs\.csv/)]);
      expect(read("tables", "review_runs.csv")).toBe(decided);
    }
    write("tables/decisions.csv", decided);
    const { status, err } = await match("--runs", "runs.json");
    expect(err).toBe("");
    expect(status).toBe(0);
    expect(read("tables", "matching_runs.csv")).toMatch(/MK2024-01-01-1,manual/);
  });
});

describe("publish script", () => {
  it("replaces its own scripts, and nothing of another kind or that it reads", async () => {
    const items = ["images", "carveouts"].map((id) => ({
      id,
      action: "sync" as const,
      source: `/data/${id}/`,
      target: `s3://bucket/${id}/`,
    }));
    const plan = planText("s3://bucket", items).replace('"products":[]', '"products":["images","carveouts"]');
    const script = (file: string) => person.run("publish", "script", file, "--out-dir", "scripts");
    mkdirSync(person.at("scripts"));
    write("plan.json", plan);
    for (const _ of [1, 2]) expect((await script("plan.json")).err).toBe("");
    const names = readdirSync(person.at("scripts")).sort();
    expect(names).toEqual(["2023-05-10_carveouts.sh", "2023-05-10_images.sh"]);
    for (const [text, file, error] of [
      ["\0\0\0\x40", "plan.json", "CONFIG_COLLISION"],
      [plan, `scripts/${names[1]}`, "USAGE"],
    ] as const) {
      rmSync(person.at("scripts", names[0]!), { force: true });
      write(`scripts/${names[1]}`, text);
      const { status, err } = await script(file);
      expect([status, err]).toEqual([2, expect.stringContaining(`error[${error}]: scripts/${names[1]} `)]);
      expect([read("scripts", names[1]!), existsSync(person.at("scripts", names[0]!))]).toEqual([text, false]);
    }
  });
});

describe("a file for a result", () => {
  beforeAll(async () => {
    expect((await person.run("harvest", "inspect", VOLUME, "--out", "facts.json")).status).toBe(0);
  });

  it("that is an input is refused before anything is read", async () => {
    const { status, err } = await person.run("harvest", "inspect", VOLUME, "--out", VOLUME);
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      `error[USAGE]: ${VOLUME} is given as LOCATION and would be overwritten by --out`,
    ]);
    const facts = read("facts.json");
    for (const words of [["facts.json"], ["--web", "facts.json"]]) {
      const compared = await person.run("harvest", "compare", ...words, "--out", "facts.json");
      expect([compared.status, compared.err]).toEqual([2, expect.stringContaining("error[USAGE]: facts.json is given as ")]);
    }
    expect(read("facts.json")).toBe(facts);
  });

  it.each<[file: string, there: string, words: string[]]>([
    ["a.json", "my notes", ["harvest", "inspect", VOLUME, "--out"]],
    ["volume", "\0\0\0\x40", ["harvest", "inspect", VOLUME, "--out"]],
    ["b.html", "my notes", ["harvest", "compare", "facts.json", "--out"]],
    ["c.csv", "my notes\n1, 2", ["curate", "scan", "lab/input", "--out"]],
    ["d.png", "<svg>", ["curate", "labels", "lab/input", "--plot"]],
  ])("%s with something else in it is kept, and an earlier result replaced", async (file, there, words) => {
    write(file, there);
    const { status, err } = await person.run(...words, file);
    expect([status, err.split("\n")[0]]).toEqual([2, expect.stringMatching(/^error\[CONFIG_COLLISION\]: .* exists and is not /)]);
    expect(read(file)).toBe(there);
    const anew = file.replace(/^\w+/, (name) => `${name}-anew`);
    for (const _ of [1, 2]) expect((await person.run(...words, anew)).status, anew).toBe(0);
  });
});

describe("a folder that is named for one file", () => {
  it.each([
    ["ingest", "new", "--from", "lab/input/lab/imod"],
    ["catalog", "export", "copick", "lab"],
  ])("%s %s makes nothing beside it", async (...words) => {
    mkdirSync(person.at("taken"), { recursive: true });
    const { status, err } = await person.run(...words, "--out", "taken");
    expect([status, err.split("\n")[0]]).toEqual([2, "error[USAGE]: taken is a folder, and --out writes a file of this name"]);
    expect(readdirSync(person.folder).filter((name) => name.startsWith("taken"))).toEqual(["taken"]);
  });
});
