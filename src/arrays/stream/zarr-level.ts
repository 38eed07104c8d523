import type { Box, Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { imageLabels } from "../../formats/zarr/image-labels.js";
import { parseZarray, parseZattrs } from "../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../formats/zarr/ome-v05.js";
import { type NumberArray, viewAs } from "../../formats/zarr/read.js";
import { parseZarrV3Array, parseZarrV3Group } from "../../formats/zarr/v3-metadata.js";
import { absent, objectName, type Store } from "../../stores/store.js";
import { boxReader } from "./zarr-volume.js";

/** One level of a pyramid, of which boxes are read. */
export interface ZarrLevel {
  /** What messages call it. */
  readonly name: string;
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  readonly dtype: DType;
  /** Of the level. `[z, y, x]`; undefined where the file does not say. */
  readonly voxelSizeAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Labels that the image says it has (`image-label`), ascending; undefined where it says nothing of them. */
  readonly labels: readonly number[] | undefined;
  /** The voxels of a box in C order. Chunks that are not stored are filled. */
  read(box: Box): Promise<NumberArray>;
}

/**
 * Opens a level of an OME-Zarr image of three axes: what ingest has written.
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
  const old = await find(".zattrs");
  const attributes = old
    ? parseZattrs(old, `${name}/.zattrs`)
    : parseZarrV3Group(await need("zarr.json"), `${name}/zarr.json`).attributes;
  const { datasets } = parseOmeImage(attributes, `${name}/${old ? ".zattrs" : "zarr.json"}`, { unitWhenAbsent: "angstrom" });
  const { path, voxelSizeAngstrom } = datasets.at(which === "finest" ? 0 : -1)!;
  const key = `${path}/${old ? ".zarray" : "zarr.json"}`;
  const meta = (old ? parseZarray : parseZarrV3Array)(await need(key), `${name}/${key}`);
  if (meta.shape.length !== 3) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${meta.shape.join("×")}, one volume of three axes is wanted`, {
      place: { file: `${name}/${key}`, path: "shape" },
    });
  }
  const { read } = boxReader(store, { name: `${name}/${path}`, meta, folder: `${root}/${path}` }, signal);
  return {
    name: `${name}/${path}`,
    shape: meta.shape as unknown as Triple,
    dtype: meta.type.dtype,
    voxelSizeAngstrom,
    labels: imageLabels(attributes),
    read: async (box) => viewAs(await read(box), meta.type.dtype),
  };
}
