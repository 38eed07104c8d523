import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { throwIfCancelled } from "../../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { isInside, leavesFolder } from "../../../stores/file/inside.js";
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
  /** The folder that no link may leave. Default: the folder of the walk, or the one that holds the file. */
  readonly root?: string | undefined;
  /** Called for files that cannot be sent: links that leave the folder, broken and circular links, names that are not UTF-8, unreadable files, pipes, sockets and devices. */
  readonly onSkip?: ((path: string, error: EmporiumError) => void) | undefined;
}

/** Questions about files in flight. */
const STATS_IN_FLIGHT = 64;

/**
 * Every file below a folder that `aws s3 sync` would send: also hidden files and targets of links that stay inside. Pipes,
 * sockets and devices are skipped with a word, as it does. In the order of a bucket's listing (UTF-8, folders with their `/`), with one folder a level in memory.
 *
 * @throws {EmporiumError} STORE_DENIED, STORE_FAILED, … if the folder itself cannot be listed
 */
export async function* walkSource(folder: string, options: WalkOptions = {}): AsyncGenerator<SourceFile> {
  const real = await realpath(folder).catch((error: unknown) => {
    throw fileError(error, folder, "listed");
  });
  const root = { folder: options.root ?? folder, real: await rootOf(options.root ?? folder) };
  if (!isInside(root.real, real)) options.onSkip?.("", leavesFolder(folder, root.folder, real));
  else yield* below(folder, "", [real], { ...options, root });
}

/** One file as a source, under its own name. */
export async function* walkFile(file: string, { root, onSkip }: WalkOptions = {}): AsyncGenerator<SourceFile> {
  const path = basename(file);
  try {
    await refuseLeaving(file, root);
    const { size, mtimeMs } = await stat(file);
    yield { path, size, modifiedMs: mtimeMs };
  } catch (error) {
    onSkip?.(path, isEmporiumError(error) ? error : fileError(error, file, "read"));
  }
}

/**
 * One file, which a link may not bring from elsewhere.
 *
 * @param root the folder that no link may leave; default: the one that holds the file
 * @throws {EmporiumError} STORE_DENIED  @throws what `realpath` throws
 */
export async function refuseLeaving(file: string, root = dirname(file)): Promise<void> {
  const [realRoot, real] = [await rootOf(root), await realpath(file)];
  if (!isInside(realRoot, real)) throw leavesFolder(file, root, real);
}

async function rootOf(folder: string): Promise<string> {
  return realpath(folder).catch((error: unknown) => {
    throw fileError(error, folder, "listed");
  });
}

interface Walking extends Omit<WalkOptions, "root"> {
  readonly root: { readonly folder: string; readonly real: string };
}

interface Item {
  /** A folder's ends with `/`. */
  readonly name: string;
  readonly file?: SourceFile;
}

async function* below(folder: string, prefix: string, above: readonly string[], options: Walking): AsyncGenerator<SourceFile> {
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
        if (!entry.isFile() && !entry.isSymbolicLink()) return void skip(name, notSent(join(here, name), "special"));
        try {
          if (entry.isSymbolicLink()) {
            const real = await realpath(join(here, name));
            if (!isInside(options.root.real, real)) throw leavesFolder(join(here, name), options.root.folder, real);
          }
          const facts = await stat(join(here, name));
          if (facts.isDirectory()) return { name: `${name}/` };
          if (!facts.isFile()) return void skip(name, notSent(join(here, name), "special"));
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
      skip(name, notSent(path, "above"));
    } else yield* below(folder, prefix + name, [...above, real], options);
  }
}

/** Why a link is not sent that has nothing behind it, or a folder that it lies in, and so what is no file. @param path of it */
export function notSent(path: string, leads: "above" | "nowhere" | "special"): EmporiumError {
  const place = { file: path };
  if (leads === "nowhere") return new EmporiumError("STORE_ABSENT", `${path} is a link to nothing`, { place });
  const what = leads === "above" ? "a link to a folder that it lies in" : "a pipe, socket or device, which cannot be sent";
  return new EmporiumError("STORE_FAILED", `${path} is ${what}`, { place });
}

function explain(error: unknown, path: string, link: boolean): EmporiumError {
  if (isEmporiumError(error)) return error;
  if (path.includes("\ufffd")) {
    return new EmporiumError("NAME_UNSAFE", `${path} has a name that is not UTF-8`, {
      place: { file: path },
      hint: "rename it, for example with convmv",
    });
  }
  const known = fileError(error, path, "read");
  return link && known.code === "STORE_ABSENT" ? notSent(path, "nowhere") : known;
}
