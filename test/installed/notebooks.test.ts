import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasEnvironment } from "../peers/environment.js";
import { keptDemo } from "./kept-demo.js";
import { codeCells, differences, faultsOf, type Notebook, picturesOf, textOf } from "./notebook-outputs.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, "examples/notebooks");
const names = readdirSync(home)
  .filter((name) => name.endsWith(".ipynb"))
  .sort();
/** Of a notebook: it is read on web pages, and kept in the history each time that it is run anew. */
const STORED_BYTES_MAX = 200 * 1024;
/**
 * Sums of a training depend on the order in which a machine adds, and hundreds of steps of a network make more of it; all else is the same everywhere,
 * but for the last digit that is printed.
 */
function allowed(name: string) {
  if (name.includes("network")) return { tolerance: 0.05, least: 0.03 };
  return name.includes("train") ? { tolerance: 0.03, least: 0.02 } : { tolerance: 1e-6, least: 0 };
}
/** PyTorch is large: where it is not, the notebook that needs it is read, but not run. */
const hasTorch = hasEnvironment("torch");
const runsHere = (name: string) => hasTorch || !name.includes("network");

function read(folder: string, name: string): Notebook {
  return JSON.parse(readFileSync(join(folder, name), "utf8"));
}

describe("what is compared of outputs", () => {
  const exact = { tolerance: 0, least: 0 };
  it("is numbers and words, not blanks", () => {
    expect(differences("a  1,024 voxels", "a 1,024   voxels", exact)).toEqual([]);
    expect(differences("a 1,024 voxels", "a 1,025 voxels", exact)).toEqual(["number 1: 1024, now 1025"]);
    expect(differences("mean -0.5", "mean 0.5", exact)).toHaveLength(1);
    expect(differences("found 3", "found 3 and more", exact)).toHaveLength(1);
    expect(differences("loss 0.50", "loss 0.51", { tolerance: 0.03, least: 0 })).toEqual([]);
    expect(differences("loss 0.50", "loss 0.53", { tolerance: 0.03, least: 0 })).toHaveLength(1);
  });
});

describe.each(names)("%s as it is stored", (name) => {
  const cells = codeCells(read(home, name));

  it("was run from its first cell to its last, without errors and warnings", () => {
    expect(cells.map(({ execution_count }) => execution_count)).toEqual(cells.map((_, at) => at + 1));
    expect(cells.flatMap(faultsOf)).toEqual([]);
  });

  it("has text and pictures, is small, and says nothing of the machine", () => {
    const text = readFileSync(join(home, name), "utf8");
    expect(Buffer.byteLength(text)).toBeLessThan(STORED_BYTES_MAX);
    const shown = cells.map(textOf).join("\n");
    expect(shown).not.toMatch(/\/(?:tmp|home|root|Users|private|var)\/|127\.0\.0\.1|localhost/);
    const pictures = cells.flatMap(picturesOf);
    expect(pictures.length).toBeGreaterThan(0);
    for (const { shades } of pictures) expect(shades, "of a picture that is not empty").toBeGreaterThan(10);
  });

  it("makes what it looks at as container.test.ts has a program make it", () => {
    const demos = cells.flatMap(
      ({ source }) =>
        [source]
          .flat()
          .join("")
          .match(/^.*"demo".*"--once".*$/gm) ?? [],
    );
    const typed = 'emporium.run(["demo", "--once", "--train", "0"], json=False)';
    expect(demos.filter((line) => line.trim() !== typed)).toEqual([]);
  });

  it("leads to guides that are there", () => {
    const links = [...readFileSync(join(home, name), "utf8").matchAll(/\]\((\.\.[^)]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(join(home, link)))).toEqual([]);
  });
});

describe.skipIf(!hasEnvironment("notebooks"))("notebooks, each from a clean kernel", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-notebooks-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    const demo = keptDemo();
    const words = [join(root, "scripts/notebooks.mjs"), "--out", folder, ...(demo === undefined ? [] : ["--demo", demo])];
    // what cells failed is printed; the tests below say which notebooks have no result
    await promisify(execFile)(process.execPath, words).catch(({ stderr }) => console.error(stderr));
  });

  describe.each(names)("%s", (name) => {
    it.skipIf(!runsHere(name))("runs, and gives what is stored", () => {
      const stored = codeCells(read(home, name));
      const found = codeCells(read(folder, name));
      expect(found.flatMap(faultsOf)).toEqual([]);
      expect(found).toHaveLength(stored.length);
      for (const [at, cell] of found.entries()) {
        const where = `cell [${at + 1}]`;
        expect(differences(textOf(stored[at]!), textOf(cell), allowed(name)), where).toEqual([]);
        const pictures = picturesOf(cell);
        expect(pictures, where).toHaveLength(picturesOf(stored[at]!).length);
        for (const { shades } of pictures) expect(shades, where).toBeGreaterThan(10);
      }
    });
  });
});
