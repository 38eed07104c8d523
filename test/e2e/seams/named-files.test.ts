import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
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
      expect.stringMatching(/^error\[CONFIG_COLLISION\]: .* is there already, and not as a run of this workspace left it$/),
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

describe("a file for a result", () => {
  beforeAll(async () => {
    expect((await person.run("harvest", "inspect", VOLUME, "--out", "facts.json")).status).toBe(0);
  });

  it("that is an input is refused before anything is read", async () => {
    const { status, err } = await person.run("harvest", "inspect", VOLUME, "--out", VOLUME);
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      `error[USAGE]: ${VOLUME} is given as LOCATION and would be written over by --out`,
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
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      expect.stringMatching(/^error\[CONFIG_COLLISION\]: .* is there and is no /),
    ]);
    expect(read(file)).toBe(there);
    const anew = file.replace(/^\w+/, (name) => `${name}-anew`);
    for (const _ of [1, 2]) expect((await person.run(...words, anew)).status, anew).toBe(0);
  });
});
