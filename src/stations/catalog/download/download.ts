import { setMaxListeners } from "node:events";
import { join, resolve } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { OnEvent, TaskBrief } from "../../../engine/events.js";
import { takeLocks } from "../../../engine/lock.js";
import { fileStore } from "../../../stores/file/store.js";
import type { Store } from "../../../stores/store.js";
import { parseLocation } from "../../../stores/url.js";
import { noDataset } from "../dataset-facts.js";
import { countFrames, type FrameRow, type FramesGlobal } from "../frames/frame.js";
import { checkKnownId } from "../identifier.js";
import { FRAMES_TABLE_FILE, FRAMES_TABLE_HEADER, framesTableLine } from "../outputs/frames-table.js";
import { GLOBAL_METADATA_FILE, printGlobalMetadata } from "../outputs/global-metadata.js";
import type { CatalogRepository, StoredDataset } from "../rows/repository.js";
import { isWhole, nothingSelected, notSelected, type SelectionInput, selectFrames } from "../select.js";
import { shapeOfRow } from "../storage/stored-frame.js";
import { fetchFile, fetchFrames } from "./fetch.js";
import { claimFolder } from "./folder.js";
import { type CatalogDownloadReport, type DownloadedFile, downloadReport } from "./report.js";
import { writeStacks } from "./stacks.js";

export interface CatalogDownloadOptions extends GivenEnv {
  repository: CatalogRepository;
  storage: Store;
  /** The folder in which the data set gets a folder named by its id. */
  dest: string;
  /** Which frames. Default: all. */
  select?: SelectionInput | undefined;
  /** Write `global_metadata.json` and `frames_meta.csv`. Default true; a data set that is one file has none. */
  metadata?: boolean | undefined;
  /** Fetch files. Default true. */
  download?: boolean | undefined;
  /** Frames as they are stored, or one OME-TIFF or OME-Zarr for each position. */
  as?: "png" | "tiff" | "ome-zarr" | undefined;
  /** Frames that are downloaded in parallel. Default 8. */
  workers?: number | undefined;
  sync?: boolean | undefined;
}

const WORKERS = 8;

/**
 * Downloads a data set, or some of its frames, to `<dest>/<id>`. Every frame's pixels are verified by the database's checksum.
 *
 * ```ts
 * const select = { channels: "DAPI", slices: [3, 4] };
 * const report = await downloadDataset("ISP-2018-06-08-15-45-00-0001", { repository, storage, dest: ".", select });
 * ```
 *
 * After a stop the same call resumes in its folder. The folder is made after everything else has been checked.
 *
 * @returns what became of each file, failures included
 * @throws {EmporiumError} USAGE (flags, filters, a data set of the other kind), NOT_FOUND (no such data set, no frame matched),
 *   CONFIG_COLLISION (the folder exists), TARGET_LOCKED, DATABASE_…
 */
export async function downloadDataset(id: string, options: CatalogDownloadOptions): Promise<CatalogDownloadReport> {
  const { repository, storage, metadata = true, download = true, as = "png", workers = WORKERS } = options;
  const { clock, random, log, onEvent } = envOf(options);
  const startMs = clock.monotonic();
  checkKnownId(id);
  if (!metadata && !download) {
    throw new EmporiumError("USAGE", "--no-metadata and --no-download leave nothing to do", {
      hint: "leave --no-metadata or --no-download out",
    });
  }
  if (!(Number.isInteger(workers) && workers > 0))
    throw new EmporiumError("USAGE", `--nbr-workers: expected a whole number from 1, found ${workers}`);
  const selection = selectFrames(options.select ?? {});
  const signal = options.signal ?? new AbortController().signal;
  setMaxListeners(0, signal);
  const dest = localFolder(options.dest);
  const dataset = await repository.findDataset(id, signal);
  if (!dataset) throw noDataset(id, repository);
  checkKind(dataset, { metadata, whole: isWhole(selection), as });
  const rows: FrameRow[] = [];
  for await (const row of repository.framesOf(id, selection, { signal })) rows.push(row);
  if (dataset.frames && rows.length === 0) throw nothingSelected(id);
  const missing = notSelected(selection, rows);
  if (missing.length > 0) log.warn(`${id}: no frame among those chosen has ${missing.join("; ")}`);

  const locks = await takeLocks(fileStore(dest), [id], {
    job: `catalog download of ${id}`,
    ...{ clock, random, log },
    onLost: () => {},
    signal,
  });
  try {
    const request = printJsonLine({
      id,
      storage: storage.url,
      as,
      metadata,
      download,
      frames: rows.map(({ file_name, sha256 }) => [file_name, sha256]),
    });
    const folder = await claimFolder(join(dest, id), request);
    const target = fileStore(folder.path, { sync: options.sync });
    const files: DownloadedFile[] = [];
    const errors: ErrorRecord[] = [];
    const warnings: string[] = [];
    const written: string[] = [];
    try {
      if (metadata && dataset.framesGlobal) {
        for (const [name, text] of metadataFiles(dataset.framesGlobal, rows, isWhole(selection))) {
          await target.write(name, new TextEncoder().encode(text), { signal });
        }
        written.push(GLOBAL_METADATA_FILE, FRAMES_TABLE_FILE);
      }
      if (download) {
        const job = {
          ...{ dataset, rows, storage, target, workers, signal, warnings },
          onFile: (file: DownloadedFile, error?: unknown) => {
            files.push(file);
            if (error !== undefined) errors.push(toErrorRecord(asEmporiumError(error)));
          },
          progress: progressOf(id, rows, dataset, clock, onEvent),
        };
        if (dataset.file) await fetchFile(job, dataset.file);
        else if (as === "png") await fetchFrames(job, shapeOfRow(dataset.framesGlobal!, id), dataset.framesGlobal!.storage_dir);
        else await writeStacks(job, dataset.framesGlobal!, as);
        job.progress.end(errors.length > 0 ? 3 : 0);
      }
    } catch (error) {
      if (written.length === 0 && files.length === 0) await folder.abandon();
      throw signal.aborted ? signal.reason : error;
    }
    if (errors.length === 0) await folder.finish();
    return downloadReport({
      id,
      folder: folder.path,
      frames: dataset.frames ? rows.length : undefined,
      metadata: written,
      files: files.sort((a, b) => (a.name < b.name ? -1 : 1)),
      seconds: (clock.monotonic() - startMs) / 1000,
      warnings: [...new Set(warnings)],
      errors,
    });
  } finally {
    await locks.release();
  }
}

