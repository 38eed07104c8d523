import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync, type StatSyncOptions } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nestingOf } from "./nesting.js";

const real = { ...fs };
/** The path as the disk has it: one that takes names in other letters for the same, as those of macOS and Windows do. */
function found(path: string): string {
  if (dirname(path) === path) return path;
  const folder = found(dirname(path));
  const names = real.existsSync(folder) && real.statSync(folder).isDirectory() ? real.readdirSync(folder) : [];
  const name = names.find((one) => one.toLowerCase() === basename(path).toLowerCase());
  return join(folder, name ?? basename(path));
}

const root = mkdtempSync(join(tmpdir(), "emporium-nesting-case-"));
beforeAll(() => {
  Object.assign(fs, { statSync: (path: string, options: StatSyncOptions) => real.statSync(found(path), options) });
  Object.assign(fs, { realpathSync: (path: string) => real.realpathSync(found(path)) });
  syncBuiltinESMExports();
});
afterAll(() => {
  const { statSync, realpathSync } = real;
  Object.assign(fs, { statSync, realpathSync });
  syncBuiltinESMExports();
  rmSync(root, { recursive: true });
});
mkdirSync(join(root, "Raw"));

describe("(34.6) a disk that does not tell large letters from small ones", () => {
  it.each([
    ["folders that are there", "raw", "Raw", "same"],
    ["in one that is there", "RAW/out.zarr", "Raw", "inside"],
    ["names that are not there yet", "Raw/Out.zarr", "Raw/out.zarr", "same"],
    ["in one that is not there yet", "out/A.zarr/0/x", "OUT/a.ZARR", "inside"],
    ["other names", "Raw/Out.zarr", "Raw/outer.zarr", "apart"],
  ])("%s", (_, place, other, expected) => {
    expect(readdirSync(root)).toEqual(["Raw"]);
    expect(nestingOf(join(root, place), join(root, other))).toBe(expected);
  });
});
