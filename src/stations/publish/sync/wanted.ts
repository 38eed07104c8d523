import { stat } from "node:fs/promises";
import { asEmporiumError, EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { checkKey, compareKeys } from "../../../stores/keys.js";
import { absent, objectName, type Stat, type Store } from "../../../stores/store.js";
import { refuseLeaving, walkSource } from "../plan/walk.js";
import type { SourceFacts } from "./source-bytes.js";

/** Files that belong under keys of a target. */
export interface SyncSource {
  /** Name in reports and the log; sources of one item share it. */
  readonly id: string;
  /** `folder`: all files below `path`, under `key/relative`. `file`: one file, under `key`. */
  readonly kind: "folder" | "file";
  /** Absolute path, or a key of `store` without a last `/`. */
  readonly path: string;
  /** The store of `path`. Default: this machine. */
  readonly store?: Store | undefined;
  /** On this machine: the folder that links must not leave. Default: `path`, or the folder of the file. */
  readonly root?: string | undefined;
  /** Key in the target store without a last `/`; `""` is its root. */
  readonly key: string;
  /** Whether a path below the source, or a single file's name, is sent. Objects of other paths are not removed either. */
  takes(path: string): boolean;
  /** Whether objects that the source does not have may be removed. Default true. */
  readonly removes?: boolean | undefined;
}

/** A file, and the key under which it belongs in the target. */
export interface WantedFile extends SourceFacts {
  readonly source: SyncSource;
  readonly key: string;
}

/** Called for a file that cannot be sent. `key` is given as far as it is known. */
export type OnUnsendable = (source: SyncSource, key: string, error: EmporiumError) => void;

/** The files of all sources in the order of their keys. A key of two sources appears twice. */
export async function* wantedFiles(
  sources: readonly SyncSource[],
  onUnsendable: OnUnsendable,
  signal: AbortSignal | undefined,
): AsyncGenerator<WantedFile> {
  if (sources.length === 1) return yield* filesOf(sources[0]!, onUnsendable, signal);
  const walks = sources.map((source) => filesOf(source, onUnsendable, signal));
  try {
    const heads = await Promise.all(walks.map((walk) => walk.next()));
    for (;;) {
      let least = -1;
      for (const [at, head] of heads.entries()) {
        if (!head.done && (least < 0 || compareKeys(head.value.key, heads[least]!.value!.key) < 0)) least = at;
      }
      if (least < 0) return;
      yield heads[least]!.value!;
      heads[least] = await walks[least]!.next();
    }
  } finally {
    for (const walk of walks) await walk.return(undefined);
  }
}

async function* filesOf(source: SyncSource, onUnsendable: OnUnsendable, signal?: AbortSignal): AsyncGenerator<WantedFile> {
  const { kind, path, key } = source;
  if (source.store) return yield* objectsOf(source, source.store, onUnsendable, signal);
  if (kind === "file") {
    if (!source.takes(path.slice(path.lastIndexOf("/") + 1))) return;
    const left = await leaving(path, source.root);
    if (left) return onUnsendable(source, key, left);
    const facts = await stat(path).catch((error: unknown) => {
      throw fileError(error, path, "read");
    });
    if (!facts.isFile()) {
      throw new EmporiumError("STORE_FAILED", `${path} is not a plain file`, {
        place: { file: path },
        hint: "name a file, or a folder to sync",
      });
    }
    yield { source, key: checkKey(key), path, size: facts.size, modifiedMs: facts.mtimeMs };
    return;
  }
  const [before, folder] = [key === "" ? "" : `${key}/`, path.endsWith("/") ? path : `${path}/`];
  const onSkip = (relative: string, error: EmporiumError) => {
    if (source.takes(relative)) onUnsendable(source, before + relative, error);
  };
  for await (const file of walkSource(path, { root: source.root, signal, onSkip })) {
    if (!source.takes(file.path) || !isSendable(source, before + file.path, onUnsendable)) continue;
    const { size, modifiedMs } = file;
    yield { source, key: before + file.path, path: folder + file.path, size, modifiedMs };
  }
}

/** The error of a link that leaves its root. Other faults of the file are reported by those who read it. */
async function leaving(path: string, root: string | undefined): Promise<EmporiumError | undefined> {
  try {
    await refuseLeaving(path, root);
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_DENIED") return error;
  }
  return undefined;
}

function isSendable(source: SyncSource, key: string, onUnsendable: OnUnsendable): boolean {
  try {
    checkKey(key);
    return true;
  } catch (error) {
    onUnsendable(source, key, asEmporiumError(error));
    return false;
  }
}

/** The objects of a source that is a bucket, or in any other store. */
async function* objectsOf(
  source: SyncSource,
  store: Store,
  onUnsendable: OnUnsendable,
  signal: AbortSignal | undefined,
): AsyncGenerator<WantedFile> {
  const { kind, path, key } = source;
  const wanted = (full: string, name: string, { size, etag, modifiedMs = 0 }: Stat): WantedFile => ({
    ...{ source, key: full, path: objectName(store, name), size, modifiedMs },
    object: { store, key: name, etag },
  });
  if (kind === "file") {
    if (!source.takes(path.slice(path.lastIndexOf("/") + 1))) return;
    const stat = await store.stat(path, { signal });
    if (!stat) throw absent(store, path);
    yield wanted(checkKey(key), path, stat);
    return;
  }
  const [before, folder] = [key === "" ? "" : `${key}/`, path === "" ? "" : `${path}/`];
  for await (const entry of store.list(folder, { signal })) {
    const relative = entry.key.slice(folder.length);
    if (!source.takes(relative) || !isSendable(source, before + relative, onUnsendable)) continue;
    const stat = entry.approximate ? await store.stat(entry.key, { signal }) : entry;
    if (stat) yield wanted(before + relative, entry.key, stat);
  }
}
