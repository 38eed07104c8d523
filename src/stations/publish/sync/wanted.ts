import { stat } from "node:fs/promises";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file-errors.js";
import { checkKey, compareKeys } from "../../../stores/keys.js";
import { pathTaken } from "../plan/filters.js";
import { walkSource } from "../plan/walk.js";
import type { SyncSource } from "./task.js";

/** A file, and the key that it belongs under. */
export interface WantedFile {
  readonly source: SyncSource;
  readonly key: string;
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/** What of a source cannot be sent. `key` as far as it is known. */
export type OnUnsendable = (source: SyncSource, key: string, error: EmporiumError) => void;

/** The files of all sources, in the order of their keys. Two sources may give the same key one after the other. */
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
  const takes = pathTaken(source.filters);
  if (kind === "file") {
    if (!takes(path.slice(path.lastIndexOf("/") + 1))) return;
    const facts = await stat(path).catch((error: unknown) => {
      throw fileError(error, path, "read");
    });
    if (!facts.isFile()) {
      throw new EmporiumError("STORE_FAILED", `${path} is no plain file`, {
        place: { file: path },
        hint: "name a file, or a folder to sync",
      });
    }
    yield { source, key: checkKey(key), path, size: facts.size, modifiedMs: facts.mtimeMs };
    return;
  }
  const [before, folder] = [key === "" ? "" : `${key}/`, path.endsWith("/") ? path : `${path}/`];
  const onSkip = (relative: string, error: EmporiumError) => {
    if (takes(relative)) onUnsendable(source, before + relative, error);
  };
  for await (const file of walkSource(path, { signal, onSkip })) {
    if (!takes(file.path)) continue;
    const full = before + file.path;
    try {
      checkKey(full);
    } catch (error) {
      onUnsendable(source, full, asEmporiumError(error));
      continue;
    }
    yield { source, key: full, path: folder + file.path, size: file.size, modifiedMs: file.modifiedMs };
  }
}
