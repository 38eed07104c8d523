import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { Recent } from "../../core/recent.js";
import { formatBytes } from "../../core/units.js";
import type { TaskInput } from "../../engine/task.js";
import { absent, objectName, type Stat, type Store } from "../../stores/store.js";

/** A small file that a plan has read, with what identified it then. */
export interface SourceFile {
  readonly key: string;
  /** Name as the user knows it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly input: TaskInput;
}

/** Reads small files (mdoc, angles, tables) while a plan is made; one that several runs share is read once. */
export interface SourceFiles {
  /**
   * @param where the source, or the target for what is there already.
   * @param stat as a listing gave it: spares asking again.
   * @throws {EmporiumError} STORE_…, FORMAT_LIMIT for a file that is not small
   */
  read(where: "source" | "target", key: string, stat?: Stat | undefined): Promise<SourceFile>;
  /** Whether a file of the source was read. */
  wasRead(key: string): boolean;
  /** The result of `make` for a file, computed once however many runs share the file. `what` tells two makers apart. */
  parsed<T>(file: SourceFile, what: string, make: (file: SourceFile) => T): T;
}

/** Files kept in memory: those of the runs that are looked at side by side, and any that is shared. */
const FILES_KEPT = 256;

export function sourceFiles(stores: { source: Store; target: Store }, signal?: AbortSignal): SourceFiles {
  const files = new Recent<string, Promise<SourceFile>>(FILES_KEPT);
  const keysRead = new Set<string>();
  const made = new WeakMap<SourceFile, Map<string, { value?: unknown; error?: unknown }>>();
  const read = async (where: "source" | "target", key: string, known: Stat | undefined): Promise<SourceFile> => {
    const store = stores[where];
    const name = objectName(store, key);
    const stat = known ?? (await store.stat(key, { signal }));
    if (!stat) throw absent(store, key);
    if (stat.size > LIMITS.headerBytes) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${name} has ${formatBytes(stat.size)}; expected a text file of at most ${formatBytes(LIMITS.headerBytes)}`,
        { place: { file: name }, hint: "check that the glob finds the right file" },
      );
    }
    const bytes = await store.read(key, undefined, { signal, ifMatch: stat.etag });
    if (!bytes) throw absent(store, key);
    return { key, name, bytes, input: { key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs } };
  };
  return {
    read(where, key, stat) {
      const id = `${where} ${key}`;
      if (where === "source") keysRead.add(key);
      const file = files.get(id) ?? read(where, key, stat);
      files.set(id, file);
      return file;
    },
    wasRead: (key) => keysRead.has(key),
    parsed<T>(file: SourceFile, what: string, make: (file: SourceFile) => T): T {
      let results = made.get(file);
      if (!results) {
        results = new Map();
        made.set(file, results);
      }
      let result = results.get(what);
      if (!result) {
        try {
          result = { value: make(file) };
        } catch (error) {
          result = { error };
        }
        results.set(what, result);
      }
      if ("error" in result) throw result.error;
      return result.value as T;
    },
  };
}
