import { randomBytes } from "node:crypto";
import { appendFile, type FileHandle, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { ReadOptions } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { crcText } from "../../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { IoMode } from "../io-mode.js";
import { isPartName } from "../keys.js";
import type { Stat, Upload, UploadPart } from "../store.js";
import { checkPart, orderedParts } from "../upload.js";
import { closeHandles, openToWrite, writePages } from "./direct.js";
import { fileError } from "./errors.js";
import { partName } from "./part-names.js";
import { absentAs, type FileRoot } from "./root.js";
import { syncPath } from "./sync.js";
import { writeFully } from "./write-fully.js";

/**
 * An upload on disk is a hidden folder beside its key:
 *
 *     key      the key, and the slot size once it is known
 *     log      one line a part: number, size, CRC-32, where it lies
 *     body     slots of one size: part n at (n − 1) × slot
 *     side-n   a part that came before part 1 told the slot size, or is larger than a slot
 *
 * Parts that fit their slots need no second copy: `finish` renames `body`. A part whose bytes do not have the logged checksum (a
 * power loss came between) is as if it was never sent, so nothing needs a sync before `finish`.
 */
interface Held {
  part: UploadPart;
  where: "body" | "side";
}

interface UploadContext {
  resume: string | undefined;
  sync: boolean;
  io: IoMode;
  /** Bytes of the whole, as far as that is known. */
  size: number | undefined;
  /** Gives the finished file its name, under the conditions of the upload. */
  place(part: string, target: string): Promise<Stat>;
}

const TOKEN = /^u[0-9a-f]{16}$/;
const COPY_BYTES = 4 * 1024 * 1024;

/** @param target real path of the key; its folder exists. @param shown the path for messages. */
export async function fileUpload(key: string, target: string, shown: string, context: UploadContext): Promise<Upload> {
  const folderOf = (token: string) => join(dirname(target), partName(basename(target), token));
  const earlier =
    context.resume !== undefined && TOKEN.test(context.resume) ? await load(folderOf(context.resume), key) : undefined;
  const token = earlier ? context.resume! : `u${randomBytes(8).toString("hex")}`;
  const folder = folderOf(token);
  const held = earlier?.held ?? new Map<number, Held>();
  let slot = earlier?.slot;
  let logTail: Promise<unknown> = Promise.resolve();
  if (!earlier) {
    await mkdir(folder);
    await writeFile(join(folder, "key"), JSON.stringify({ key }));
    await writeFile(join(folder, "body"), "");
  }
  const body = join(folder, "body");
  const side = (number: number) => join(folder, `side-${number}`);
  const busy = new Map<number, Promise<unknown>>();

  async function store(number: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<UploadPart> {
    if (number === 1 && slot === undefined && bytes.length > 0) {
      slot = bytes.length;
      await writeFile(join(folder, "key"), JSON.stringify({ key, slot }));
    }
    const where = slot !== undefined && bytes.length <= slot ? "body" : "side";
    if (where === "body") await writePart(body, bytes, (number - 1) * slot!, context, signal);
    else await writeSide(side(number), bytes, signal);
    const part: UploadPart = { number, size: bytes.length, etag: crcText(crc32(bytes)) };
    // Lines are appended one after another, so that a kill can only tear the last.
    logTail = logTail.then(() => appendFile(join(folder, "log"), `${number} ${part.size} ${part.etag} ${where}\n`));
    await logTail;
    held.set(number, { part, where });
    return part;
  }

  return {
    key,
    token,
    partBytesMin: 1,
    parts: orderedParts(held.values(), ({ part }) => part),
    async part(number: number, bytes: Uint8Array, { signal }: ReadOptions = {}) {
      checkPart(key, number);
      throwIfCancelled(signal);
      const turn = (busy.get(number) ?? Promise.resolve()).then(
        () => store(number, bytes, signal),
        () => store(number, bytes, signal),
      );
      busy.set(number, turn);
      try {
        return await turn;
      } catch (error) {
        throw gone(error, shown, token);
      } finally {
        if (busy.get(number) === turn) busy.delete(number);
      }
    },
    async finish({ signal }: ReadOptions = {}) {
      throwIfCancelled(signal);
      try {
        const order = orderedParts(held.values(), ({ part }) => part, key).map(({ number }) => held.get(number)!);
        const whole = await assemble(order, folder, slot ?? 0, signal);
        if (context.sync) await syncPath(whole, "file");
        const stat = await context.place(whole, target);
        await rm(folder, { recursive: true, force: true });
        return stat;
      } catch (error) {
        throw gone(error, shown, token);
      }
    },
    async abort() {
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
        throw fileError(error, shown, "removed");
      });
    },
  };
}

/** A part among the others: past the cache where the whole is long, and the part begins on a page of memory and of the file. */
async function writePart(
  path: string,
  bytes: Uint8Array,
  position: number,
  { io, size = 0 }: UploadContext,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await openToWrite(path, io, size);
  try {
    throwIfCancelled(signal);
    await writePages(file, bytes, position);
  } finally {
    await closeHandles(file);
  }
}

async function writeSide(path: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const handle = await open(path, "w");
  try {
    await writeFully(handle, bytes, 0, signal);
  } finally {
    await handle.close();
  }
}

