import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noise, writeImage } from "./blocks-kit.js";
import { emporium } from "./cli-host.js";

describe("blocks ls", () => {
  let root: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "emporium 'ls' "));
    await writeImage(join(root, "a.zarr"), [8, 10, 12], "int16", noise([8, 10, 12], "int16"));
    await writeImage(join(root, "b.zarr"), [4, 6, 20], "uint8", noise([4, 6, 20], "uint8"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const ls = (...words: string[]) => emporium(["blocks", "ls", ...words], { env: process.env });

  it("(34.28) takes several locations: one that fails is told, and the others are listed", async () => {
    const both = await ls(join(root, "a.zarr"), join(root, "b.zarr"));
    expect(both.status).toBe(0);
    for (const text of ["a.zarr", "b.zarr"]) expect(both.out).toContain(text);
    const found = await ls(join(root, "a.zarr"), join(root, "none.zarr"), join(root, "b.zarr"), "--json");
    expect(found.status).toBe(3);
    const { volumes, errors } = JSON.parse(found.out) as {
      volumes: { levels: { shape: number[] }[] }[];
      errors: { code: string }[];
    };
    expect(volumes.map(({ levels }) => levels[0]!.shape)).toEqual([
      [8, 10, 12],
      [4, 6, 20],
    ]);
    expect(errors).toHaveLength(1);
  });

  it("of one location has the document that it always had", async () => {
    const { status, out } = await ls(join(root, "a.zarr"), "--json");
    expect([status, Object.keys(JSON.parse(out) as object)]).toEqual([0, ["location", "levels", "notes", "errors"]]);
  });
});
