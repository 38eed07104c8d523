import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { throwIfCancelled } from "../../../core/cancel.js";
import { EmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { compareKeys } from "../../../stores/keys.js";

/** A file of a source, under the name that the bucket gives it. */
export interface SourceFile {
  /** Relative to the source, with `/`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedMs: number;
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for files that cannot be sent: broken and circular links, names that are not UTF-8, unreadable files. */
  readonly onSkip?: ((path: string, error: EmporiumError) => void) | undefined;
}

/** Questions about files in flight. */
const STATS_IN_FLIGHT = 64;

/**
 * Every file below a folder that `aws s3 sync` would send: also hidden files and targets of links, but no pipes, sockets and
 * devices. In the order of a bucket's listing (UTF-8, folders with their `/`), with one folder a level in memory.
 *
 * @throws {EmporiumError} STORE_DENIED, STORE_FAILED, … if the folder itself cannot be listed
 */
export async function* walkSource(folder: string, options: WalkOptions = {}): AsyncGenerator<SourceFile> {
  const real = await realpath(folder).catch((error: unknown) => {
    throw fileError(error, folder, "listed");
  });
  yield* below(folder, "", [real], options);
}

/** One file as a source, under its own name. */
export async function* walkFile(file: string, { onSkip }: WalkOptions = {}): AsyncGenerator<SourceFile> {
  const path = basename(file);
  try {
    const { size, mtimeMs } = await stat(file);
    yield { path, size, modifiedMs: mtimeMs };
  } catch (error) {
    onSkip?.(path, fileError(error, file, "read"));
  }
}

interface Item {
  /** A folder's ends with `/`. */
  readonly name: string;
  readonly file?: SourceFile;
}

async function* below(
  folder: string,
  prefix: string,
  above: readonly string[],
  options: WalkOptions,
): AsyncGenerator<SourceFile> {
  throwIfCancelled(options.signal);
  const here = join(folder, prefix);
  const skip = (name: string, error: EmporiumError) => options.onSkip?.(prefix + name, error);
  const entries = await readdir(here, { withFileTypes: true }).catch((error: unknown) => {
    const known = fileError(error, here, "listed");
    if (prefix === "") throw known;
    options.onSkip?.(prefix, known);
    return [];
  });
  const items: Item[] = [];
  for (let at = 0; at < entries.length; at += STATS_IN_FLIGHT) {
    throwIfCancelled(options.signal);
    const found = await Promise.all(
      entries.slice(at, at + STATS_IN_FLIGHT).map(async (entry): Promise<Item | undefined> => {
        const { name } = entry;
        if (entry.isDirectory()) return { name: `${name}/` };
        if (!entry.isFile() && !entry.isSymbolicLink()) return undefined;
        try {
          const facts = await stat(join(here, name));
          if (facts.isDirectory()) return { name: `${name}/` };
          if (!facts.isFile()) return undefined;
          return { name, file: { path: prefix + name, size: facts.size, modifiedMs: facts.mtimeMs } };
        } catch (error) {
          skip(name, explain(error, join(here, name), entry.isSymbolicLink()));
          return undefined;
        }
      }),
    );
    for (const item of found) if (item) items.push(item);
  }
  items.sort((a, b) => compareKeys(a.name, b.name));
  for (const { name, file } of items) {
    if (file) {
      yield file;
      continue;
    }
    const path = join(here, name);
    const real = await realpath(path).catch((error: unknown) => void skip(name, explain(error, path, false)));
    if (real === undefined) continue;
    if (above.includes(real)) {
      skip(name, new EmporiumError("STORE_FAILED", `${path} is a link to a folder that it lies in`, { place: { file: path } }));
    } else yield* below(folder, prefix + name, [...above, real], options);
  }
}

function explain(error: unknown, path: string, link: boolean): EmporiumError {
  if (path.includes("\ufffd")) {
    return new EmporiumError("NAME_UNSAFE", `${path} has a name that is not UTF-8`, {
      place: { file: path },
      hint: "rename it, for example with convmv",
    });
  }
  const known = fileError(error, path, "read");
  if (!link || known.code !== "STORE_ABSENT") return known;
  return new EmporiumError("STORE_ABSENT", `${path} is a link to nothing`, { place: { file: path } });
}
