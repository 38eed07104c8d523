import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mrcHeaderBytes } from "../../formats/mrc/write.js";
import { printRef } from "../../model/ref.js";
import { fileStore } from "../../stores/file/store.js";
import { parseLocation } from "../../stores/url.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-zarr-"));
const [nz, ny, nx] = [3, 5, 66] as const;
const value = (z: number, y: number, x: number) => 1000 * z + 100 * y + x;

/** An MRC of these voxels. @param mode 1: int16; 12: half-precision numbers (MRC2014) */
function mrc(mode: 1 | 12): Uint8Array {
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({
    ...{ kind: "tomogram", shape: [nz, ny, nx], dtype: "int16", statistics, dateMs: 0 },
    voxelSizeAngstrom: [3, 2, 1],
  });
  new DataView(head.buffer, head.byteOffset).setInt32(12, mode, true);
  const voxels = Buffer.alloc(2 * nz * ny * nx);
  // of halves each is 1.5: sign 0, exponent 15, fraction 1/2 (IEEE 754)
  for (let i = 0; i < nz * ny * nx; i++)
    voxels.writeUInt16LE(mode === 12 ? 0x3e00 : value(Math.floor(i / nx / ny), Math.floor(i / nx) % ny, i % nx), 2 * i);
  return Buffer.concat([head, voxels]);
}

describe("any volume as OME-Zarr", () => {
  let portal: Portal;
  const ask = (key: string, path: string, init: RequestInit = {}) =>
    fetch(`${portal.url}/zarr/${printRef({ kind: "place", place: "here", key })}/${path}`, init);
  beforeAll(async () => {
    writeFileSync(join(root, "a.mrc"), mrc(1));
    writeFileSync(join(root, "half.mrc"), mrc(12));
    const place = { id: "here", name: "here", kind: "folder", location: parseLocation(root), store: fileStore(root) } as const;
    portal = await servePortal({ places: [place], bucket: "b", version: "0" });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });

  it("has the documents of the format", async () => {
    expect(await (await ask("a.mrc", ".zgroup")).json()).toEqual({ zarr_format: 2 });
    const array = { zarr_format: 2, shape: [nz, ny, nx], chunks: [64, 64, 64], order: "C", dimension_separator: "." };
    expect(await (await ask("a.mrc", "0/.zarray")).json()).toMatchObject({
      ...array,
      dtype: "<i2",
      compressor: null,
      filters: null,
    });
    expect(await (await ask("half.mrc", "0/.zarray")).json()).toMatchObject({ ...array, dtype: "<f4" });
    const { multiscales } = (await (await ask("a.mrc", ".zattrs")).json()) as {
      multiscales: { axes: object[]; datasets: object[] }[];
    };
    expect(multiscales[0]!.axes).toEqual(["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" })));
    expect(multiscales[0]!.datasets[0]).toEqual({ path: "0", coordinateTransformations: [{ type: "scale", scale: [3, 2, 1] }] });
  });

  it("has chunks of 64 along each axis, with zeros behind the end of the volume", async () => {
    for (const [chunk, first] of [
      ["0/0.0.0", 0],
      ["0/0.0.1", 64],
    ] as const) {
      const reply = await ask("a.mrc", chunk);
      expect([reply.status, reply.headers.get("content-length")]).toEqual([200, String(2 * 64 ** 3)]);
      const voxels = new Int16Array(await reply.arrayBuffer());
      const wanted = new Int16Array(64 ** 3);
      for (let z = 0; z < nz; z++)
        for (let y = 0; y < ny; y++)
          for (let x = first; x < Math.min(nx, first + 64); x++) wanted[(z * 64 + y) * 64 + x - first] = value(z, y, x);
      expect(Buffer.compare(Buffer.from(voxels.buffer), Buffer.from(wanted.buffer))).toBe(0);
    }
    const half = new Float32Array(await (await ask("half.mrc", "0/0.0.1")).arrayBuffer());
    expect([half.length, ...half.subarray(0, 3)]).toEqual([64 ** 3, 1.5, 1.5, 0]);
  });

  it("has its length for HEAD, and no bytes again for who has them", async () => {
    const head = await ask("a.mrc", "0/0.0.0", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(2 * 64 ** 3), ""]);
    for (const path of ["0/0.0.0", ".zattrs"]) {
      const etag = head.headers.get("etag")!;
      const same = await ask("a.mrc", path, { headers: { "if-none-match": etag } });
      expect([path, same.status, await same.text(), same.headers.get("etag")]).toEqual([path, 304, "", etag]);
      expect((await ask("a.mrc", path, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
    }
  });

  it.each([
    ["9/.zarray", "the volume has no 9"],
    ["00/.zarray", "the volume has no 00"],
    ["9/0.0.0", "the volume has no 9"],
    ["0/1.0.0", "the volume has no 0/1.0.0"],
    ["0/0.1.0", "the volume has no 0/0.1.0"],
    ["0/0.0.2", "the volume has no 0/0.0.2"],
  ])("has no more: %s", async (path, message) => {
    const reply = await ask("a.mrc", path);
    expect([reply.status, await reply.json()]).toMatchObject([404, { code: "NOT_FOUND", message }]);
  });
});
