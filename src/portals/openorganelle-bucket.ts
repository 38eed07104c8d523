import { isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { type BucketLevel, listS3Level } from "./bucket-listing.js";
import { at, listOf, objectFrom } from "./fields.js";
import { encodeSegment } from "./links.js";
import type { PortalNet } from "./portal.js";

/** Listings asked for in all, and levels below the start: data sets have some dozens, five deep. */
const LEVELS_MAX = 2_000;
const DEPTH_MAX = 12;
const AT_ONCE = 8;

export interface FoundVolumes {
  /** `zarr://s3://bucket/key`, in the order of the bucket. */
  volumes: string[];
  /** The metadata document of each, by its key. */
  raw: JsonObject;
}

/**
 * Descends a public bucket to the groups that are volumes: NGFF multiscales (Zarr v2 and v3), N5 groups and arrays, precomputed
 * volumes. Nothing below a volume is listed.
 */
export async function findVolumes(
  { bucket, prefix }: { bucket: string; prefix: string },
  net: PortalNet,
  warn: (message: string) => void,
): Promise<FoundVolumes> {
  const found: { key: string; link: string; metadata: Json }[] = [];
  let level = [prefix];
  let asked = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const below: string[] = [];
    for (let from = 0; from < level.length; from += AT_ONCE) {
      const some = level.slice(from, from + AT_ONCE);
      if (depth >= DEPTH_MAX || asked + some.length > LEVELS_MAX) {
        warn(`s3://${bucket}/${prefix} is deeper or wider than is looked through; volumes further below are not listed`);
        return result(found);
      }
      asked += some.length;
      const looks = await Promise.all(some.map((key) => look(bucket, key, net)));
      for (const { volume, prefixes } of looks) {
        if (volume) found.push(volume);
        else below.push(...prefixes);
      }
    }
    level = below;
  }
  return result(found);
}

function result(found: { key: string; link: string; metadata: Json }[]): FoundVolumes {
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { volumes: found.map(({ link }) => link), raw: objectFrom(found.map(({ key, metadata }) => [key, metadata])) };
}

async function look(bucket: string, prefix: string, net: PortalNet) {
  const level = await listS3Level(net, bucket, prefix);
  const volume = await volumeAt(bucket, prefix, level, net);
  return { volume, prefixes: level.prefixes.filter((below) => below.startsWith(prefix) && below !== prefix) };
}

/** Documents that make a folder a volume, each with its format. */
const DOCUMENTS: readonly { name: string; format: string; isVolume(document: Json): boolean }[] = [
  { name: ".zattrs", format: "zarr", isVolume: (document) => listOf(at(document, "multiscales")).length > 0 },
  {
    name: "zarr.json",
    format: "zarr",
    isVolume: (document) =>
      at(document, "node_type") === "array" ||
      listOf(at(document, "attributes", "ome", "multiscales")).length > 0 ||
      listOf(at(document, "attributes", "multiscales")).length > 0,
  },
  { name: ".zarray", format: "zarr", isVolume: () => true },
  {
    name: "attributes.json",
    format: "n5",
    isVolume: (document) =>
      ["dimensions", "multiscales", "scales", "pixelResolution", "downsamplingFactors"].some(
        (key) => at(document, key) !== undefined,
      ),
  },
  { name: "info", format: "precomputed", isVolume: (document) => listOf(at(document, "scales")).length > 0 },
];

async function volumeAt(bucket: string, prefix: string, { objects }: BucketLevel, net: PortalNet) {
  const names = new Set(objects.map(({ key }) => key.slice(prefix.length)));
  for (const { name, format, isVolume } of DOCUMENTS) {
    if (!names.has(name)) continue;
    const key = prefix + name;
    const url = `https://${bucket}.s3.amazonaws.com/${key.split("/").map(encodeSegment).join("/")}`;
    const document = await net.findJson(url).catch((error: unknown) => {
      // Documents are not trusted: if one is not JSON, its folder is not a volume.
      if (isEmporiumError(error) && error.code === "PORTAL_REPLY") return undefined;
      throw error;
    });
    if (document === undefined || !isVolume(document)) continue;
    const bare = prefix.replace(/\/$/, "");
    return { key: bare, link: `${format}://s3://${bucket}/${bare}`, metadata: document };
  }
  return undefined;
}
