import { mkdir, open } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { uploadFile } from "../../../engine/atomic.js";
import type { Operation } from "../../../engine/task.js";
import { type DmImage, readDm } from "../../../formats/dm/image.js";
import { dmPlanesForMrc, dmToMrcFields } from "../../../formats/dm/to-mrc.js";
import { type MrcStatistics, mrcHeaderBytes } from "../../../formats/mrc/write.js";
import { writeFully } from "../../../stores/file/write-fully.js";
import { openObject } from "../../../stores/store.js";
import { GAIN_BATCH_BYTES } from "./memory.js";

/** Parameters of a conversion: DM file of the source, MRC file of the target. */
export interface GainParams {
  source: string;
  key: string;
  checksum?: "sha256" | null;
}

/**
 * Converts a gain reference from DigitalMicrograph's format to MRC: same values, rows from the bottom up. The file is made in the
 * scratch folder, a batch of rows at a time, and sent when it is complete.
 */
export const gainOperation: Operation = async ({ params, bytes: taskBytes }, context) => {
  const { source: key, key: to, checksum } = params as unknown as GainParams;
  const { source, signal, createdMs, progress } = context;
  const file = await openObject(source, key, { signal });
  const { images, name } = await readDm(file, { signal });
  const [image] = images as [DmImage];
  const fields = dmToMrcFields(image);
  const warnings = [...fields.warnings.map((warning) => `${name}: ${warning}`)];
  if (images.length > 1) warnings.push(`${name}: ${counted(images.length, "image")}, the first is converted`);
  const header = {
    kind: "tiltseries" as const,
    shape: fields.shape,
    dtype: fields.dtype,
    voxelSizeAngstrom: fields.voxelSizeAngstrom,
    dateMs: createdMs,
  };
  const none = mrcHeaderBytes({ ...header, statistics: { min: 0, max: 0, mean: 0, rms: 0 } });
  const scratch = await context.scratch();
  await mkdir(scratch, { recursive: true });
  const path = `${scratch}/gain.mrc`;
  const out = await open(path, "w");
  try {
    await out.write(none, 0, none.length, 0);
    const sums = statisticsOf();
    let position = none.length;
    for await (const voxels of batches(file, image, signal)) {
      sums.add(voxels);
      const body = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
      await writeFully(out, body, position);
      position += body.length;
      progress(Math.min(taskBytes, position - none.length));
    }
    const head = mrcHeaderBytes({ ...header, statistics: sums.end() });
    await out.write(head, 0, head.length, 0);
  } finally {
    await out.close();
  }
  const receipt = await uploadFile(context, path, to, { onBytes: () => {}, sha256: checksum === "sha256" });
  return { outputs: [receipt], warnings };
};

/** Rows as the MRC file wants them, a batch at a time: planes in order, the rows of each from the last to the first. */
async function* batches(file: Awaited<ReturnType<typeof openObject>>, image: DmImage, signal: AbortSignal) {
  const [planes, rows, columns] = image.shape;
  const rowBytes = columns * image.pixelBytes;
  const batch = Math.max(1, Math.floor(GAIN_BATCH_BYTES / Math.max(1, rowBytes)));
  for (let plane = 0; plane < planes; plane++) {
    for (let end = rows; end > 0; end -= batch) {
      signal.throwIfAborted();
      const begin = Math.max(0, end - batch);
      const offset = image.dataOffset + (plane * rows + begin) * rowBytes;
      const length = (end - begin) * rowBytes;
      const bytes = await file.read({ offset, length }, { signal });
      if (bytes.length !== length) {
        throw new EmporiumError(
          "FORMAT_TRUNCATED",
          `${file.name} ends too early: ${counted(length, "byte")} of pixels are needed at byte ${offset}, ${bytes.length} found`,
          {
            place: { file: file.name, byte: offset + bytes.length },
            hint: "copy the file again: it was cut short",
          },
        );
      }
      yield dmPlanesForMrc(bytes, { ...image, shape: [1, end - begin, columns] });
    }
  }
}

/** Minimum, maximum, mean and deviation of all values that are finite, in one pass. */
function statisticsOf(): { add(values: ArrayLike<number>): void; end(): MrcStatistics } {
  let [count, mean, squares, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    add(values) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        if (!Number.isFinite(value)) continue;
        count++;
        const delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
        if (value < min) min = value;
        if (value > max) max = value;
      }
    },
    end: () => (count === 0 ? { min: 0, max: 0, mean: 0, rms: 0 } : { min, max, mean, rms: Math.sqrt(squares / count) }),
  };
}