/** The file with all parts joined: `body` itself where every part but the last fills its slot, else a copy. */
async function assemble(order: readonly Held[], folder: string, slot: number, signal: AbortSignal | undefined): Promise<string> {
  const body = join(folder, "body");
  const total = order.reduce((sum, { part }) => sum + part.size, 0);
  const dense = order.every(({ part }, i) => part.size === slot || (i === order.length - 1 && part.size <= slot));
  const whole = dense ? body : join(folder, "joined");
  const output = await open(whole, dense ? "r+" : "w");
  try {
    let offset = 0;
    for (const { part, where } of order) {
      if (where === "side") await copyInto(output, offset, join(folder, `side-${part.number}`), 0, part.size, signal);
      else if (!dense) await copyInto(output, offset, body, (part.number - 1) * slot, part.size, signal);
      offset += part.size;
    }
    await output.truncate(total);
  } finally {
    await output.close();
  }
  return whole;
}

async function copyInto(
  output: FileHandle,
  offset: number,
  from: string,
  start: number,
  size: number,
  signal?: AbortSignal,
): Promise<void> {
  const input = await open(from, "r");
  try {
    const buffer = new Uint8Array(Math.min(COPY_BYTES, size));
    for (let done = 0; done < size; ) {
      throwIfCancelled(signal);
      const { bytesRead } = await input.read(buffer, 0, Math.min(buffer.length, size - done), start + done);
      if (bytesRead === 0) throw new EmporiumError("STORE_FAILED", `${from} is shorter than the part that was written to it`);
      await writeFully(output, buffer.subarray(0, bytesRead), offset + done, signal);
      done += bytesRead;
    }
  } finally {
    await input.close();
  }
}

/** An upload that an earlier process left, or undefined if there is none. Parts with a wrong checksum are left out. */
async function load(folder: string, key: string): Promise<{ slot: number | undefined; held: Map<number, Held> } | undefined> {
  const facts = await readFacts(folder);
  if (facts?.key !== key) return undefined;
  const held = new Map<number, Held>();
  const log = await readFile(join(folder, "log"), "utf8").catch(absentAs(""));
  for (const line of log.split("\n")) {
    const match = /^(\d+) (\d+) ([0-9a-f]{8}) (body|side)$/.exec(line);
    if (!match) continue;
    const part: UploadPart = { number: Number(match[1]), size: Number(match[2]), etag: match[3]! };
    held.set(part.number, { part, where: match[4] as "body" | "side" });
  }
  for (const [number, { part, where }] of held) {
    const sum = await checksum(
      join(folder, where === "body" ? "body" : `side-${number}`),
      where === "body" ? (number - 1) * (facts.slot ?? 0) : 0,
      part.size,
    );
    if (sum !== part.etag) held.delete(number);
  }
  await writeFile(join(folder, "body"), "", { flag: "a" });
  return { slot: facts.slot, held };
}

async function readFacts(folder: string): Promise<{ key: string; slot?: number } | undefined> {
  const text = await readFile(join(folder, "key"), "utf8").catch(absentAs(undefined));
  try {
    const facts: unknown = text === undefined ? undefined : JSON.parse(text);
    if (typeof facts !== "object" || facts === null || !("key" in facts) || typeof facts.key !== "string") return undefined;
    return { key: facts.key, ...("slot" in facts && typeof facts.slot === "number" ? { slot: facts.slot } : {}) };
  } catch {
    return undefined; // torn by a kill while it was written
  }
}

async function checksum(path: string, start: number, size: number): Promise<string | undefined> {
  const input = await open(path, "r").catch(absentAs(undefined));
  if (!input) return undefined;
  try {
    const buffer = new Uint8Array(Math.min(COPY_BYTES, size));
    let sum = 0;
    for (let done = 0; done < size; ) {
      const { bytesRead } = await input.read(buffer, 0, Math.min(buffer.length, size - done), start + done);
      if (bytesRead === 0) return undefined;
      sum = crc32(buffer.subarray(0, bytesRead), sum);
      done += bytesRead;
    }
    return crcText(sum);
  } finally {
    await input.close();
  }
}

/** Uploads of a key, or of every key below a folder, that lie unfinished on disk. */
export async function* findUploads(
  root: FileRoot,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<{ key: string; token: string }> {
  const below = key === "" || key.endsWith("/");
  const path = root.path(key, "folder");
  const start = await root.real(below ? path : dirname(path)).catch(absentAs(undefined));
  const folders = start === undefined ? [] : [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    throwIfCancelled(signal);
    const entries = await readdir(folder, { withFileTypes: true })
      .catch(absentAs([]))
      .catch((error: unknown) => {
        throw fileError(error, folder, "listed");
      });
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      if (!isPartName(entry.name)) {
        if (below) folders.push(join(folder, entry.name));
        continue;
      }
      const token = /\.(u[0-9a-f]{16})\.part$/.exec(entry.name)?.[1];
      const facts = token === undefined ? undefined : await readFacts(join(folder, entry.name));
      if (facts && (below ? facts.key.startsWith(key) : facts.key === key)) yield { key: facts.key, token: token! };
    }
  }
}

/** After `abort` or `finish` the folder does not exist, and the system's error for that would mislead. */
function gone(error: unknown, shown: string, token: string): EmporiumError {
  const known = fileError(error, shown, "written");
  if (isEmporiumError(error) || known.code !== "STORE_ABSENT") return known;
  return new EmporiumError("STORE_FAILED", `${shown}: the upload ${token} is finished or aborted`, {
    place: { file: shown },
    cause: error,
  });
}
