import { closeSync, createReadStream, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Clock } from "../../../core/clock.js";
import { toErrorRecord } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson, printJsonLine } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import { redact } from "../../../core/redact.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import type { BegunUpload, SyncCounts, SyncRecorder, UnheardUpload } from "./task.js";

/**
 * The log of a run, a JSON object in each line: `{t, item, key, bytes, action: put|skip|delete|fail, reason?, etag?, error?}`;
 * lines `beginning`, `begun` and `ended` of multipart uploads; and a `summary` for each item. A run takes over the unfinished
 * uploads of the previous log and replaces it, so the file describes the last run and does not grow from run to run.
 *
 * The bucket itself shows what is done. If this file is lost, only the parts of unfinished uploads are lost.
 */
export interface RunLog extends SyncRecorder {
  readonly path: string;
  summary(id: string, counts: SyncCounts): void;
  /** Adds lines from the log of another machine that has done a part of this run. */
  add(lines: string): void;
  /** Uploads that the previous run began and this one did not continue. */
  abandoned(): readonly BegunUpload[];
  /** Uploads that the previous run requested without getting an answer, for keys that this one did not upload in parts. */
  abandonedUnheard(): readonly UnheardUpload[];
  /** Syncs and closes the file. */
  close(): void;
}

const FLUSH_BYTES = 64 * 1024;

export async function openRunLog(folder: string, name: string, clock: Clock): Promise<RunLog> {
  const path = join(folder, `${name}.jsonl`);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, folder, "written");
  });
  const { open, unheard } = await unfinished(path);
  const untouched = new Set([...open.keys(), ...unheard.keys()]);
  const part = `${path}.part`;
  const file = openSync(part, "w");
  let held = "";

  function flush(): void {
    if (held === "") return;
    const text = held;
    held = "";
    try {
      writeSync(file, text);
    } catch (error) {
      throw fileError(error, path, "written");
    }
  }
  function line(facts: JsonObject): void {
    held += `${printJsonLine({ t: new Date(clock.now()).toISOString(), ...facts })}\n`;
    if (held.length >= FLUSH_BYTES) flush();
  }

  for (const upload of open.values()) line({ action: "begun", ...upload } as unknown as JsonObject);
  for (const upload of unheard.values()) line({ action: "beginning", ...upload });
  flush();
  fsyncSync(file);
  renameSync(part, path);
  return {
    path,
    put: (item, key, bytes, reason, etag) =>
      line({ item, key, bytes, action: "put", reason, ...(etag === undefined ? {} : { etag }) }),
    skip: (item, key, bytes) => line({ item, key, bytes, action: "skip" }),
    removed: (item, key, bytes) => line({ item, key, bytes, action: "delete" }),
    fail: (item, key, error) =>
      line({ item, key, action: "fail", error: { code: error.code, message: redact(toErrorRecord(error).message) } }),
    beginning(key) {
      line({ action: "beginning", key, sinceMs: clock.now() });
      flush();
      fsyncSync(file);
    },
    begun(upload) {
      open.set(upload.key, upload);
      unheard.delete(upload.key);
      line({ action: "begun", ...upload } as unknown as JsonObject);
      flush();
      fsyncSync(file);
    },
    ended(key) {
      open.delete(key);
      unheard.delete(key);
      untouched.delete(key);
      line({ action: "ended", key });
      flush();
    },
    earlier(key) {
      untouched.delete(key);
      return open.get(key);
    },
    unheard(key) {
      untouched.delete(key);
      return unheard.get(key);
    },
    add(lines) {
      held += lines;
      flush();
    },
    abandoned: () => [...untouched].flatMap((key) => open.get(key) ?? []),
    abandonedUnheard: () => [...untouched].flatMap((key) => unheard.get(key) ?? []),
    summary(item, { files, bytes, sent, sentBytes, skipped, removed, failed }) {
      line({
        item,
        action: "summary",
        files,
        bytes,
        put: sent,
        putBytes: sentBytes,
        skip: skipped,
        delete: removed,
        fail: failed,
      });
    },
    close() {
      flush();
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/** Recorder of a run that changes nothing. */
export const NO_RECORD: SyncRecorder = {
  put: () => {},
  skip: () => {},
  removed: () => {},
  fail: () => {},
  beginning: () => {},
  begun: () => {},
  ended: () => {},
  earlier: () => undefined,
  unheard: () => undefined,
};

interface Unfinished {
  readonly open: Map<string, BegunUpload>;
  /** Uploads that were requested after the open ones of the same key. */
  readonly unheard: Map<string, UnheardUpload>;
}

/** Uploads that the previous run began or requested, and did not end. Incomplete and unknown lines are skipped. */
async function unfinished(path: string): Promise<Unfinished> {
  const found: Unfinished = { open: new Map(), unheard: new Map() };
  const input = createReadStream(path, "utf8");
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (/"(?:beginning|begun|ended)"/.test(text)) take(recordOf(text), found);
    }
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fileError(error, path, "read");
  }
  return found;
}

function take(record: ReturnType<typeof recordOf>, { open, unheard }: Unfinished): void {
  const { action, key, token, size, modifiedMs, partBytes, sinceMs } = record ?? {};
  if (typeof key !== "string") return;
  if (action === "beginning") unheard.set(key, { key, sinceMs: Number(sinceMs) });
  if (action === "ended" || action === "begun") unheard.delete(key);
  if (action === "ended") open.delete(key);
  if (action !== "begun" || typeof token !== "string") return;
  open.set(key, { key, token, size: Number(size), modifiedMs: Number(modifiedMs), partBytes: Number(partBytes) });
}

function recordOf(text: string): { readonly [key: string]: Json | undefined } | undefined {
  try {
    const value = parseJson(text);
    return jsonObject(value);
  } catch {
    return undefined;
  }
}
