import { mkdir, open as openFile, readFile, rename, rm } from "node:fs/promises";
import type { Kept, ShardOutput, ShardSink } from "../../../arrays/stream/write/shard-sink.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import type { TaskContext } from "../../../engine/task.js";
import { objectName, type Upload } from "../../../stores/store.js";
import { turns } from "../../../system/parallel.js";

/** Parts of all shards together that are under way, each in memory. */
const PARTS_IN_FLIGHT = 4;

/**
 * Shards as growing uploads. Only the last bytes of each unit, which do not fill a part, are kept on this machine, for a resume
 * after a kill. A shard that fits one part is written at once.
 *
 * @param folder key of the hierarchy, with `/` at the end.
 * @param partBytes size of a part; the minimum of S3 is smaller.
 */
export function uploadShards(
  context: TaskContext,
  folder: string,
  scratch: string,
  partBytes: number = LIMITS.partBytesMin,
): ShardSink {
  const shards: Shards = { context, folder, scratch, partBytes, inFlight: turns(PARTS_IN_FLIGHT) };
  return { open: (shard, have, whole) => openShard(shards, shard, have, whole) };
}

interface Shards {
  readonly context: TaskContext;
  readonly folder: string;
  readonly scratch: string;
  readonly partBytes: number;
  readonly inFlight: () => Promise<() => void>;
}

async function openShard(shards: Shards, shard: string, have: number, whole?: number): Promise<ShardOutput | undefined> {
  const { folder, partBytes } = shards;
  const { target, notes, signal } = shards.context;
  const key = `${folder}${shard}`;
  const begun = notes.findLast((record) => record.shard === key && typeof record.token === "string");
  const token = begun?.partBytes === partBytes ? String(begun.token) : undefined;
  const upload = token === undefined ? undefined : await target.create(key, { resume: token, signal });
  const isSame = upload !== undefined && upload.token === token;
  if (upload && !isSame) await upload.abort(); // it was finished, or is gone
  if (have === 0) return shardOutput(shards, shard, { upload: isSame ? upload : undefined, rest: new Uint8Array(0), sent: 0 });
  if (whole !== undefined && !isSame && (await target.stat(key, { signal }))?.size === whole)
    return finishedShard(shards.context, key, whole);
  const sent = Math.floor(have / partBytes);
  const restBytes = have - sent * partBytes;
  const rest = restBytes === 0 ? new Uint8Array(0) : await readFile(tailPath(shards.scratch, shard, have)).catch(() => undefined);
  const parts = new Map((isSame ? upload.parts : []).map((part) => [part.number, part.size]));
  const isThere = Array.from({ length: sent }, (_, part) => parts.get(part + 1) === partBytes).every(Boolean);
  if (rest?.length !== restBytes || !isThere) return undefined;
  return shardOutput(shards, shard, { upload: isSame ? upload : undefined, rest, sent });
}

function tailPath(scratch: string, shard: string, have: number): string {
  return `${scratch}/shards/${shard.replaceAll("/", "-")}-${have}.tail`;
}

/** Point at which a shard resumes: bytes that its upload holds already, and the following ones, which do not fill a part. */
interface Progress {
  readonly upload: Upload | undefined;
  readonly rest: Uint8Array;
  readonly sent: number;
}

function shardOutput(shards: Shards, shard: string, { upload, rest, sent }: Progress): ShardOutput {
  const { context, partBytes } = shards;
  const { target, signal } = context;
  const key = `${shards.folder}${shard}`;
  const parts = sentParts(shards, key, upload, sent);
  const tails = keptTails(shards.scratch, shard, parts.arrived);
  let part = new Uint8Array(partBytes);
  part.set(rest);
  let filled = rest.length;

  async function append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      parts.requireNone();
      const some = Math.min(partBytes - filled, bytes.length - done);
      part.set(bytes.subarray(done, done + some), filled);
      filled += some;
      done += some;
      if (filled < partBytes) continue;
      await parts.send(part);
      part = new Uint8Array(partBytes);
      filled = 0;
    }
  }

  return {
    append,
    keep: () => tails.keep(parts.count() * partBytes + filled, () => part.slice(0, filled)),
    async finish(index) {
      await append(index);
      if (parts.count() === 0) {
        // an attempt before may have begun one
        await upload?.abort();
        await target.write(key, part.subarray(0, filled), { signal });
        return;
      }
      const bytes = parts.count() * partBytes + filled;
      if (filled > 0) await parts.send(part.slice(0, filled));
      await parts.finish(bytes);
    },
    close: parts.close,
  };
}

