import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFiles, zarrFiles } from "../../../test/zarr-volume.js";
import type { Triple } from "../../core/box.js";
import { mrcHeaderBytes } from "../../formats/mrc/write.js";
import type { VolumeFacts } from "../../model/page-api.js";
import { printRef } from "../../model/ref.js";
import { fileStore } from "../../stores/file/store.js";
import { parseLocation } from "../../stores/url.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-volumes-"));
const shape: Triple = [6, 7, 9];
const value = (z: number, y: number, x: number) => z * 100 + y * 10 + x;

function mrc(): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape,
    dtype: "int16",
    voxelSizeAngstrom: [3, 2, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) voxels[at++] = value(z, y, x);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)]));
}

const ref = (key: string) => printRef({ kind: "place", place: "here", key });

describe("volumes", () => {
  let portal: Portal;
  const ask = (path: string) => fetch(`${portal.url}/api/v1/volumes/${path}`);
  beforeAll(async () => {
    writeFileSync(join(root, "a.mrc"), mrc());
    writeFiles(join(root, "v.zarr"), zarrFiles({ shape: [8, 8, 8], dtype: "int16", levels: 2, value }));
    const location = parseLocation(root);
    portal = await servePortal({
      places: [{ id: "here", name: "here", kind: "folder", location, store: fileStore(root) }],
      bucket: "b",
      version: "0",
    });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });

  it("tells a volume's facts", async () => {
    const facts = (await (await ask(ref("a.mrc"))).json()) as VolumeFacts;
    expect(facts).toMatchObject({
      shape,
      dtype: "int16",
      voxelSizeAngstrom: [3, 2, 1],
      format: "mrc",
      key: "a.mrc",
      place: "here",
    });
    expect(facts.histogram.counts).toHaveLength(256);
    const zarr = (await (await ask(ref("v.zarr"))).json()) as VolumeFacts;
    expect(zarr.levels).toMatchObject([
      { shape: [8, 8, 8], scale: [1, 1, 1], virtual: false },
      { shape: [4, 4, 4], scale: [2, 2, 2], virtual: false },
    ]);
  });

  it("cuts planes along each axis", async () => {
    for (const key of ["a.mrc", "v.zarr"]) {
      const planes = {
        z: (r: number, c: number) => value(3, r, c),
        y: (r: number, c: number) => value(r, 3, c),
        x: (r: number, c: number) => value(r, c, 3),
      };
      for (const [axis, at] of Object.entries(planes)) {
        const reply = await ask(`${ref(key)}/plane?axis=${axis}&at=3&box=1,2,5,4`);
        expect(reply.status).toBe(200);
        expect(reply.headers.get("x-shape")).toBe("2,4");
        expect(reply.headers.get("x-dtype")).toBe("int16");
        const found = [...new Int16Array(await reply.arrayBuffer())];
        expect(found).toEqual([2, 3].flatMap((r) => [1, 2, 3, 4].map((c) => at(r, c))));
      }
    }
  });
});
