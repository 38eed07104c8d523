import { createHash } from "node:crypto";
import type { Entry, ListOptions, Store } from "../../../stores/store.js";

/** A run's folder in one listing. */
export interface RunFiles {
  /** `10001/TS_01`: a key of the tree, without a last `/`. */
  readonly folder: string;
  /** Every file except chunks of volumes and meshes, sorted by key. */
  readonly files: ReadonlyMap<string, FileFacts>;
  /** Volumes that are folders (`….zarr`), by key, with the sums of their files. */
  readonly volumes: ReadonlyMap<string, FileFacts>;
}

interface FileFacts {
  /** Bytes; undefined where the listing only rounds them. */
  readonly size: number | undefined;
  readonly etag?: string | undefined;
}

/** The parts of a walk over a tree, sorted by key: a folder at the top, its runs, and its end. */
export type TreePart =
  | { readonly kind: "top"; readonly folder: string }
  | { readonly kind: "run"; readonly top: string; readonly files: RunFiles }
  /** `bytes` below it: undefined if the listing rounds them. */
  | { readonly kind: "end"; readonly folder: string; readonly bytes: number | undefined }
  | { readonly kind: "deposition"; readonly id: string };

export const DEPOSITIONS = "depositions_metadata";
export const RUN_DOCUMENT = "run_metadata.json";

/**
 * Splits one listing of a tree into its parts. Only one run is in memory, with volumes as sums. Keys are sorted, so all keys with
 * one folder's name and `/` are adjacent.
 *
 * @param folders the selected folders at the top; undefined: all
 */
export async function* walkTree(
  store: Store,
  folders: readonly string[] | undefined,
  signal?: AbortSignal,
  onLink?: ListOptions["onLink"],
): AsyncGenerator<TreePart> {
  for (const prefix of folders?.map((folder) => `${folder}/`) ?? [""]) {
    yield* walkParts(store.list(prefix, { signal, onLink }));
  }
}

async function* walkParts(entries: AsyncIterable<Entry>): AsyncGenerator<TreePart> {
  let top: { folder: string; sum: Sum } | undefined;
  let run: RunCollector | undefined;
  let deposition: string | undefined;
  for await (const entry of entries) {
    if (entry.leaves !== undefined) continue; // told among the links
    const [folder, second, ...rest] = entry.key.split("/");
    if (second === undefined || folder === undefined || folder.startsWith(".")) continue;
    if (run && !entry.key.startsWith(`${run.folder}/`)) {
      if (run.isRun) yield { kind: "run", top: top!.folder, files: run };
      run = undefined;
    }
    if (top && top.folder !== folder) {
      yield { kind: "end", folder: top.folder, bytes: top.sum.bytes };
      top = undefined;
    }
    if (folder === DEPOSITIONS) {
      if (rest.length === 1 && rest[0] === "deposition_metadata.json" && second !== deposition) {
        deposition = second;
        yield { kind: "deposition", id: second };
      }
      continue;
    }
    if (!top) {
      top = { folder, sum: new Sum() };
      yield { kind: "top", folder };
    }
    top.sum.add(entry);
    if (rest.length === 0) continue;
    run ??= new RunCollector(`${folder}/${second}`);
    run.add(entry);
  }
  if (run?.isRun) yield { kind: "run", top: top!.folder, files: run };
  if (top) yield { kind: "end", folder: top.folder, bytes: top.sum.bytes };
}

/** Bytes of many files, known only if all are known. */
export class Sum {
  bytes: number | undefined = 0;
  add({ size, approximate }: Pick<Entry, "size" | "approximate">): void {
    this.bytes = approximate || this.bytes === undefined ? undefined : this.bytes + size;
  }
}

class RunCollector implements RunFiles {
  readonly files = new Map<string, FileFacts>();
  readonly #sums = new Map<string, Sum>();
  constructor(readonly folder: string) {}

  get isRun(): boolean {
    return this.files.has(`${this.folder}/${RUN_DOCUMENT}`);
  }

  get volumes(): ReadonlyMap<string, FileFacts> {
    return new Map([...this.#sums].map(([key, { bytes }]) => [key, { size: bytes }]));
  }

  add(entry: Entry): void {
    const volume = /^.*?\.zarr(?=\/)/.exec(entry.key)?.[0];
    if (volume !== undefined) {
      const sum = this.#sums.get(volume) ?? new Sum();
      this.#sums.set(volume, sum);
      sum.add(entry);
      return;
    }
    // many chunks of meshes and segmentations for Neuroglancer, which no row describes
    if (entry.key.includes("/NeuroglancerPrecompute/") && !entry.key.endsWith(".json")) return;
    const size = entry.approximate ? undefined : entry.size;
    this.files.set(entry.key, { size, etag: entry.etag });
  }
}

/**
 * A text that changes with anything that a run's rows depend on: etags of its documents, sizes of all other files. If a store has
 * no etags, its documents are read.
 *
 * @param salt whatever else decides about the rows
 */
export async function fingerprintOf(store: Store, run: RunFiles, salt: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256").update(salt);
  for (const [key, { size, etag }] of run.files) {
    hash.update(`\n${key}\0${size ?? "?"}`);
    if (!key.endsWith(".json")) continue;
    if (etag !== undefined) hash.update(`\0${etag}`);
    else hash.update((await store.read(key, undefined, { signal })) ?? "absent");
  }
  for (const [key, { size }] of run.volumes) hash.update(`\n${key}/\0${size ?? "?"}`);
  return hash.digest("hex");
}
