import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { percentilesFromHistogram } from "../../../arrays/kernels/histogram.js";
import { FORMS, type FormFacts } from "../../../arrays/stream/plan/forms.js";
import type { WriteVolumeResult } from "../../../arrays/stream/plan/job.js";
import { ZSTD_LEVEL } from "../../../arrays/stream/work/zstd-encoder.js";
import type { Triple } from "../../../core/box.js";
import { crcText } from "../../../core/crc32.js";
import { folderReceipt } from "../../../engine/receipts.js";
import type { ObjectReceipt, PlainObject, TaskContext } from "../../../engine/task.js";
import { parseZarrDType, zarrDTypeText } from "../../../formats/zarr/dtype.js";
import { printZarray, printZattrs, printZgroup } from "../../../formats/zarr/metadata.js";
import { omeZarrAttributes } from "../../../formats/zarr/ome.js";
import { type OmeZarr05Fields, omeZarr05Attributes } from "../../../formats/zarr/ome-v05.js";
import { printZarrV3, type V3Compressor, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../../formats/zarr/v3-metadata.js";
import { formOf, type VolumeParams } from "./volume-params.js";

/** Voxel size and place of the first voxel, Å. */
interface ZarrGeometry {
  readonly spacing: number | Triple;
  readonly originAngstrom?: Triple | undefined;
}

/** The documents of the hierarchy in the order of publication: the group's, by which readers find it, is last. */
export function zarrDocuments(written: WriteVolumeResult, params: VolumeParams, geometry: ZarrGeometry): [string, string][] {
  return written.shards ? documents05(written, written.shards, params, geometry) : documents04(written, params, geometry);
}

function documents05(
  written: WriteVolumeResult,
  shards: Triple[],
  params: VolumeParams,
  { spacing, originAngstrom }: ZarrGeometry,
): [string, string][] {
  const form = formOf(params);
  const compressor: V3Compressor =
    params.codec === "zstd"
      ? { name: "zstd", level: ZSTD_LEVEL }
      : { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" };
  const arrays = written.shapes.map((shape, level): [string, string] => [
    `${level}/zarr.json`,
    printZarrV3(
      zarrV3ArrayMetadata({
        shape,
        dtype: FORMS[form].dtype,
        chunks: written.chunk,
        shards: shards[level],
        compressor,
        dimensionNames: ["z", "y", "x"],
      }),
    ),
  ]);
  const attributes = omeZarr05Attributes({
    kind: params.scaleZ ? "tomogram" : "tiltseries",
    voxelSizeAngstrom: spacing,
    originAngstrom,
    labels: written.labels,
    downscaling: DOWNSCALING[FORMS[form].reduce],
    roundedMeans: FORMS[form].integers !== undefined,
  });
  return [...arrays, ["zarr.json", printZarrV3(zarrV3GroupMetadata({ attributes }))]];
}

/** Downscaling that the metadata of masks and labels name; volumes and series have means, which is the default. */
const DOWNSCALING: Partial<Record<FormFacts["reduce"], OmeZarr05Fields["downscaling"]>> = {
  any: { type: "any", metadata: { description: "1 where any voxel of the block is 1", block: [2, 2, 2] } },
  stride: { type: "nearest", metadata: { description: "first voxel of each block of voxels", block: [2, 2, 2] } },
};

function documents04(
  written: WriteVolumeResult,
  params: VolumeParams,
  { spacing, originAngstrom }: ZarrGeometry,
): [string, string][] {
  const { dtype, integers } = FORMS[formOf(params)];
  const type = parseZarrDType(zarrDTypeText(dtype))!;
  const arrays = written.shapes.map((shape, level): [string, string] => [
    `${level}/.zarray`,
    printZarray({
      shape,
      chunks: written.chunk,
      type,
      compressor: { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 },
      fillValue: 0,
      order: "C",
      dimensionSeparator: "/",
    }),
  ]);
  const attributes = omeZarrAttributes({
    kind: params.scaleZ ? "tomogram" : "tiltseries",
    voxelSizeAngstrom: spacing,
    originAngstrom,
    labels: written.labels,
    roundedMeans: integers !== undefined,
  });
  return [...arrays, [".zgroup", printZgroup()], [".zattrs", printZattrs(attributes)]];
}

/** Receipt of the hierarchy as one folder: what is listed must be what was written. */
export async function zarrReceipt(
  folder: string,
  written: WriteVolumeResult,
  documents: [string, string][],
  context: TaskContext,
): Promise<ObjectReceipt> {
  const encoder = new TextEncoder();
  const chunks = written.objects.map(({ key, size, crc32: crc }) => ({ key: `${folder}${key}`, size, crc32: crcText(crc) }));
  const texts = documents.map(([key, text]) => {
    const bytes = encoder.encode(text);
    return { key: `${folder}${key}`, size: bytes.length, crc32: crcText(crc32(bytes)) };
  });
  return folderReceipt(context.target, folder, [...chunks, ...texts], context.keepContents);
}

/** Facts for the report: percentiles of a volume (coarsest level), voxels of a mask, labels. `dtype` is the source's. */
export function factsOf({ statistics, histogram, labels, shapes }: WriteVolumeResult, dtype: string): PlainObject {
  const [p1, p50, p99] = histogram ? percentilesFromHistogram(histogram, [1, 50, 99]) : [];
  return {
    shape: [...shapes[0]!],
    dtype,
    min: statistics.min,
    max: statistics.max,
    mean: statistics.mean,
    rms: statistics.rms,
    nonFinite: statistics.nonFinite,
    ...(histogram && { contrast: { p1: p1 ?? null, p50: p50 ?? null, p99: p99 ?? null } }),
    ...(labels && { labels: labels.length }),
  };
}

/**
 * SHA-256 of each output: of a file its bytes; of a Zarr the text that `sha256sum` would print for its objects in key order.
 * Everything is read again, because headers are written last.
 */
export async function addSha256(outputs: ObjectReceipt[], { target, signal }: TaskContext): Promise<ObjectReceipt[]> {
  const one = async (key: string): Promise<string> => {
    const hash = createHash("sha256");
    if (target.local)
      for await (const piece of createReadStream(target.local.path(key), { highWaterMark: 2 ** 20 }))
        hash.update(piece as Uint8Array);
    else {
      const size = (await target.stat(key, { signal }))?.size ?? 0;
      for (let offset = 0; offset < size; offset += 8 * 2 ** 20) {
        const bytes = await target.read(key, { offset, length: Math.min(8 * 2 ** 20, size - offset) }, { signal });
        if (bytes) hash.update(bytes);
      }
    }
    return hash.digest("hex");
  };
  return Promise.all(
    outputs.map(async (output) => {
      if (!output.key.endsWith("/")) return { ...output, sha256: await one(output.key) };
      const lines = createHash("sha256");
      for await (const { key } of target.list(output.key, { signal }))
        lines.update(`${await one(key)}  ${key.slice(output.key.length)}\n`);
      return { ...output, sha256: lines.digest("hex") };
    }),
  );
}
