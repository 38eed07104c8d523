import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import type { FrameRow, FrameShape, FramesGlobal } from "../frames/frame.js";
import { pixelHash, swapRedAndBlue } from "../frames/pixels.js";
import { decodeFrame } from "../frames/png.js";

/** A frame from the storage, verified by the database's checksum. */
export interface StoredFrame {
  /** The file as it is stored. */
  readonly bytes: Uint8Array;
  /** C order, little-endian, the colours of a pixel together: red, green, blue. */
  readonly pixels: Uint8Array;
  /**
   * `swapped`: verified with red and blue exchanged, as older catalogues stored colours. `none`: the database has no checksum.
   */
  readonly proof: "sha256" | "swapped" | "none";
}

/** A second read after a wrong reply. */
const READS = 2;

/** Key of a frame. In older rows the folder may end with `/`. */
export function frameKey(storageDir: string, fileName: string): string {
  return `${storageDir.replace(/\/+$/, "")}/${fileName}`;
}

/** Size and type of all frames of a data set. @throws {EmporiumError} DATABASE_CONFLICT for impossible values */
export function shapeOfRow(
  { im_width, im_height, im_colors, bit_depth }: Omit<FramesGlobal, "metadata_json">,
  dataset: string,
): FrameShape {
  if (
    (bit_depth === "uint8" || bit_depth === "uint16") &&
    (im_colors === 1 || im_colors === 3) &&
    im_width > 0 &&
    im_height > 0
  ) {
    return { width: im_width, height: im_height, colours: im_colors, depth: bit_depth };
  }
  throw new EmporiumError(
    "DATABASE_CONFLICT",
    `${dataset}: frames of ${im_height}×${im_width}×${im_colors} ${bit_depth} are not possible`,
  );
}

/**
 * Reads a frame and compares its pixels with the database's checksum.
 *
 * @throws {EmporiumError} STORE_ABSENT, OBJECT_WRONG (another size, or other pixels), FORMAT_…
 */
export async function readStoredFrame(
  store: Store,
  storageDir: string,
  row: Pick<FrameRow, "file_name" | "sha256">,
  shape: FrameShape,
  signal?: AbortSignal,
): Promise<StoredFrame> {
  const key = frameKey(storageDir, row.file_name);
  const name = objectName(store, key);
  let failure: unknown;
  for (let read = 0; read < READS; read++) {
    const bytes = await store.read(key, undefined, { signal });
    if (!bytes) throw absent(store, key);
    try {
      return { bytes, ...(await proven(bytes, name, row.sha256, shape)) };
    } catch (error) {
      if (!isEmporiumError(error) || !(error.code.startsWith("FORMAT_") || error.code === "OBJECT_WRONG")) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** @throws {EmporiumError} OBJECT_WRONG, FORMAT_… */
export async function proven(
  bytes: Uint8Array,
  name: string,
  sha256: string | null,
  shape: FrameShape,
): Promise<Pick<StoredFrame, "pixels" | "proof">> {
  const { pixels } = await decodeFrame(bytes, name, shape);
  if (sha256 === null) return { pixels, proof: "none" };
  const found = pixelHash(pixels);
  if (found === sha256) return { pixels, proof: "sha256" };
  if (shape.colours === 3) {
    const exchanged = swapRedAndBlue(pixels, shape);
    if (pixelHash(exchanged) === sha256) return { pixels: exchanged, proof: "swapped" };
  }
  throw new EmporiumError(
    "OBJECT_WRONG",
    `${name}: its pixels have the SHA-256 ${found.slice(0, 12)}…, the database knows ${sha256.slice(0, 12)}…`,
    {
      place: { file: name },
      hint: "upload the data set again with --overwrite: the object was changed since its upload",
    },
  );
}
