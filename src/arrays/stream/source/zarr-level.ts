import type { Box, Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { type NumberArray, viewAs } from "../../../formats/zarr/elements.js";
import { parseZarray, parseZattrs } from "../../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import { readZarrBox } from "../../../formats/zarr/read.js";
import { recentShardIndexes } from "../../../formats/zarr/shard.js";
import { parseZarrV3Array, parseZarrV3Group } from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import { boxCodecs } from "./zarr-volume.js";

/** One level of a pyramid, of which boxes are read. */
export interface ZarrLevel {
  /** Name of the level in messages. */
  readonly name: string;
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  readonly dtype: DType;
  /** Voxel size of the level, `[z, y, x]`; undefined where the file does not say. */
  readonly voxelSizeAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Labels that the image says it has (`image-label`), ascending; undefined where it says nothing of them. */
  readonly labels: readonly number[] | undefined;
  /** The voxels of a box in C order. Chunks that are not stored are filled. */
  read(box: Box): Promise<NumberArray>;
}

/**
 * Opens a level of an OME-Zarr image of three axes, Zarr 2 or 3: what ingest has written.
 *
 * @param folder key of the image's folder, with or without a slash at its end.
 * @throws {EmporiumError} STORE_ABSENT, FORMAT_…
 */
export async function openZarrLevel(
  store: Store,
  folder: string,
  which: "finest" | "coarsest",
  signal?: AbortSignal,
): Promise<ZarrLevel> {
  const root = folder.replace(/\/+$/, "");
  const name = objectName(store, root);
  const find = (key: string) => store.read(`${root}/${key}`, undefined, { signal });
  const need = async (key: string): Promise<Uint8Array> => {
    const bytes = await find(key);
    if (!bytes) throw absent(store, `${root}/${key}`);
    return bytes;
  };
  const older = await find(".zattrs");
  const attributes = older
    ? parseZattrs(older, `${name}/.zattrs`)
    : parseZarrV3Group(await need("zarr.json"), `${name}/zarr.json`).attributes;
  const { datasets } = parseOmeImage(attributes, `${name}/${older ? ".zattrs" : "zarr.json"}`, { unitWhenAbsent: "angstrom" });
  const { path, voxelSizeAngstrom } = datasets.at(which === "finest" ? 0 : -1)!;
  const array = {
    name: `${name}/${path}`,
    folder: `${root}/${path}`,
    document: await need(`${path}/${older ? ".zarray" : "zarr.json"}`),
    isThird: !older,
  };
  const { shape, dtype, read } = openZarrArray(store, array, signal);
  if (shape.length !== 3) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${shape.join("×")}; expected one volume of three axes`, {
      place: { file: array.name, path: "shape" },
    });
  }
  return {
    name: array.name,
    shape: shape as unknown as Triple,
    dtype,
    voxelSizeAngstrom,
    labels: labelsOf(attributes),
    read,
  };
}

/** An array of a store and its document, `.zarray` or `zarr.json`, by its bytes. */
export interface ArrayDocument {
  name: string;
  /** Key, without a slash at its end. */
  folder: string;
  document: Uint8Array;
  isThird: boolean;
}

/** An array, Zarr 2 or 3, of which boxes are read. @throws {EmporiumError} FORMAT_… */
export function openZarrArray(
  store: Store,
  array: ArrayDocument,
  signal?: AbortSignal,
): Pick<ZarrLevel, "dtype" | "read"> & { shape: readonly number[] } {
  const { shape, type, read } = array.isThird ? openV3(store, array, signal) : openV2(store, array, signal);
  return { shape, dtype: type.dtype, read: async (box) => viewAs(await read(box), type.dtype) };
}

function openV2(store: Store, { name, folder, document }: ArrayDocument, signal: AbortSignal | undefined) {
  const meta = parseZarray(document, `${name}/.zarray`);
  const get = (key: string) => store.read(`${folder}/${key}`, undefined, { signal });
  const codecs = boxCodecs();
  return { ...meta, read: (box: Box) => readZarrBox(get, meta, box, { codecs, name, signal }) };
}

function openV3(store: Store, { name, folder, document }: ArrayDocument, signal: AbortSignal | undefined) {
  const meta = parseZarrV3Array(document, `${name}/zarr.json`);
  const indexes = recentShardIndexes();
  const codecs = boxCodecs();
  const objects = {
    read: (key: string, range?: { offset: number; length: number }) => store.read(`${folder}/${key}`, range, { signal }),
    size: async (key: string) => (await store.stat(`${folder}/${key}`, { signal }))?.size,
  };
  return { ...meta, read: (box: Box) => readZarrV3Box(objects, meta, box, { codecs, name, signal, indexes }) };
}

/** Labels in the image's metadata, where the portal has them, or beside the image, where the specification has them. */
function labelsOf(attributes: JsonObject): readonly number[] | undefined {
  const documents = [attributes, attributes.ome] as { multiscales?: { metadata?: unknown }[] }[];
  const holders = documents.flatMap((document) => [document, document?.multiscales?.[0]?.metadata]);
  for (const holder of holders as ({ "image-label"?: { colors?: unknown } } | undefined)[]) {
    const label = holder?.["image-label"];
    if (!label) continue;
    const colors: unknown[] = Array.isArray(label.colors) ? label.colors : [];
    const labels = colors.map((color) => Number((color as Record<string, unknown> | null)?.["label-value"]));
    return [...new Set(labels.filter((one) => Number.isSafeInteger(one) && one > 0))].sort((a, b) => a - b);
  }
  return undefined;
}
