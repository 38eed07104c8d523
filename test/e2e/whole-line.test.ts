import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sameEverywhere, commandsOf as typedIn } from "../../scripts/whole-way-page.mjs";
import { readText } from "../foundations/sources.js";
import { withoutProgress } from "../without-progress.js";
import { contentsOf, EARLIER_DEMO, runDemo, undisturbed } from "./demo-kit.js";

const home = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const folder = EARLIER_DEMO ? home : realpathSync(mkdtempSync(join(tmpdir(), "emporium-line-")));
/** What it said. */
let printed: string;
beforeAll(async () => {
  if (EARLIER_DEMO) {
    printed = readFileSync(EARLIER_DEMO, "utf8").replace(/^> (?:em-porium@|npm run ).*$/gm, "");
    return void (await undisturbed(folder));
  }
  process.env.EMPORIUM_PYTHON = "false"; // a program that has no PyTorch: a network would take a minute
  const { status, out, err } = await runDemo(folder, undefined, []);
  // what its imports left to be filled in goes along, and is told
  expect([status, withoutProgress(err)]).toEqual([
    0,
    expect.stringMatching(/^warning: the tree was imported with placeholders: [^\n]+\n$/),
  ]);
  printed = out;
  await undisturbed(folder);
}, 600_000);
afterAll(() => EARLIER_DEMO || rmSync(folder, { recursive: true, force: true }));

describe("the demo: one line through all stations", () => {
  it("goes through them in their order, and skips what this machine cannot have", () => {
    const parts = [...printed.matchAll(/^== \d+ of 11: (\w+)$/gm)].map(([, name]) => name);
    expect(parts.join(" ")).toBe("harvest inspect curate configure ingest validate verify catalog publish blocks pages");
    expect(printed).toContain("skipped: needs Python with NumPy and PyTorch");
  });

  it("leaves a tree in the portal's layout", () => {
    const run = join(folder, "demo-out/portal/10401/TS_0001");
    const tomogram = join(run, "Reconstructions/VoxelSpacing13.480/Tomograms/100");
    for (const path of [
      join(run, "run_metadata.json"),
      join(tomogram, "tomogram_metadata.json"),
      join(tomogram, "TS_0001.mrc"),
      join(tomogram, "TS_0001.zarr/.zattrs"),
    ]) {
      expect(existsSync(path), path).toBe(true);
    }
  });

  it("prints the commands that the guide of the whole way has", () => {
    const said = typedIn(sameEverywhere(printed, { folder, root: home }));
    expect(said.length).toBeGreaterThan(40);
    // where this differs, `node scripts/whole-way.mjs` writes the guide anew
    expect(typedIn(readText("docs/guides/the-whole-way.md"))).toEqual(said);
  });

  it("starts the server that it prints, and has the first page, S3 and GraphQL answer for every run of the tree (34.25)", async () => {
    const [, said] = printed.split("\n$ emporium serve demo-out/portal --port 0\n");
    const [, url] = /^Serving at (http:\S+) \(Ctrl-C stops\)$/m.exec(said!)!;
    const runs = [...contentsOf(folder).keys()].filter((key) => /^portal\/\d+\/[^/]+\/run_metadata\.json$/.test(key));
    expect(said!.match(/^200 .*$/gm)).toEqual([
      `200 ${url}/  the first page`,
      `200 ${url}/healthz  server and database are healthy`,
      `200 ${url}/s3/portal?list-type=2&delimiter=/  its folders, by S3`,
      `200 ${url}/graphql  ${runs.length} runs, by GraphQL`,
    ]);
    // and it has ended; another server may have the port of an earlier one by now
    if (!EARLIER_DEMO) await expect(fetch(`${url}/`)).rejects.toThrow();
  });

  it("says after each part what a person would do next, in one sentence, and how long each took", () => {
    const parts = printed.match(/^== \d+ of \d+: \w+$/gm) ?? [];
    expect(parts.length).toBe(11);
    const next = printed.match(/^Next you would .*$/gm) ?? [];
    expect([next.length, next.filter((line) => !/^[^.]+(?:\.\w[^.]*)*\.$/.test(line))]).toEqual([parts.length, []]);
    const table = /^step +seconds +written\n([\s\S]*?)\n\n/m
      .exec(printed)![1]!
      .split("\n")
      .map((line) => line.split(/ {2,}/)[0]);
    expect(table).toEqual(["beginning", ...parts.slice(0, -1).map((line) => line.split(": ")[1]), "network", "pages", "all"]);
  });

  it("leaves the annotations of the drive in the tomograms that were harvested, in the tree and in the bucket", () => {
    const key = "11030/mka2019-12-12-14/Reconstructions/VoxelSpacing10.800/Annotations/100";
    for (const place of ["portal", "s3/portal"]) {
      const [name] = readdirSync(join(folder, "demo-out", place, key)).filter((file) => file.endsWith(".ndjson"));
      const points = readFileSync(join(folder, "demo-out", place, key, name!), "utf8")
        .trim()
        .split("\n");
      // as examples/archive/deposited.mjs drew them on the second run
      expect(points.map((line) => (JSON.parse(line) as { location: unknown }).location)).toEqual([
        { x: 10, y: 15, z: 4 },
        { x: 21, y: 15, z: 7 },
        { x: 32, y: 15, z: 10 },
      ]);
    }
  });
});