function checkKind(dataset: StoredDataset, { metadata, whole, as }: { metadata: boolean; whole: boolean; as: string }): void {
  if (dataset.frames) return;
  const id = dataset.dataset_serial;
  if (metadata) {
    throw new EmporiumError("USAGE", `the data set ${id} has not been split into frames: it has no metadata of frames`, {
      hint: "add --no-metadata to fetch its file",
    });
  }
  if (!whole || as !== "png") {
    throw new EmporiumError("USAGE", `the data set ${id} has not been split into frames: it can only be fetched whole`, {
      hint: "leave -c, -z, -t, -p and --as out",
    });
  }
}

function metadataFiles(global: FramesGlobal, rows: readonly FrameRow[], whole: boolean): [name: string, text: string][] {
  // counts of the selected frames; imagingDB wrote those of the whole data set, whatever was selected
  const selected = whole ? global : { ...global, ...countFrames(rows) };
  return [
    [GLOBAL_METADATA_FILE, printGlobalMetadata(selected)],
    [FRAMES_TABLE_FILE, FRAMES_TABLE_HEADER + rows.map((row, index) => framesTableLine(index, row)).join("")],
  ];
}

function localFolder(dest: string): string {
  const place = parseLocation(dest);
  if (place.path !== undefined) return resolve(place.path);
  throw new EmporiumError("USAGE", `--dest: ${place.url} is not a folder of this machine`, {
    hint: "give a folder; emporium harvest download copies between stores",
  });
}

/** Reports the progress of one task, in bytes of pixels or of the file. */
function progressOf(id: string, rows: readonly FrameRow[], dataset: StoredDataset, clock: Clock, onEvent: OnEvent) {
  const global = dataset.framesGlobal;
  const each = global ? global.im_width * global.im_height * global.im_colors * (global.bit_depth === "uint8" ? 1 : 2) : 0;
  const brief: TaskBrief = { id, title: id, run: "catalog/download", bytes: each * rows.length };
  const startMs = clock.monotonic();
  let done = 0;
  onEvent({
    atMs: startMs,
    kind: "plan",
    tasks: 1,
    bytes: brief.bytes,
    resumed: false,
    createdMs: clock.now(),
    unsized: global ? 0 : 1,
  });
  onEvent({ atMs: startMs, kind: "start", task: brief, threads: 1, notes: 0 });
  return {
    frames(count: number) {
      done += count * each;
      onEvent({ atMs: clock.monotonic(), kind: "progress", id, bytesDone: done });
    },
    end(exitStatus: number) {
      const seconds = (clock.monotonic() - startMs) / 1000;
      onEvent({ atMs: clock.monotonic(), kind: "settled", task: brief, state: exitStatus === 0 ? "done" : "failed", seconds });
      onEvent({ atMs: clock.monotonic(), kind: "end", exitStatus, seconds });
    },
  };
}
