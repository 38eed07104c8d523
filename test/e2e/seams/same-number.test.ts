import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { giveCluster } from "../cluster-template.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** Two depositions that were ingested on default numbers, and one catalogue. */
let person: Newcomer;
beforeAll(async () => {
  person = newcomer();
  for (const workspace of [".emporium", "other", "third"]) await giveCluster(person.at(workspace));
  const lab = await generateLab({ out: person.at("lab"), deposits: ["imod", "sim"], sections: "all" });
  for (const name of ["imod", "sim"]) {
    cpSync(`${lab.input}/lab/${name}`, person.at(name), { recursive: true, filter: (path) => !path.endsWith("Picks") });
    const made = await person.run("ingest", "new", "--from", name, "--out", `${name}.yaml`);
    expect(made.status, made.err).toBe(0);
    const ran = await person.run("ingest", "run", `${name}.yaml`, name, `portal-${name}`, "--import-everything");
    expect(ran.status, ran.err).toBe(0);
  }
}, 240_000);
afterAll(() => person?.leave());

const load = (tree: string, ...words: string[]) => person.run("catalog", "import", tree, ...words);
/** Names of runs that the catalogue has. */
async function runs(workspace = ".emporium"): Promise<string[]> {
  const served = await person.start(
    /Serving at (http:\/\/127\.0\.0\.1:\d+) /,
    ...["serve", "portal-imod", "--no-import", "--port", "0", "--workspace", workspace],
  );
  const answer = await fetch(`${served.match[1]}/graphql?query=${encodeURIComponent("{ runs(orderBy: {name: asc}) { name } }")}`);
  await served.stop();
  const { data } = (await answer.json()) as { data: { runs: { name: string }[] } };
  return data.runs.map(({ name }) => name);
}
const IMOD = ["TS_0001", "TS_0002", "TS_0003"];
const SIM = ["TS_1", "TS_100"];

describe("two trees that both have a dataset 1", () => {
  it("the second one is refused with both places and what to do, and the first stays, also when it is imported again", async () => {
    for (const _ of [1, 2]) {
      const { status, err } = await load("portal-imod");
      expect([status, err]).toEqual([0, expect.not.stringContaining("error")]);
    }
    for (const _ of [1, 2]) {
      const { status, err } = await load("portal-sim");
      expect(status).toBe(3);
      const [first, place, hint] = err.split("\n").slice(err.split("\n").findIndex((line) => line.startsWith("error[")));
      expect(first).toBe(
        `error[DATABASE_CONFLICT]: dataset 1 is in the catalogue from ${person.at("portal-imod", "1")}: ${person.at("portal-sim", "1")} is another one`,
      );
      expect(place).toBe(`  at ${person.at("portal-sim", "1", "dataset_metadata.json")} (dataset_identifier)`);
      expect(hint).toMatch(/^ {2}hint: .*another number.*--workspace DIR.*catalog import --replace$/);
    }
    expect(await runs()).toEqual(IMOD);
  }, 120_000);

  it("in a workspace of its own it is imported, and serve of the other one there tells that it is not what the lists show", async () => {
    expect((await load("portal-sim", "--workspace", "other")).status).toBe(0);
    expect(await runs("other")).toEqual(SIM);
    const served = await person.start(
      /Serving at (http:\/\/127\.0\.0\.1:\d+) /,
      ...["serve", "portal-imod", "--port", "0", "--workspace", "other"],
    );
    await expect.poll(served.printed).toContain("error[DATABASE_CONFLICT]: dataset 1 is in the catalogue from");
    await served.stop();
  }, 120_000);

  it("serve --no-import of the other one says so in one line, once, and serves; of the tree that is in the catalogue it says nothing", async () => {
    const line = `warning: dataset 1 is in the catalogue from ${person.at("portal-sim", "1")}: ${person.at("portal-imod", "1")} is another one`;
    for (const [tree, told] of [
      ["portal-imod", 1],
      ["portal-sim", 0],
    ] as const) {
      const served = await person.start(
        /Serving at (http:\/\/127\.0\.0\.1:\d+) /,
        ...["serve", tree, "--no-import", "--port", "0", "--workspace", "other"],
      );
      await expect.poll(served.printed).toMatch(/\/viewer\/\n/);
      expect((await fetch(`${served.match[1]}/files/1/dataset_metadata.json`)).status).toBe(200);
      // stderr of an ended program is whole
      expect(await served.stop()).toBe(0);
      expect([tree, served.printed().split(line).length - 1]).toEqual([tree, told]);
      expect([tree, served.printed().split("is another one").length - 1]).toEqual([tree, told]);
    }
  }, 120_000);

  it("--replace puts the one in the place of the other, which is then refused in turn", async () => {
    expect((await load("portal-sim", "--workspace", "other", "--replace")).status).toBe(0);
    expect((await load("portal-imod", "--workspace", "other")).status).toBe(3);
    expect((await load("portal-imod", "--workspace", "other", "--replace")).status).toBe(0);
    expect(await runs("other")).toEqual(IMOD);
    expect((await load("portal-sim", "--workspace", "other")).status).toBe(3);
  }, 120_000);
});

describe("one tree in several places is one", () => {
  const load3 = (tree: string, ...words: string[]) => load(tree, "--workspace", "third", ...words);
  const edit = (tree: string, title: string) => {
    const path = person.at(tree, "1", "dataset_metadata.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"dataset_title": "[^"]*"/, `"dataset_title": "${title}"`));
    expect(readFileSync(path, "utf8")).not.toBe(text);
  };
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(person.at(to)), { recursive: true });
    cpSync(person.at(from), person.at(to), { recursive: true });
  };

  it("a copy, then each of both again after it was changed, as one does who publishes and goes on", async () => {
    copy("portal-imod", "first");
    copy("first", "published");
    const steps: [string, () => void][] = [
      ["first", () => {}],
      ["published", () => {}],
      ["first", () => edit("first", "Changed where it is made")],
      ["published", () => {}],
    ];
    for (const [tree, before] of steps) {
      before();
      const { status, err } = await load3(tree);
      expect([tree, status, err]).toEqual([tree, 0, expect.not.stringMatching(/error|warning/)]);
    }
  }, 120_000);

  it("moved and changed: taken for the same one, with a warning that names both places", async () => {
    renameSync(person.at("first"), person.at("moved"));
    renameSync(person.at("published"), person.at("elsewhere"));
    edit("moved", "Changed after it was moved");
    const { status, out } = await load3("moved");
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/warning: dataset 1 was imported from .*published\/1, where it is no more: .*moved\/1 is taken for/),
    ]);
    const again = await load3("moved");
    expect([again.status, again.out]).toEqual([0, expect.not.stringContaining("warning")]);
  }, 120_000);
});
