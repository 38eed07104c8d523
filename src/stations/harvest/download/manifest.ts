import { open, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { compareKeys } from "../../../stores/keys.js";

/** One line of the manifest: one object. */
export interface ManifestEntry {
  /** Path below the destination, with `/`. */
  rel: string;
  /** The requested address, without secrets and mirrors. */
  url: string;
  /** `done`: here and complete. `absent`: the store has no such chunk, so it is the fill value. `failed`: see `error`. */
  status: "done" | "absent" | "failed";
  size?: number | undefined;
  /** SHA-256 of the written file in lower-case hexadecimal, kept where a later download of the same object failed. */
  sha256?: string | undefined;
  /** The store's etag, by which the next run recognises a changed object. */
  etag?: string | undefined;
  /** Modification time of the remote object, ISO 8601. */
  modified?: string | undefined;
  /** The proof of the SHA-256: `sidecar`, `etag`, `listing`, `given`; or `own`: none. */
  checksum?: string | undefined;
  retrieved_at: string;
  /** Modification time of the local file, ISO 8601. If the file has changed since, it is hashed again. */
  written?: string | undefined;
  error?: { code: string; message: string } | undefined;
}

export interface Manifest {
  readonly path: string;
  get(rel: string): ManifestEntry | undefined;
  entries(): IterableIterator<ManifestEntry>;
  /** Adds or replaces the line of an object. Lines are written in the order of the calls. */
  put(entry: ManifestEntry): Promise<void>;
  /** Closes the file. `tidy`: first writes it sorted, with one line for each object, if anything was added. */
  close(options?: { tidy?: boolean }): Promise<void>;
}

/** The largest manifest that is read, about the longest string there can be. A manifest of a million chunks has some 400 MB. */
const BYTES_MAX = 512 * 1024 * 1024;

export interface ManifestOptions {
  readOnly?: boolean;
  /** Manifest of earlier downloads, which is asked for objects without a line of their own here. */
  earlier?: Manifest;
}

/**
 * The manifest of a destination: JSON lines that are appended during a download, so that it can resume. The last line for an
 * object counts; an incomplete last line is dropped.
 *
 * @throws {EmporiumError} STORE_FAILED for a file that is no manifest; it is not overwritten
 */
export async function openManifest(path: string, { readOnly = false, earlier }: ManifestOptions = {}): Promise<Manifest> {
  const { entries, torn } = parseManifest(await contentOf(path), path);
  let added = 0;
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  let queue: Promise<void> = Promise.resolve();
  let waiting: string[] = [];

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const text = waiting.join("");
    waiting = [];
    if (!handle) {
      // an incomplete line would otherwise be in the middle
      if (torn !== undefined) await truncate(path, torn);
      handle = await open(path, "a");
    }
    await handle.write(text);
  }

  const get = (rel: string) => entries.get(rel) ?? earlier?.get(rel);

  return {
    path,
    get,
    entries: () => entries.values(),
    put(given) {
      const before = get(given.rel);
      // a failure leaves the file in its place, which stays a download of ours
      const entry = before?.url === given.url && given.status !== "done" ? { ...given, sha256: before.sha256 } : given;
      entries.set(entry.rel, entry);
      if (readOnly) return Promise.resolve();
      added++;
      waiting.push(`${lineOf(entry)}\n`);
      // lines that come during a write go with the next one
      queue = queue.then(flush);
      return queue;
    },
    async close({ tidy = false } = {}) {
      await queue;
      await handle?.close();
      handle = undefined;
      if (!tidy || readOnly || added === 0) return;
      const sorted = [...entries.values()].sort((a, b) => compareKeys(a.rel, b.rel));
      const part = `${path}.part`;
      await writeFile(part, sorted.map((entry) => `${lineOf(entry)}\n`).join(""));
      await rename(part, path);
    },
  };
}

/** One line, without fields that do not apply. */
export function lineOf(entry: ManifestEntry): string {
  const { rel, url, status, size, sha256, etag, modified, checksum, retrieved_at, written, error } = entry;
  const fields: JsonObject = { rel, url, status, size, sha256, etag, modified, checksum, retrieved_at, written, error };
  // line ends in texts are escaped, so these are between fields
  return printJson(fields, { indent: 0 }).replaceAll("\n", "");
}

async function contentOf(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > BYTES_MAX) throw notOurs(path, `${counted(bytes.length, "byte")} are too many`);
    return bytes.toString("utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** @returns the entries, and the length of the complete lines if the last one is incomplete */
export function parseManifest(text: string, path: string): { entries: Map<string, ManifestEntry>; torn: number | undefined } {
  const entries = new Map<string, ManifestEntry>();
  const rows = text.split("\n");
  const last = rows.pop() ?? "";
  const torn = last === "" ? undefined : Buffer.byteLength(text) - Buffer.byteLength(last);
  // a last line that is cut off would be removed, so it must be one of ours; a power loss leaves zeros
  if (!/^\0*$/.test(last) && !last.startsWith(BEGINS.slice(0, last.length)))
    throw notOurs(path, `line ${rows.length + 1} is not an entry of one`, rows.length + 1);
  for (const [at, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const entry = entryOf(row);
    if (!entry) throw notOurs(path, `line ${at + 1} is not an entry of one`, at + 1);
    entries.set(entry.rel, entry);
  }
  return { entries, torn };
}

/** Start of each line, as `lineOf` writes it. */
const BEGINS = '{"rel": "';

function entryOf(row: string): ManifestEntry | undefined {
  try {
    const value = parseJson(row) as Partial<ManifestEntry> | null;
    const whole =
      typeof value?.rel === "string" &&
      typeof value.url === "string" &&
      ["done", "absent", "failed"].includes(value.status ?? "") &&
      (value.size === undefined || typeof value.size === "number");
    return whole ? (value as ManifestEntry) : undefined;
  } catch {
    return undefined;
  }
}

function notOurs(path: string, fault: string, line?: number): EmporiumError {
  return new EmporiumError("STORE_FAILED", `${path} is not a manifest of a download: ${fault}`, {
    place: { file: path, line },
    hint: "name another file with --manifest, or move this one away",
  });
}

/** The part of an error that a line of the manifest has. */
export function errorOf({ code, message }: ErrorRecord): { code: string; message: string } {
  return { code, message };
}
