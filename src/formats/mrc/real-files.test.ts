import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { compressionOf } from "../compression.js";
import { detectMrc } from "./detect.js";
import { readMrcHeader } from "./header.js";
import { decodePlane, readMrcPlanes } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** Facts that mrcfile 1.4.3 found, from `expected.json`. */
interface Facts {
  mode?: number;
  shape: number[];
  voxel_size_xyz: (number | string)[];
  nstart_xyz: number[];
  mxyz: number[];
  cella: (number | string)[];
  cellb: number[];
  mapcrs: number[];
  ispg: number;
  nsymbt: number;
  exttyp: string;
  origin: number[];
  dmin_dmax_dmean_header: number[];
  rms_header: number;
  nlabl: number;
  nversion: number;
  little_endian: boolean;
  map_id_ok: boolean;
  min: number;
  max: number;
  sum: number;
  sha256_c_order: string;
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts?.mode !== undefined && facts.sha256_c_order ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

async function bytesOf(path: string): Promise<Uint8Array> {
  const bytes = readFileSync(new URL(path.split("/").map(encodeURIComponent).join("/"), data));
  if (compressionOf(bytes) === "gzip") return gunzipSync(bytes);
  if (compressionOf(bytes) === "bzip2") {
    const unbzip2 = createRequire(import.meta.url)("unbzip2-stream") as () => NodeJS.ReadWriteStream;
    const pieces: Buffer[] = [];
    const stream = Readable.from([bytes]).pipe(unbzip2());
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
    return Buffer.concat(pieces);
  }
  return bytes;
}

/** The inventory prints nine digits of float32 and `inf` as text. */
const asFloat = (value: number | string) => Math.fround(value === "inf" ? Number.POSITIVE_INFINITY : Number(value));
const xyz = <T>(zyx: readonly T[]) => [...zyx].reverse();

describe("real MRC files", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThan(20);
  });
  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, async () => {
      const bytes = await bytesOf(path);
      const header = await readMrcHeader(inMemory(bytes, path));
      expect(header.shape).toEqual(facts.shape.length === 2 ? [1, ...facts.shape] : facts.shape);
      expect(header.mode).toBe(facts.mode);
      expect(xyz(header.nstart)).toEqual(facts.nstart_xyz);
      expect(xyz(header.grid)).toEqual(facts.mxyz);
      expect(xyz(header.cellAngstrom)).toEqual(facts.cella.map(asFloat));
      expect(header.cellAnglesDegrees).toEqual(facts.cellb.map(asFloat));
      expect([header.mapc, header.mapr, header.maps]).toEqual(facts.mapcrs);
      expect(header.ispg).toBe(facts.ispg);
      expect(header.nsymbt).toBe(facts.nsymbt);
      expect(header.exttyp).toBe(facts.exttyp);
      expect(xyz(header.originAngstrom)).toEqual(facts.origin.map(asFloat));
      expect([header.dmin, header.dmax, header.dmean]).toEqual(facts.dmin_dmax_dmean_header.map(asFloat));
      expect(header.rms).toBe(asFloat(facts.rms_header));
      expect(header.labels.length).toBe(facts.nlabl);
      expect(header.nversion).toBe(facts.nversion);
      expect(header.littleEndian).toBe(facts.little_endian);
      expect(detectMrc(bytes, bytes.length)).toBe(facts.map_id_ok ? "certain" : "plausible");
      const usable = facts.voxel_size_xyz.map(asFloat).map((size) => (size > 0 && Number.isFinite(size) ? size : undefined));
      expect(xyz(header.voxelSizeAngstrom)).toEqual(usable);

      const raw = await readMrcPlanes(inMemory(bytes, path), header, 0, header.shape[0]);
      expect(createHash("sha256").update(raw).digest("hex")).toBe(facts.sha256_c_order);
      const values = decodePlane(raw, header);
      let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
      for (const value of values) {
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
      }
      expect([min, max]).toEqual([asFloat(facts.min), asFloat(facts.max)]);
      expect(Math.abs(sum - facts.sum)).toBeLessThanOrEqual(Math.abs(facts.sum) * 1e-8);
    });
  }

  const broken = async (name: string, strict = false) => {
    const source = inMemory(readFileSync(new URL(`misc/broken/${name}`, data)), name);
    const error: unknown = await readMrcHeader(source, { strict }).catch((thrown: unknown) => thrown);
    return isEmporiumError(error)
      ? { code: error.code, ...error.facts.place, hint: error.facts.hint, message: error.message }
      : error;
  };
  it.skipIf(!present)("refuses the broken ones with code, byte and hint", async () => {
    const file = "bad_mode_EMD-3197.map";
    expect(await broken(file)).toMatchObject({ code: "FORMAT_FIELD", file, byte: 12, hint: expect.any(String) });
    expect(await broken("truncated_data_EMD-3197.map")).toMatchObject({
      code: "FORMAT_TRUNCATED",
      byte: 16512,
      hint: expect.any(String),
      message: expect.stringMatching(/33024.*16512/),
    });
    expect(await broken("truncated_header_EMD-3197.map")).toMatchObject({
      code: "FORMAT_TRUNCATED",
      byte: 600,
      hint: expect.any(String),
    });
  });
  it.skipIf(!present)("reads a file without MAP identifier with a warning, and refuses it when strict", async () => {
    const name = "no_map_id_EMD-3197.map";
    expect(await broken(name)).toMatchObject({ shape: [20, 20, 20], warnings: [expect.stringContaining("MAP")] });
    expect(await broken(name, true)).toMatchObject({ code: "FORMAT_UNKNOWN", byte: 208, hint: expect.any(String) });
  });
});
