import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import type { ServerFacts } from "../../../src/model/page-api.js";
import { giveCluster } from "../cluster-template.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** `serve` says where its pages are before the catalogue is what the tree is, and says what became of that. */
let person: Newcomer;
beforeAll(async () => {
  person = newcomer();
  await giveCluster(person.at(".emporium"));
  await generateLab({ out: person.at("lab"), deposits: ["imod"], sections: "all" });
  const words = [
    "lab/imod.yaml",
    "lab/input",
    "portal",
    "--import-runs",
    "--import-datasets",
    "--import-depositions",
    "--import-all-metadata",
  ];
  expect((await person.run("ingest", "run", ...words)).status).toBe(0);
  mkdirSync(person.at("none"));
}, 300_000);
afterAll(() => person?.leave());

const FIRST = /Pages at (http:\/\/127\.0\.0\.1:\d+)\//;
const facts = async (url: string) => (await (await fetch(`${url}/api/v1/server`)).json()) as ServerFacts;

describe("a tree that is served", () => {
  it("has its pages first and its rows after, and is told when they are there", async () => {
    const { match, printed, stop } = await person.start(FIRST, "serve", "portal", "--port", "0");
    const [, url] = match;
    expect((await fetch(`${url}/`, { headers: { accept: "text/html" } })).status).toBe(200);
    expect(["importing", "ready"]).toContain((await facts(url!)).catalogue!.state);
    await expect
      .poll(async () => (await facts(url!)).catalogue, { timeout: 60_000 })
      .toMatchObject({
        state: "ready",
        counts: { datasets: 1, runs: 2 },
        importedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      });
    await expect.poll(printed, { timeout: 60_000 }).toMatch(/runs: 2 imported[\s\S]*\(Ctrl-C stops\)\n {2}http/);
    expect(await stop()).toBe(0);
  }, 120_000);

  it("is served on when its import fails in part, which is told, and is the exit status", async () => {
    const document = person.at("portal/10401/TS_0001/run_metadata.json");
    const before = readFileSync(document, "utf8");
    writeFileSync(document, `{"changed": ${before}`);
    try {
      const { match, printed, stop } = await person.start(FIRST, "serve", "portal", "--port", "0");
      const [, url] = match;
      await expect.poll(async () => (await facts(url!)).catalogue!.state, { timeout: 60_000 }).toBe("failed");
      const { error } = (await facts(url!)).catalogue!;
      expect(error!.path).toBe("portal/10401/TS_0001/run_metadata.json");
      expect(JSON.stringify(error)).not.toContain(person.folder);
      await expect.poll(printed, { timeout: 60_000 }).toContain("(Ctrl-C stops)");
      expect((await fetch(`${url}/files/10401/dataset_metadata.json`)).status).toBe(200);
      expect(await stop()).toBe(3);
    } finally {
      writeFileSync(document, before);
    }
  }, 120_000);

  it("stops when it is told to while it is imported", async () => {
    rmSync(person.at(".emporium"), { recursive: true, force: true });
    await giveCluster(person.at(".emporium"));
    const { stop, printed } = await person.start(FIRST, "serve", "portal", "--port", "0");
    // a server that is told to stop ends well, whatever it was about
    expect([await stop(), printed()]).toEqual([0, expect.not.stringContaining("error[")]);
    // and the same command begins where it was
    const again = await person.start(/Serving at (http:\S+) /, "serve", "portal", "--port", "0");
    expect(again.printed()).toContain("0 failed");
    expect(await again.stop()).toBe(0);
  }, 120_000);

  it("with --json is imported before anything is printed", async () => {
    const { printed, stop } = await person.start(/\n}\n$/, "serve", "portal", "--port", "0", "--json");
    const { url, page, imported } = JSON.parse(printed()) as { url: string; page: string; imported: { runs: object } };
    expect([page, imported.runs]).toEqual([`${url}/`, { imported: 0, unchanged: 2, removed: 0, failed: 0 }]);
    expect((await facts(url)).catalogue!.state).toBe("ready");
    expect(await stop()).toBe(0);
  }, 120_000);
});

it("A31: an empty folder and a catalogue without rows are told with the command that fills them", async () => {
  const empty = await person.start(/\(Ctrl-C stops\)\n {2}http\S+\/browse\/none\n/, "serve", "none", "--port", "0");
  expect(empty.printed()).toMatch(/none is empty; fill it with emporium ingest run CONFIG INPUT .*none'?/);
  expect(await empty.stop()).toBe(0);
  rmSync(person.at(".emporium"), { recursive: true, force: true });
  await giveCluster(person.at(".emporium"));
  const bare = await person.start(/Ctrl-C stops/, "serve", "portal", "--no-import", "--port", "0");
  await expect.poll(bare.printed).toMatch(/the catalogue has no runs; import them with emporium catalog import .*portal'?/);
  expect(await bare.stop()).toBe(0);
}, 120_000);

it("a location that is given twice, and where a proxy finds the server, are told", async () => {
  const twice = await person.start(/Ctrl-C stops/, "serve", "none", "none", "--port", "0", "--url", "https://lab.example.org/em");
  await expect.poll(twice.printed).toContain("none is given more than once and served as none and as none-2");
  const [, url] = /listening on (http:\/\/127\.0\.0\.1:\d+) for your proxy/.exec(twice.printed())!;
  expect(((await (await fetch(`${url}/em/api/v1/server`)).json()) as ServerFacts).places.map(({ id }) => id)).toEqual([
    "none",
    "none-2",
  ]);
  expect(await twice.stop()).toBe(0);
}, 120_000);
