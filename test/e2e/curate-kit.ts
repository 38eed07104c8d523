import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ModelSketch } from "../../examples/archive/generate.mjs";
import { model, tomogram } from "../../examples/archive/model.mjs";
import { emporium } from "./cli-host.js";

/** A small archive of two drives, and the portal's runs, for tests that go the whole way. */
export const SIZE: [number, number, number] = [32, 24, 12];
export const SPACING = 10;

export interface SmallModel extends Partial<ModelSketch> {
  drive?: number;
  /** Folder of the run; default the run's own name. */
  folder?: string;
  run: string;
  file?: string;
  species?: string;
}

/** @returns the folder; `models` are written as they are sketched, each beside a volume of its size. */
export function smallArchive(models: readonly SmallModel[]): string {
  const folder = mkdtempSync(join(tmpdir(), "emporium-curate-"));
  for (const sketch of models) {
    const { drive = 3, run, folder: name = run, file = "MS.mod", species = "Vibrio_cholerae" } = sketch;
    const path = join(folder, `grp_tomo_db1_d${drive}/compute/TomoDB1_d${drive}/FlagellarMotor_P1/${species}/${name}`);
    const { points, slicers, max = SIZE, pixelNm = SPACING / 10 } = sketch;
    put(join(path, file), model({ name: "MS", max, pixelNm, points, slicers }));
    put(join(path, `${name}_full.rec`), tomogram(SIZE, SPACING, 7));
  }
  return folder;
}

export function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

export const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });

/** A line of `portal-runs.json`: dataset → runs. */
export function portalRuns(folder: string, runs: Readonly<Record<string, readonly { name: string; id: number }[]>>): string {
  const path = join(folder, "portal-runs.json");
  put(
    path,
    JSON.stringify(Object.fromEntries(Object.entries(runs).map(([id, list]) => [id, { title: "T", organism: "O", runs: list }]))),
  );
  return path;
}

/** Runs a command with `--json` in a workspace of the folder's own. */
export async function curate(
  folder: string,
  words: readonly string[],
): Promise<{ status: number; err: string; report: Record<string, never> }> {
  const { status, out, err } = await emporium(["--workspace", join(folder, "workspace"), ...words, "--json"]);
  return { status, err, report: (out === "" ? {} : JSON.parse(out)) as Record<string, never> };
}
