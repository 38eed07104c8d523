import { open, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { compareKeys } from "../../../stores/keys.js";

/** What is known of one object that was asked for: one line of the manifest. */
export interface ManifestEntry {
  /** Below the destination, with `/`. */
  rel: string;
  /** Where it was asked for: without secrets, mirrors left out of account. */
  url: string;
  /** `done`: here and whole. `absent`: the store has no such chunk, so it is the fill value. `failed`: not here, for the reason in `error`. */
  status: "done" | "absent" | "failed";
  size?: number | undefined;
  /** Lower-case hexadecimal, over what was written. */
  sha256?: string | undefined;
  /** As the store gave it: what tells the next run whether the object has changed. */
  etag?: string | undefined;
  /** Of the remote object, ISO 8601. */
  modified?: string | undefined;
  /** What the SHA-256 was proved by: `sidecar`, `etag`, `listing`, `given`, or `own`: by nothing else. */
  checksum?: string | undefined;
  retrieved_at: string;
  /** Of the local file, ISO 8601: one that was changed since is hashed before it is believed. */
  written?: string | undefined;
  error?: { code: string; message: string } | undefined;
}

export interface Manifest {
  readonly path: string;
  get(rel: string): ManifestEntry | undefined;
  entries(): IterableIterator<ManifestEntry>;
  /** Adds or replaces the line of an object. Lines go to the disk in the order of the calls. */
  put(entry: ManifestEntry): Promise<void>;
  /** Lets go of the file. `tidy`: put in order before, one line an object, sorted; where nothing was added it stays as it is. */
  close(options?: { tidy?: boolean }): Promise<void>;
}

/** A manifest of a million chunks has some 400 MB; longer ones than a text can be are begun anew. */
const BYTES_MAX = 512 * 1024 * 1024;

/**
 * The manifest of a destination: JSON lines, appended one by one while a download goes on, so that a run that was killed knows what it has. Of several
 * lines for one object the last counts; a torn last line is dropped.
 *
 * @throws {EmporiumError} STORE_FAILED for a file that is there and is no manifest: nothing of it is overwritten.
 */
export async function openManifest(path: string, { readOnly = false }: { readOnly?: boolean } = {}): Promise<Manifest> {
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
      // a line that a kill has cut short would otherwise stand in the middle
      if (torn !== undefined) await truncate(path, torn);
      handle = await open(path, "a");
    }
    await handle.write(text);
  }

  return {
    path,
    get: (rel) => entries.get(rel),
    entries: () => entries.values(),
    put(entry) {
      entries.set(entry.rel, entry);
      if (readOnly) return Promise.resolve();
      added++;
      waiting.push(`${lineOf(entry)}\n`);
      // those that come while a write is under way go with the next one
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

/** One line; what does not apply is left out. */
export function lineOf(entry: ManifestEntry): string {
  const { rel, url, status, size, sha256, etag, modified, checksum, retrieved_at, written, error } = entry;
  const fields: JsonObject = { rel, url, status, size, sha256, etag, modified, checksum, retrieved_at, written, error };
  // a line end inside of a text is escaped, so these are the printer's own
  return printJson(fields, { indent: 0 }).replaceAll("\n", "");
}

async function contentOf(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > BYTES_MAX) throw notOurs(path, `it has ${bytes.length} bytes`);
    return bytes.toString("utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** @returns the entries, and how many bytes are whole lines where the last one is cut short. */
export function parseManifest(text: string, path: string): { entries: Map<string, ManifestEntry>; torn: number | undefined } {
  const entries = new Map<string, ManifestEntry>();
  const rows = text.split("\n");
  const last = rows.pop() ?? "";
  const torn = last === "" ? undefined : Buffer.byteLength(text) - Buffer.byteLength(last);
  for (const [at, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const entry = entryOf(row);
    if (!entry) throw notOurs(path, `line ${at + 1} is no entry of one`, at + 1);
    entries.set(entry.rel, entry);
  }
  return { entries, torn };
}

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
  return new EmporiumError("STORE_FAILED", `${path} is no manifest of a download: ${fault}`, {
    place: { file: path, line },
    hint: "name another file with --manifest, or move this one away",
  });
}

/** An error as a line has it. */
export function errorOf({ code, message }: ErrorRecord): { code: string; message: string } {
  return { code, message };
}
