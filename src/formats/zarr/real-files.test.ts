import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { isEmporiumError } from "../../core/errors.js";
import { viewAs } from "./elements.js";
import { parseZarray, parseZattrs, parseZmetadata, printZarray, printZattrs, zarrayFromJson } from "./metadata.js";
import { parseOmeZarr } from "./ome.js";
import { readZarrArray } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** Facts that zarr-python 2.13 found, from `expected.json`. */
interface Facts {
  kind?: string;
  shape: number[];
  dtype: string;
  chunks: number[];
  min?: number;
  max?: number;
  sum?: number;
  sha256_c_order?: string;
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts?.kind === "zarr v2 array" ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

const read = (path: string) => {
  const url = new URL(path, data);
  return existsSync(url) ? new Uint8Array(readFileSync(url)) : undefined;
};

describe("real Zarr v2 arrays", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThan(20);
  });
  for (const [path, facts] of listed) {
    const readable = /^[<>|][biufc]\d$/.test(facts.dtype);
    it(`${path} ${readable ? "has the facts of the inventory" : `(${facts.dtype}) is refused by its dtype`}`, async () => {
      const document = read(`${path}.zarray`)!;
      if (!readable) {
        try {
          parseZarray(document, path);
          throw new Error("was read");
        } catch (error) {
          const refused = isEmporiumError(error) && [error.code, error.facts.place?.path];
          expect(refused).toEqual(["FORMAT_UNSUPPORTED", "dtype"]);
        }
        return;
      }
      const meta = parseZarray(document, path);
      expect(meta.shape).toEqual(facts.shape);
      expect(meta.chunks).toEqual(facts.chunks);
      expect(JSON.parse(printZarray(meta)).dtype).toBe(facts.dtype);
      const bytes = await readZarrArray(async (key) => read(path + key), meta, { name: path });
      // the inventory hashes the array's own byte order, ours comes in the host's
      const stored = facts.dtype.startsWith(">") ? Buffer.from(bytes).swap32() : bytes;
      expect(createHash("sha256").update(stored).digest("hex")).toBe(facts.sha256_c_order);
      if (facts.min === undefined) return;
      const values = Array.from(viewAs(bytes, meta.type.dtype), Number);
      expect(values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)).toBe(facts.min);
      expect(values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)).toBe(facts.max);
      const sum = values.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - facts.sum!)).toBeLessThanOrEqual(Math.abs(facts.sum!) * 1e-8);
    });
  }
});

describe("real OME-Zarr images", () => {
  const imageOf = (path: string) => parseOmeZarr(parseZattrs(read(`zarr/${path}.zattrs`)!, path), path);

  it.skipIf(!present)("input_omezarr.zarr: axes named backwards and without unit", () => {
    const image = imageOf("input_omezarr.zarr/");
    expect([image.version, image.spatialAxes, image.warnings]).toEqual(["0.4", [0, 1, 2], [expect.stringContaining("x, y, z")]]);
    expect(image.datasets).toMatchObject([
      { path: "0", scale: [14.08, 14.08, 14.08], voxelSizeAngstrom: [undefined, undefined, undefined] },
    ]);
    const bytes = read("zarr/input_omezarr.zarr/.zattrs")!;
    const assumed = parseOmeZarr(parseZattrs(bytes), "a", { unitWhenAbsent: "angstrom" });
    expect(assumed.datasets[0]!.voxelSizeAngstrom).toEqual([14.08, 14.08, 14.08]);
    expect(printZattrs(parseZattrs(bytes))).toBe(new TextDecoder().decode(bytes).trimEnd());
  });
  it.skipIf(!present)("blobs_image_v04, simple_0.4 and a 0.1 image", () => {
    expect(imageOf("blobs_image_v04.ome.zarr/").datasets[0]!.path).toBe("0");
    const simple = imageOf("ome_zarr/simple_0.4/");
    expect(simple.datasets.map(({ path, scale }) => [path, scale?.length])).toEqual([
      ["scale0/image", simple.axes.length],
      ["scale1/image", simple.axes.length],
      ["scale2/image", simple.axes.length],
    ]);
    const first = imageOf("v1/");
    expect([first.version, first.axes.map((axis) => axis.name).join(""), first.datasets[0]!.scale]).toEqual([
      "0.1",
      "tczyx",
      undefined,
    ]);
  });
  it.skipIf(!present)("a bioformats2raw group sends to its sub-group, which is an image", () => {
    try {
      imageOf("bioformats-zarr/data.zarr/");
      throw new Error("was read");
    } catch (error) {
      expect(isEmporiumError(error) && [error.code, error.facts.hint]).toEqual([
        "FORMAT_UNKNOWN",
        expect.stringContaining("sub-group"),
      ]);
    }
    expect(imageOf("bioformats-zarr/data.zarr/0/").datasets.map(({ path }) => path)).toEqual(["0", "1"]);
  });
  it.skipIf(!present)("consolidated metadata describe the same arrays", () => {
    const consolidated = parseZmetadata(read("zarr/ome_zarr/simple_0.4/.zmetadata")!);
    const level = consolidated.get("scale1/image/.zarray")!;
    expect(zarrayFromJson(level, "scale1")).toEqual(parseZarray(read("zarr/ome_zarr/simple_0.4/scale1/image/.zarray")!));
  });
});
