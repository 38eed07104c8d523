import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { newcomer, type Outcome } from "./newcomer.js";

/** Commands that are stopped by SIGTERM in the middle and given again. Ingest, downloads, uploads and publishing have hand-overs of their own. */
/** Files say when they were made: here always the same. */
const person = newcomer({ SOURCE_DATE_EPOCH: "1790000000" });
const said = ({ status, out, err }: Outcome) => `${status}\n${out}${err}`;

beforeAll(async () => {
  const lab = await generateLab({ out: person.at("..", "lab"), deposits: ["sim"], sections: "all", shape: [96, 128, 128] });
  cpSync(lab.input, person.at("input"), { recursive: true });
  cpSync(lab.deposits[0]!.config, person.at("sim.yaml"));
  const { status, err } = await person.run("ingest", "run", "sim.yaml", "input", "Das Portal", "--import-everything");
  expect(status, err).toBe(0);
}, 120_000);
afterAll(() => person.leave());

/** Paths and bytes of a folder, locks and hidden files left out. */
function treeOf(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), "latin1")]),
  );
}

const volume = () => {
  const folder = person.at("Das Portal", "10405", "TS_1", "Reconstructions", "VoxelSpacing10.200", "Tomograms", "100");
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".mrc"))!);
};

describe("stopped in the middle and given again", () => {
  it.each<[name: string, words: () => string[]]>([
    ["ingest plan", () => ["ingest", "plan", "sim.yaml", "input", "Das Portal", "--import-everything"]],
    ["ingest validate", () => ["ingest", "validate", "standardized", "Das Portal", "--exclude-run-name", ".*"]],
    ["ingest convert", () => ["ingest", "convert", volume(), "eins/kopie"]],
    ["verify", () => ["verify", "Das Portal"]],
    ["curate scan", () => ["curate", "scan", "input"]],
    ["curate hygiene", () => ["curate", "hygiene", "input"]],
    ["harvest inspect", () => ["harvest", "inspect", volume(), "--out", "daten.json"]],
    ["catalog import", () => ["catalog", "import", "Das Portal"]],
    ["catalog export copick", () => ["catalog", "export", "copick", "Das Portal", "--out", "copick.json", "--overwrite"]],
  ])("%s ends as if nobody had stopped it, twice", async (_, words) => {
    const line = words();
    let looks = 0;
    const stopped = await person.stop(() => ++looks > 120, ...line);
    // the signal may come before the program listens, or after its end
    expect([0, 130, null], said(stopped)).toContain(stopped.status);
    if (stopped.status === 130) expect(stopped.err.trim().split("\n").length, stopped.err).toBeLessThanOrEqual(3);
    for (const again of [1, 2]) {
      const outcome = await person.run(...line);
      expect(outcome.status, `${again}: ${said(outcome)}`).toBe(0);
    }
  });

  it("convert wrote what it writes undisturbed, and nothing else", async () => {
    expect((await person.run("ingest", "convert", volume(), "zwei/kopie")).status).toBe(0);
    const bodies = (name: string) =>
      Object.entries(treeOf(person.folder)).flatMap(([path, body]) =>
        path.startsWith(person.at(name)) ? [[path.slice(person.at(name).length), body]] : [],
      );
    expect(bodies("eins").map(([path]) => path)).toEqual(bodies("zwei").map(([path]) => path));
    expect(bodies("eins").every(([, body], at) => body === bodies("zwei")[at]![1])).toBe(true);
  });
});
