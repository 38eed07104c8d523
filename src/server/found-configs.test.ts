import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { findFolders } from "./found-configs.js";
import type { JobRoot } from "./job-locations.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-found-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("folders are those of this machine's roots, and directly in them", async () => {
  for (const name of ["b-10", "b-9", ".hidden", "x.zarr", "b-9/inner"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "file.yaml"), "");
  const root = (location: string, more = {}) => ({ location, ...more }) as unknown as JobRoot;
  expect(await findFolders([root(folder)])).toEqual([folder, join(folder, "b-9"), join(folder, "b-10")]);
  expect(await findFolders([root(folder, { isFile: true }), root("s3://bucket/x"), root("relative")])).toEqual([]);
  expect(await findFolders([root(join(folder, "none"))])).toEqual([join(folder, "none")]);
});
