import type { Box, Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { parseZarray, parseZattrs } from "../../formats/zarr/metadata.js";
import { parseOmeZarr } from "../../formats/zarr/ome.js";
import { type NumberArray, readZarrBox, viewAs } from "../../formats/zarr/read.js";
import { absent, objectName, type Store } from "../../stores/store.js";
import { codecs } from "./zarr-volume.js";

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
  const document = async (key: string): Promise<Uint8Array> => {
    const bytes = await store.read(`${root}/${key}`, undefined, { signal });
    if (!bytes) throw absent(store, `${root}/${key}`);
    return bytes;
  };
  const name = objectName(store, root);
  const attributes = parseZattrs(await document(".zattrs"), `${name}/.zattrs`);
  const { datasets } = parseOmeZarr(attributes, `${name}/.zattrs`, { unitWhenAbsent: "angstrom" });
  const { path, voxelSizeAngstrom } = datasets.at(which === "finest" ? 0 : -1)!;
  const meta = parseZarray(await document(`${path}/.zarray`), `${name}/${path}/.zarray`);
  if (meta.shape.length !== 3) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${meta.shape.join("×")}, one volume of three axes is wanted`, {
      place: { file: `${name}/${path}/.zarray`, path: "shape" },
    });
  }
  const get = (key: string) => store.read(`${root}/${path}/${key}`, undefined, { signal });
  return {
    name: `${name}/${path}`,
    shape: meta.shape as unknown as Triple,
    dtype: meta.type.dtype,
    voxelSizeAngstrom,
    labels: labelsOf(attributes),
    read: async (box) => viewAs(await readZarrBox(get, meta, box, { codecs, name: `${name}/${path}`, signal }), meta.type.dtype),
  };
}

function labelsOf(attributes: ReturnType<typeof parseZattrs>): readonly number[] | undefined {
  const [image] = attributes.multiscales as { metadata?: { "image-label"?: { colors?: unknown } } }[];
  const colors = image?.metadata?.["image-label"]?.colors;
  if (!Array.isArray(colors)) return undefined;
  const labels = colors.map((color: Record<string, unknown> | null) => Number(color?.["label-value"]));
  return [...new Set(labels.filter((label) => Number.isSafeInteger(label) && label > 0))].sort((a, b) => a - b);
}
