import { createHash } from "node:crypto";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { LIMITS } from "../../../core/limits.js";
import { checkKey } from "../../../stores/keys.js";
import { objectName, type Store, type Upload } from "../../../stores/store.js";

/**
 * A proof: what the objects of a folder were, in a file beside them that travels with them. Lines of JSON:
 *
 *     {"proof": "emporium", "format": 1, "folder": "10401/", "made": "2026-02-01T10:00:00Z", "program": "emporium 1.2.0"}
 *     {"key": "TS_1/run_metadata.json", "size": 93, "crc32": "3ba4a312"}        one an object, sorted within each group
 *     {"objects": 1, "bytes": 93, "basis": "receipts", "sha256": "…"}            SHA-256 of all bytes before this line
 *
 * Keys are relative to the folder, so a proof is valid for a copy anywhere; `folder` is its name in metadata. Basis `receipts`:
 * what ingest wrote. `as found`: there was no record of what was written, so the proof holds only from its making on.
 */
export const PROOF_NAME = "emporium-proof.jsonl";
const FORMAT = 1;

export type ProofBasis = "receipts" | "as found";

export interface ProofLine {
  /** Whole key in the store. */
  key: string;
  size: number;
  crc32: string;
  sha256?: string | undefined;
}

export interface Proof {
  key: string;
  /** Folder key under which the metadata know what it speaks of: `10401/`. */
  folder: string;
  made: string;
  program: string;
  basis: ProofBasis;
  objects: number;
  bytes: number;
  /** Groups that it has lines of. */
  groups: ReadonlySet<string>;
  /** Lines of one group. */
  of(group: string): Promise<ProofLine[]>;
}

const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Reads a proof through once and checks it, then by groups.
 *
 * @param groupOf gives the group of a whole key; the lines of a group are neighbours.
 * @returns undefined where there is none.
 * @throws {EmporiumError} FORMAT_CORRUPT where it is not as it was written, FORMAT_UNSUPPORTED for a later format.
 * Cost: memory of one block, and some bytes a group.
 */
export async function openProof(
  store: Store,
  proofFolder: string,
  groupOf: (key: string) => string,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const key = proofFolder + PROOF_NAME;
  const stat = await store.stat(key, { signal });
  if (!stat) return undefined;
  const name = objectName(store, key);
  const hash = createHash("sha256");
  const ranges = new Map<string, { from: number; to: number }>();
  let head: JsonObject | undefined;
  let ended = false;
  let basis: ProofBasis = "as found";
  let objects = 0;
  let bytes = 0;
  for await (const { text, from, to, raw } of linesOf(store, key, stat.size, signal)) {
    if (ended) throw damaged(name, from, "lines follow the last one");
    const document = parseLine(text, name, from);
    if (!head) head = requireHead(document, name);
    else if (document.key === undefined) {
      ended = true;
      basis = document.basis === "receipts" ? "receipts" : "as found";
      const wanted = printLine({ objects, bytes, basis, sha256: hash.copy().digest("hex") });
      if (Buffer.compare(raw, Buffer.from(wanted)) !== 0) throw damaged(name, from, "the last line does not fit those before");
    } else {
      const line = proofLine(document, proofFolder, name, from);
      const group = groupOf(line.key);
      const range = ranges.get(group);
      if (range && range.to !== from) throw damaged(name, from, `the lines of ${group} are not contiguous`);
      ranges.set(group, { from: range?.from ?? from, to });
      objects++;
      bytes += line.size;
    }
    hash.update(raw);
  }
  if (!head || !ended) throw damaged(name, stat.size, "the last line is missing");
  return {
    key,
    folder: String(head.folder),
    made: String(head.made),
    program: String(head.program),
    basis,
    objects,
    bytes,
    groups: new Set(ranges.keys()),
    async of(group) {
      const range = ranges.get(group);
      const lines: ProofLine[] = [];
      if (!range) return lines;
      for await (const { text, from } of linesOf(store, key, range.to, signal, range.from)) {
        lines.push(proofLine(parseLine(text, name, from), proofFolder, name, from));
      }
      return lines;
    },
  };
}

function damaged(name: string, byte: number, what: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `${name}: the proof is damaged: ${what}`, {
    place: { file: name, byte },
    hint: "copy the proof again from its origin, or make a new one with --write-proof",
  });
}

