import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { emporium } from "./cli-host.js";

const folder = mkdtempSync(join(tmpdir(), "emporium looks ü-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, bytes: Uint8Array | string) => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  return path;
};
const fixture = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url));
/** 4 × 3 × 2 voxels of 2 Å in mode 2, packed by Python's bz2 (3.11). */
const MRC_BZ2 =
  "QlpoOTFBWSZTWekTRpEAACVWzPwIQAB0AkAACABAIAQAQAAACCAAQJIKBtQZqFMmJkGRjw0WqmWnaNxxB0zUVCSMQ4D5c9vWM2vtX5gR+LuSKcKEh0iaNIg=";

describe("what harvest takes", () => {
  it("seam 40: an MRC packed by bzip2 is inspected, peeked and summarised as convert reads it", async () => {
    const path = put("half.map.bz2", Buffer.from(MRC_BZ2, "base64"));
    for (const command of [
      ["harvest", "inspect"],
      ["harvest", "peek"],
      ["curate", "header"],
    ]) {
      const { status, out } = await emporium([...command, path]);
      expect([command, status]).toEqual([command, 0]);
      expect(out.replaceAll(/\s+/g, " ")).toMatch(/2 × 3 × 4|4[, ]+3[, ]+2/);
    }
    expect((await emporium(["ingest", "convert", path, join(folder, "half.zarr")])).status).toBe(0);
  });

  it("seam 40: a TIFF that was cut short is told by --exact", async () => {
    const whole = fixture("golden/tiff-pixels/files/none-u2-le.tif");
    const path = put("cut.tif", whole.subarray(0, whole.length - 10));
    const { out } = await emporium(["harvest", "inspect", path, "--exact"]);
    expect(out).toMatch(/truncated: pixels of 1 of 1 page lie past the end of the file/);
    const fine = await emporium(["harvest", "inspect", put("whole.tif", whole), "--exact"]);
    expect(fine.out).not.toContain("truncated");
  });

  it("seam 40: packed complex pixels of DM4 are named as not supported", async () => {
    const bytes = Buffer.from(fixture("fixtures/dm/image-c8.dm4"));
    for (let at = bytes.indexOf("DataType"); at >= 0; at = bytes.indexOf("DataType", at + 1)) {
      const value = at + 8 + 8 + 4 + 8 + 8; // size, %%%%, count and type of the info
      if (bytes.readInt32LE(value) === 3) bytes.writeInt32LE(28, value);
    }
    const { status, out } = await emporium(["harvest", "inspect", put("packed.dm4", bytes)]);
    expect(status).toBe(0);
    expect(out).toMatch(/packed complex pixels of 16 bytes \(type 28\) are not supported/);
    expect(out).not.toMatch(/truncated/i);
  });

  it("seam 40: a negative cell, as cameras of Direct Electron write it, is one warning", async () => {
    const header = new DataView(new ArrayBuffer(1024 + 96));
    [4, 3, 2, 2].forEach((value, at) => {
      header.setInt32(4 * at, value, true);
    });
    [4, 3, 2].forEach((value, at) => {
      header.setInt32(28 + 4 * at, value, true);
    });
    [-8, -6, 4].forEach((value, at) => {
      header.setFloat32(40 + 4 * at, value, true);
    });
    [1, 2, 3].forEach((value, at) => {
      header.setInt32(64 + 4 * at, value, true);
    });
    new Uint8Array(header.buffer).set([77, 65, 80, 32, 0x44, 0x44], 208);
    const { out } = await emporium(["harvest", "inspect", put("camera.mrc", new Uint8Array(header.buffer))]);
    expect(out.match(/\bcell\b/g)).toHaveLength(1);
    expect(out).toMatch(/voxel +2 × 2 × 2 Å/);
    expect(out).toContain("taken without its sign");
  });

  it("seam 40: OME-Zarr of a draft (0.5-dev) is read", async () => {
    const array = {
      zarr_format: 3,
      node_type: "array",
      shape: [2, 3, 4],
      data_type: "uint8",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3, 4] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: [{ name: "bytes" }],
      attributes: {},
    };
    for (const version of ["0.5-dev", "0.5-dev1", "0.5.dev2"]) {
      const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
      const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [2, 2, 2] }] }];
      const group = { zarr_format: 3, node_type: "group", attributes: { ome: { version, multiscales: [{ axes, datasets }] } } };
      put(`${version}.zarr/zarr.json`, JSON.stringify(group));
      put(`${version}.zarr/0/zarr.json`, JSON.stringify(array));
      const { status, out } = await emporium(["harvest", "inspect", join(folder, `${version}.zarr`)]);
      expect([version, status]).toEqual([version, 0]);
      expect(out).toMatch(/voxel +2 × 2 × 2 Å/);
    }
  });

  it("seam 40: zarr:// and precomputed:// before a path of this machine are downloaded", async () => {
    const meta = {
      zarr_format: 2,
      shape: [2],
      chunks: [2],
      dtype: "|u1",
      compressor: null,
      fill_value: 0,
      order: "C",
      filters: null,
    };
    put("plain/.zarray", JSON.stringify(meta));
    put("plain/0", "ab");
    const scale = { key: "s0", size: [2, 1, 1], resolution: [1, 1, 1], chunk_sizes: [[2, 1, 1]], encoding: "raw" };
    put("pre/info", JSON.stringify({ type: "image", data_type: "uint8", num_channels: 1, scales: [scale] }));
    put("pre/s0/0-2_0-1_0-1", "cd");
    for (const [link, file, text] of [
      [`zarr://${folder}/plain`, "plain/0", "ab"],
      [`${folder}/plain|zarr2:`, "plain/0", "ab"],
      [`precomputed://${folder}/pre`, "pre/s0/0-2_0-1_0-1", "cd"],
    ] as const) {
      const dest = mkdtempSync(join(folder, "dest-"));
      const { status, err } = await emporium(["harvest", "download", link, "--dest", dest]);
      expect([link, status, err.includes("error")]).toEqual([link, 0, false]);
      expect(readFileSync(join(dest, file), "utf8")).toBe(text);
    }
  });
});
