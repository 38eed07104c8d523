import { printJsonLine } from "../../../core/json.js";
import type { FrameRow, framesGlobal } from "../frames/frame.js";
import type { CatalogRepository, NewDataset, StoredDataset } from "../rows/repository.js";

/** The rows of a data set whose objects are stored. */
export type DatasetContent =
  | {
      readonly kind: "file";
      readonly file: { storage_dir: string; file_name: string; metadata_json: { file_origin: string }; sha256: string };
    }
  | {
      readonly kind: "frames";
      readonly global: ReturnType<typeof framesGlobal>;
      readonly names: readonly string[];
      readonly hashes: readonly string[];
      rows(signal: AbortSignal): AsyncIterable<FrameRow>;
    };

/** Whether the database holds exactly this data set, for an upload that was killed after its commit. */
export async function isStored(
  repository: CatalogRepository,
  stored: StoredDataset,
  dataset: NewDataset,
  content: DatasetContent,
  signal: AbortSignal,
): Promise<boolean> {
  const fields = ["description", "microscope", "date_time", "parent"] as const;
  if (!fields.every((field) => stored[field] === dataset[field])) return false;
  if (content.kind === "file") {
    return stored.file?.sha256 === content.file.sha256 && stored.file.file_name === content.file.file_name;
  }
  const { global } = content;
  if (!stored.framesGlobal || stored.framesGlobal.nbr_frames !== global.nbr_frames) return false;
  // the database changes the form of numbers in JSON columns, so only texts are compared
  if (
    printJsonLine(Object.keys(stored.framesGlobal.metadata_json ?? {}).sort()) !==
    printJsonLine(Object.keys(global.metadata_json ?? {}).sort())
  ) {
    return false;
  }
  const hashes = new Map(content.names.map((name, index) => [name, content.hashes[index]]));
  for await (const { file_name, sha256 } of repository.framesOf(stored.dataset_serial, {}, { signal })) {
    if (hashes.get(file_name) !== sha256) return false;
    hashes.delete(file_name);
  }
  return hashes.size === 0;
}
