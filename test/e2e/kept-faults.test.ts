import { mkdirSync, writeFileSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { emporium } from "./cli-host.js";
import { portalRuns, remove, smallArchive } from "./curate-kit.js";

/** Where commands keep what the pages show. What they need for themselves lies elsewhere in the workspace. */
const KEPT = ["reports", "harvest/compared", "curate/labels", "curate/matches", "runs"];
const RECORD = {
  ...{ name: "tomo", format: "mrc", shape: [1, 2, 3], dtype: "int8", unit: ["Å", "Å", "Å"], voxel_size: [5, 5, 5] },
  ...{ offset: [0, 0, 0], channels: 1, axes: ["z", "y", "x"], contrast: null, acquisition: {}, sources: {} },
  ...{ warnings: [], raw_metadata: {} },
};

const folder = smallArchive([{ run: "mka2019-11-19-71", points: [[1, 2, 3]] }]);
const drive = join(folder, "grp_tomo_db1_d3");
const original = { open: fs.open, mkdir: fs.mkdir };

/** The system refuses a call of `node:fs` below the folders of what is kept. */
function refusing(workspace: string, call: "open" | "mkdir", code: string): void {
  const isKept = (path: unknown) => KEPT.some((kept) => String(path).startsWith(join(workspace, kept)));
  const refused = (path: unknown, ...more: unknown[]) =>
    isKept(path)
      ? Promise.reject(Object.assign(new Error(`${code}: ${call} '${path}'`), { code }))
      : (original[call] as (...words: unknown[]) => Promise<unknown>)(path, ...more);
  Object.assign(fs, { [call]: refused });
  syncBuiltinESMExports();
}

const FAULTS: Record<string, (workspace: string) => void> = {
  "a folder without the right to write (EACCES)": (workspace) => refusing(workspace, "mkdir", "EACCES"),
  "a full disk (ENOSPC)": (workspace) => refusing(workspace, "open", "ENOSPC"),
  "a file where the folder should be": (workspace) => {
    for (const kept of KEPT) {
      mkdirSync(dirname(join(workspace, kept)), { recursive: true });
      writeFileSync(join(workspace, kept), "");
    }
  },
};

/** Every command that keeps something, by what it keeps; `OUT` is a folder of its own. */
let commands: Record<string, (out: string) => string[]>;
let n = 0;
async function run(words: (out: string) => string[], fault?: (workspace: string) => void) {
  const out = join(folder, `out-${n++}`);
  const workspace = join(out, "workspace");
  mkdirSync(workspace, { recursive: true });
  fault?.(workspace);
  try {
    const { status, out: printed, err } = await emporium(["--workspace", workspace, ...words(out)]);
    const own = (text: string) => text.replaceAll(out, "OUT").split("\n");
    // validate tells where the report is, if it is anywhere
    return { status, printed: own(printed).filter((line) => !line.startsWith("report ")), err: own(err) };
  } finally {
    Object.assign(fs, original);
    syncBuiltinESMExports();
  }
}

beforeAll(async () => {
  const lab = await generateLab({ out: join(folder, "lab"), sections: "all", deposits: ["sim"] });
  const { config } = lab.deposits[0]!;
  const runs = portalRuns(folder, { 10001: [{ name: "mka2019-11-19-71", id: 71 }] });
  const records = join(folder, "file_metadata.json");
  writeFileSync(records, JSON.stringify({ tomo: RECORD }));
  commands = {
    "ingest validate": () => ["ingest", "validate", "source", config, lab.input],
    "harvest compare": () => ["harvest", "compare", records],
    "curate labels": () => ["curate", "labels", drive],
    "curate match": (out) => ["curate", "match", drive, "--runs", runs, "--out", join(out, "matching_runs.csv")],
    "ingest run": (out) => ["ingest", "run", config, lab.input, join(out, "portal"), "--import-runs", "--import-run-metadata"],
  };
}, 120_000);
afterAll(() => remove(folder));

describe("a workspace that takes nothing for the pages", () => {
  it.each(["ingest validate", "harvest compare", "curate labels", "curate match", "ingest run"])(
    "%s: its own result and its exit status stay, and one warning says what the pages will not show",
    async (name) => {
      const whole = await run(commands[name]!);
      expect(whole.err.filter((line) => line.includes("warn"))).toEqual([]);
      for (const [fault, make] of Object.entries(FAULTS)) {
        const { status, printed, err } = await run(commands[name]!, make);
        const more = err.filter(
          (line) => /^warn/.test(line) && /the pages of emporium serve will not show this|others cannot see this run/.test(line),
        );
        expect([fault, status, printed, more.length]).toEqual([fault, whole.status, whole.printed, 1]);
      }
    },
    120_000,
  );
});
