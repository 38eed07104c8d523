import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { REAL_DATA } from "../real-data.js";
import { emporium } from "./environment.js";
import { ALLOWED, type Allowed, allowanceOf } from "./reference/allowed.js";
import type { Difference } from "./reference/difference.js";
import { compareTrees, countFiles } from "./reference/trees.js";

const ARCHIVES = fileURLToPath(new URL("reference-runs/", REAL_DATA));
const COMPAT = fileURLToPath(new URL("../../docs/reference/compat.md", import.meta.url));
/** Addresses in the reference's views. */
const PREFIX = "https://files.cryoetdataportal.cziscience.com";
const LABS = ["imod", "sim", "cell"] as const;
const NAMES = ["hard", ...LABS.map((name) => `lab-${name}` as const)] as const;

const isThere = existsSync(ARCHIVES);
const folder = mkdtempSync(join(tmpdir(), "emporium-reference-runs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function unpack(archive: string): Promise<string> {
  const into = join(folder, archive);
  mkdirSync(into);
  await promisify(execFile)("tar", ["-xJf", join(ARCHIVES, `${archive}.tar.xz`), "-C", into]);
  return into;
}

/** Configuration, input and further words of each ingestion. */
async function inputs(): Promise<Record<(typeof NAMES)[number], string[]>> {
  const hard = await unpack("hard-input");
  const lab = await generateLab({ out: join(folder, "lab"), deposits: [...LABS], sections: "all" });
  const of = (name: string) => [lab.deposits.find((deposit) => deposit.name === name)!.config, lab.input];
  return {
    hard: [join(hard, "hard.yaml"), join(hard, "in"), "--exclude-key-image-name", ".*"],
    "lab-imod": of("imod"),
    "lab-sim": of("sim"),
    "lab-cell": of("cell"),
  };
}

describe.skipIf(!isThere)(
  "trees that the reference's own program wrote, and ours of the same inputs with --compat reference",
  () => {
    const unexplained: Record<string, Difference[]> = {};
    const compared: Record<string, number> = {};
    const used = new Set<Allowed>();

    beforeAll(async () => {
      for (const [name, [config, input, ...words]] of Object.entries(await inputs())) {
        const ours = join(folder, "ours", name);
        const run = [
          "ingest",
          "run",
          config!,
          input!,
          ours,
          ...words,
          "--import-everything",
          "--compat",
          "reference",
          "--no-sync",
        ];
        const { status, stderr } = await emporium([...run, "--https-prefix", PREFIX, "--workspace", join(folder, "workspace")]);
        expect(status, stderr).toBe(0);
        const trees = { reference: join(await unpack(`${name}-reference`), "ref"), ours, input: input! };
        compared[name] = countFiles(trees.reference);
        const differences = await compareTrees(trees);
        for (const difference of differences) {
          const allowance = allowanceOf(difference);
          if (allowance) used.add(allowance);
        }
        unexplained[name] = differences.filter((difference) => !allowanceOf(difference));
      }
    });

    it.each(NAMES)(
      "seam 17, seam 18: %s: paths, documents, headers, voxels of all levels, points, masks, meshes, views and pictures are equal but for what compat.md names",
      (name) => {
        expect(compared[name]).toBeGreaterThan(50);
        expect(unexplained[name]).toEqual([]);
      },
    );

    it("every difference that may be is one that is there", () => {
      expect(ALLOWED.filter((allowed) => !used.has(allowed)).map(({ compat, archives }) => compat ?? archives)).toEqual([]);
    });

    it("seam 19: every difference that may be is a line of compat.md, or of the archives' own README", () => {
      const plain = (text: string) => text.replace(/\s+/g, " ");
      const [compat, archives] = [COMPAT, join(ARCHIVES, "README.md")].map((path) => plain(readFileSync(path, "utf8")));
      for (const allowed of ALLOWED) {
        expect(
          [compat, archives].filter((text, at) => text!.includes(plain([allowed.compat, allowed.archives][at] ?? "\0"))),
        ).toHaveLength(1);
      }
    });
  },
);