function parseLine(text: string, name: string, at: number): JsonObject {
  let value: Json;
  try {
    value = parseJson(text);
  } catch {
    throw damaged(name, at, "a line is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(name, at, "a line is not an object");
  return value as JsonObject;
}

function requireHead(head: JsonObject, name: string): JsonObject {
  if (head.proof !== "emporium") throw damaged(name, 0, "the first line is not that of a proof");
  if (head.format === FORMAT) return head;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: a proof of format ${String(head.format)}, ${FORMAT} is read`, {
    place: { file: name },
    hint: "use a later version of emporium",
  });
}

function proofLine({ key, size, crc32, sha256 }: JsonObject, folder: string, name: string, at: number): ProofLine {
  const fits = typeof key === "string" && Number.isSafeInteger(size) && typeof crc32 === "string" && /^[0-9a-f]{8}$/.test(crc32);
  if (!fits) throw damaged(name, at, "a line has no key, size and crc32");
  try {
    checkKey(key);
  } catch (error) {
    throw isEmporiumError(error) ? damaged(name, at, error.message) : error;
  }
  return { key: folder + key, size: size as number, crc32, ...(typeof sha256 === "string" ? { sha256 } : {}) };
}

interface TextLine {
  text: string;
  raw: Uint8Array;
  /** Bytes of the file, line feed included. */
  from: number;
  to: number;
}

/** Lines between two offsets that are ends of lines. */
async function* linesOf(store: Store, key: string, end: number, signal: AbortSignal, begin = 0): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder("utf-8", { fatal: false });
  let rest: Uint8Array = new Uint8Array(0);
  let at = begin;
  for (let offset = begin; offset < end; offset += BLOCK_BYTES) {
    const block = await store.read(key, { offset, length: Math.min(BLOCK_BYTES, end - offset) }, { signal });
    if (!block) return;
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    let from = 0;
    for (let feed = bytes.indexOf(0x0a); feed >= 0; feed = bytes.indexOf(0x0a, from)) {
      const raw = bytes.subarray(from, feed + 1);
      yield { text: decoder.decode(raw.subarray(0, -1)), raw, from: at, to: at + raw.length };
      at += raw.length;
      from = feed + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > LIMITS.metadataBytes) throw damaged(objectName(store, key), at, "a line has no line break");
  }
  // a file that does not end with a line feed was cut, or is another file
  if (rest.length > 0) yield { text: decoder.decode(rest), raw: rest, from: at, to: at + rest.length };
}

/** One line, with its line feed. */
function printLine(value: JsonObject): string {
  return `${printJson(value, { indent: 0 }).replace(/\n/g, " ").replace(/^\{ /, "{").replace(/ \}$/, "}")}\n`;
}

export interface ProofHead {
  folder: string;
  madeMs: number;
  program: string;
}

/** Writes a proof line by line, in bounded memory; nothing is visible before `finish`. */
export function proofWriter(store: Store, proofFolder: string, head: ProofHead, signal: AbortSignal) {
  const key = proofFolder + PROOF_NAME;
  const hash = createHash("sha256");
  let upload: Upload | undefined;
  let parts = 0;
  let pending: Buffer[] = [];
  let held = 0;
  let objects = 0;
  let bytes = 0;
  const add = (value: JsonObject) => {
    const line = Buffer.from(printLine(value));
    hash.update(line);
    pending.push(line);
    held += line.length;
  };
  /** All parts but the last have one size: by it a file store knows where they go. */
  const flush = async (all: boolean) => {
    let body = Buffer.concat(pending);
    while (body.length >= LIMITS.partBytesMin || (all && body.length > 0)) {
      upload ??= await store.create(key, { contentType: "application/jsonl", signal });
      await upload.part(++parts, body.subarray(0, LIMITS.partBytesMin), { signal });
      body = body.subarray(LIMITS.partBytesMin);
    }
    pending = [body];
    held = body.length;
  };
  add({
    proof: "emporium",
    format: FORMAT,
    folder: head.folder,
    made: new Date(head.madeMs).toISOString().replace(/\.000Z$/, "Z"),
    program: head.program,
  });
  return {
    key,
    async add(line: ProofLine): Promise<void> {
      const { size, crc32, sha256 } = line;
      add({ key: line.key.slice(proofFolder.length), size, crc32, ...(sha256 === undefined ? {} : { sha256 }) });
      objects++;
      bytes += size;
      if (held >= LIMITS.partBytesMin) await flush(false);
    },
    async finish(basis: ProofBasis): Promise<void> {
      add({ objects, bytes, basis, sha256: hash.copy().digest("hex") });
      await flush(true);
      await upload!.finish({ signal });
    },
    async abort(): Promise<void> {
      await upload?.abort();
    },
  };
}
