import type * as fs from "node:fs";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { nestingOf as NestingOf } from "./nesting.js";

// a disk that takes names in other letters for the same, as those of macOS and Windows do
const foldingDisk = async () => {
  const real = await vi.importActual<typeof fs>("node:fs");
  const found = (path: string): string => {
    if (dirname(path) === path) return path;
    const folder = found(dirname(path));
    const names = real.existsSync(folder) && real.statSync(folder).isDirectory() ? real.readdirSync(folder) : [];
    const name = names.find((one) => one.toLowerCase() === basename(path).toLowerCase());
    return join(folder, name ?? basename(path));
  };
  return {
    ...real,
    statSync: (path: string, options: fs.StatSyncOptions) => real.statSync(found(path), options),
    realpathSync: (path: string) => real.realpathSync(found(path)),
  };
};

const root = mkdtempSync(join(tmpdir(), "emporium-nesting-case-"));
let nestingOf: typeof NestingOf;
// other suites of this process have the module as it is
beforeAll(async () => {
  vi.resetModules();
  vi.doMock("node:fs", foldingDisk);
  ({ nestingOf } = await import("./nesting.js"));
});
afterAll(() => {
  vi.doUnmock("node:fs");
  vi.resetModules();
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