interface SentParts {
  count(): number;
  /** Resolves when it is under way. */
  send(body: Uint8Array): Promise<void>;
  /** @throws what sending a part threw */
  requireNone(): void;
  /** Resolves when all that were sent are there. @throws what sending one of them threw */
  arrived(): Promise<void>;
  /** @throws {EmporiumError} STORE_CONFLICT for parts of another attempt, STORE_PROTOCOL for another size */
  finish(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** The parts of one shard. Its upload begins with the first of them. */
function sentParts({ context, partBytes, inFlight }: Shards, key: string, begun: Upload | undefined, before: number): SentParts {
  const { target, note, signal } = context;
  let upload = begun;
  let sent = before;
  let failure: { error: unknown } | undefined;
  const sending = new Set<Promise<void>>();

  async function begin(): Promise<Upload> {
    if (upload) return upload;
    upload = await target.create(key, { signal });
    await note({ shard: key, token: upload.token, partBytes });
    return upload;
  }

  function requireNone(): void {
    if (failure) throw failure.error;
  }

  async function arrived(): Promise<void> {
    await Promise.all(sending);
    requireNone();
  }

  return {
    count: () => sent,
    requireNone,
    arrived,
    async send(body) {
      const to = await begin();
      const number = ++sent;
      const done = await inFlight();
      const one: Promise<void> = to
        .part(number, body, { signal })
        .then(() => {})
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => {
          sending.delete(one);
          done();
        });
      sending.add(one);
    },
    async finish(bytes) {
      await arrived();
      const to = await begin();
      if (to.parts.some(({ number }) => number > sent)) {
        await to.abort();
        throw new EmporiumError("STORE_CONFLICT", `${objectName(target, key)}: parts of an earlier attempt are left over`, {
          retry: "now",
        });
      }
      const { size } = await to.finish({ signal });
      requireSize(context, key, size, bytes);
    },
    async close() {
      await Promise.all(sending);
    },
  };
}

/** The last bytes of a shard, kept on this machine for as long as a unit counts on them. */
function keptTails(scratch: string, shard: string, arrived: () => Promise<void>) {
  let tail: { have: number; users: number; written: Promise<void> } | undefined;
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    await arrived();
    if (bytes.length === 0) return;
    await mkdir(`${scratch}/shards`, { recursive: true });
    await writeSynced(path, bytes);
  };
  return {
    async keep(have: number, rest: () => Uint8Array): Promise<Kept> {
      // a unit may add nothing to a shard: then one tail serves both
      if (tail?.have !== have) tail = { have, users: 0, written: write(tailPath(scratch, shard, have), rest()) };
      const own = tail;
      own.users++;
      await own.written;
      return {
        release: async () => {
          if (--own.users === 0) await rm(tailPath(scratch, shard, own.have), { force: true });
        },
      };
    },
  };
}

/** An earlier attempt was killed between the last byte and its note. */
function finishedShard(context: TaskContext, key: string, size: number): ShardOutput {
  const { target, signal } = context;
  const refuse = async () => {
    throw new EmporiumError("INTERNAL", `${key} is finished already`);
  };
  return {
    append: refuse,
    keep: async () => ({ release: async () => {} }),
    finish: async () => requireSize(context, key, (await target.stat(key, { signal }))?.size ?? 0, size),
    close: async () => {},
  };
}

function requireSize({ target }: TaskContext, key: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new EmporiumError("STORE_PROTOCOL", `${objectName(target, key)} has ${counted(found, "byte")}, ${wanted} were sent`, {
    retry: "later",
  });
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await openFile(`${path}.part`, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
