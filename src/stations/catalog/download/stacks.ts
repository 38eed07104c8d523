import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { inOrder } from "../../../system/parallel.js";
import type { FrameRow, FramesGlobal } from "../frames/frame.js";
import { frameBytes } from "../frames/frame.js";
import { calibrationOf } from "../stack/calibration.js";
import { framePlaces, stackLayout } from "../stack/layout.js";
import { type OmeTiffFacts, writeOmeTiff } from "../stack/ome-tiff.js";
import { writeOmeZarr } from "../stack/ome-zarr.js";
import { readStoredFrame, shapeOfRow } from "../storage/stored-frame.js";
import { asFetched, type DownloadJob, endsAll, note } from "./fetch.js";
import { sendStream } from "./send-stream.js";

/**
 * Combines the selected frames: for each position one `<id>_p###.ome.tif` or `<id>_p###.ome.zarr`, with axes times, channels,
 * slices, rows, columns by the distinct indices. Frames are read in small groups, so memory does not grow with the stack. Pixels
 * of absent frames are 0.
 */
export async function writeStacks(job: DownloadJob, global: FramesGlobal, as: "tiff" | "ome-zarr"): Promise<void> {
  const { dataset, rows, storage, target, signal, onFile, warnings } = job;
  const id = dataset.dataset_serial;
  const shape = shapeOfRow(global, id);
  const layout = stackLayout(rows, shape);
  const places = framePlaces(rows, layout);
  if (places.missing > 0) {
    warnings.push(
      `${counted(places.missing, "place")} of the stack have no frame and hold zeros: the chosen channels, slices, times and positions do not fill a box`,
    );
  }
  const { slices, channels, times, positions } = layout;
  const facts: Omit<OmeTiffFacts, "name"> = {
    shape,
    times: times.length,
    slices: slices.length,
    channels: channels.map((channel) => rows.find(({ channel_idx }) => channel_idx === channel)?.channel_name ?? null),
    calibration: calibrationOf(global.metadata_json),
  };
  for (const position of positions) {
    const stem = `${id}_p${String(position).padStart(3, "0")}`;
    const name = `${stem}.${as === "tiff" ? "ome.tif" : "ome.zarr"}`;
    const wanted: (FrameRow | undefined)[] = times.flatMap((time) =>
      slices.flatMap((slice) => channels.map((channel) => places.at(time, position, slice, channel))),
    );
    let proof: "sha256" | "none" = "sha256";
    const pixels = inOrder(wanted, job.workers, async (row) => {
      signal.throwIfAborted();
      if (!row) return new Uint8Array(frameBytes(shape));
      const frame = await readStoredFrame(storage, global.storage_dir, row, shape, signal);
      note(job, frame.proof);
      if (frame.proof === "none") proof = "none";
      job.progress.frames(1);
      return frame.pixels;
    });
    try {
      let bytes: number;
      if (as === "tiff") {
        const { pieces, bytes: size } = writeOmeTiff({ ...facts, name: stem }, pixels);
        bytes = size;
        await sendStream(target, name, size, pieces, signal);
      } else {
        bytes = 0;
        await target.remove(`${name}/`, { signal });
        await writeOmeZarr({ ...facts, name: stem }, pixels, async (key, body) => {
          bytes += body.length;
          await target.write(`${name}/${key}`, body, { signal });
        });
      }
      onFile({ name, status: "fetched", bytes, proof });
    } catch (error) {
      if (signal.aborted || endsAll(error)) throw error;
      onFile({ name, status: "failed", bytes: 0, proof: "none" }, asFetched(error));
    }
  }
  if (positions.length === 0) throw new EmporiumError("INTERNAL", `${id}: a stack without frames`);
}
