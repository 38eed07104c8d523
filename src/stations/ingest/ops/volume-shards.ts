import { mkdir, open as openFile, readFile, rename, rm } from "node:fs/promises";
import type { Kept, ShardOutput, ShardSink } from "../../../arrays/stream/write/shard-sink.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import type { TaskContext } from "../../../engine/task.js";
import { objectName, type Upload } from "../../../stores/store.js";

/** Parts of all shards together that are under way, each in memory. */
const PARTS_IN_FLIGHT = 4;

/**
 * Shards as uploads that grow with them: nothing is laid out on this machine but the last bytes of each unit, which fill no part, for whoever goes
 * on after a kill. A shard that fits one part is written at once.
 *
 * @param folder key of the hierarchy, with `/` at the end.
 * @param partBytes of a part; what S3 asks for at least is less.
 */
export function uploadShards(
  context: TaskContext,
  folder: string,
  scratch: string,
  partBytes: number = LIMITS.partBytesMin,
): ShardSink {
  const { target, notes, note, signal } = context;
  const inFlight = limit(PARTS_IN_FLIGHT);
  return { open };

  async function open(shard: string, have: number, whole?: number): Promise<ShardOutput | undefined> {
    const key = `${folder}${shard}`;
    const begun = notes.findLast((record) => record.shard === key && typeof record.token === "string");
    const token = begun?.partBytes === partBytes ? String(begun.token) : undefined;
    const upload = token === undefined ? undefined : await target.create(key, { resume: token, signal });
    const isSame = upload !== undefined && upload.token === token;
    if (upload && !isSame) await upload.abort(); // it was finished, or is gone
    if (have === 0) return output(key, isSame ? upload : undefined, new Uint8Array(0), 0);
    if (whole !== undefined && !isSame && (await target.stat(key, { signal }))?.size === whole) return finished(key, whole);
    const sent = Math.floor(have / partBytes);
    const rest = have - sent * partBytes;
    const tail = rest === 0 ? new Uint8Array(0) : await readFile(tailPath(shard, have)).catch(() => undefined);
    const parts = new Map((isSame ? upload.parts : []).map((part) => [part.number, part.size]));
    const isThere = Array.from({ length: sent }, (_, part) => parts.get(part + 1) === partBytes).every(Boolean);
    if (tail?.length !== rest || !isThere) return undefined;
    return output(key, isSame ? upload : undefined, tail, sent);
  }

  function tailPath(shard: string, have: number): string {
    return `${scratch}/shards/${shard.replaceAll("/", "-")}-${have}.tail`;
  }

  function output(key: string, begun: Upload | undefined, rest: Uint8Array, partsBefore: number): ShardOutput {
    const shard = key.slice(folder.length);
    let upload = begun;
    let part = new Uint8Array(partBytes);
    part.set(rest);
    let filled = rest.length;
    let sent = partsBefore;
    let failure: { error: unknown } | undefined;
    const sending = new Set<Promise<void>>();
    /** The last bytes that were kept, and how many units count on them. */
    let tail: { have: number; users: number; written: Promise<void> } | undefined;

    async function begin(): Promise<Upload> {
      if (upload) return upload;
      upload = await target.create(key, { signal });
      await note({ shard: key, token: upload.token, partBytes });
      return upload;
    }

    async function send(body: Uint8Array): Promise<void> {
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
    }

    async function arrived(): Promise<void> {
      await Promise.all(sending);
      if (failure) throw failure.error;
    }

    async function writeTail(path: string, bytes: Uint8Array): Promise<void> {
      await arrived();
      if (bytes.length === 0) return;
      await mkdir(`${scratch}/shards`, { recursive: true });
      await writeSynced(path, bytes);
    }

    async function append(bytes: Uint8Array): Promise<void> {
      for (let done = 0; done < bytes.length; ) {
        if (failure) throw failure.error;
        const some = Math.min(partBytes - filled, bytes.length - done);
        part.set(bytes.subarray(done, done + some), filled);
        filled += some;
        done += some;
        if (filled < partBytes) continue;
        await send(part);
        part = new Uint8Array(partBytes);
        filled = 0;
      }
    }

    return {
      append,
      async keep(): Promise<Kept> {
        const have = sent * partBytes + filled;
        // a unit may add nothing to a shard: then one tail serves both
        if (tail?.have !== have) tail = { have, users: 0, written: writeTail(tailPath(shard, have), part.slice(0, filled)) };
        const own = tail;
        own.users++;
        await own.written;
        return {
          release: async () => {
            if (--own.users === 0) await rm(tailPath(shard, own.have), { force: true });
          },
        };
      },
      async finish(index) {
        await append(index);
        if (sent === 0) {
          // an attempt before may have begun one
          await upload?.abort();
          await target.write(key, part.subarray(0, filled), { signal });
          return;
        }
        if (filled > 0) await send(part.slice(0, filled));
        await arrived();
        const to = await begin();
        if (to.parts.some(({ number }) => number > sent)) {
          await to.abort();
          throw new EmporiumError("STORE_CONFLICT", `${objectName(target, key)}: parts of an earlier attempt are left over`, {
            retry: "now",
          });
        }
        const { size } = await to.finish({ signal });
        requireSize(key, size, (sent - (filled > 0 ? 1 : 0)) * partBytes + filled);
      },
      async close() {
        await Promise.all(sending);
      },
    };
  }

  /** An earlier attempt was killed between the last byte and its note. */
  function finished(key: string, size: number): ShardOutput {
    const refuse = async () => {
      throw new EmporiumError("INTERNAL", `${key} is finished already`);
    };
    return {
      append: refuse,
      keep: async () => ({ release: async () => {} }),
      finish: async () => requireSize(key, (await target.stat(key, { signal }))?.size ?? 0, size),
      close: async () => {},
    };
  }

  function requireSize(key: string, found: number, wanted: number): void {
    if (found === wanted) return;
    throw new EmporiumError("STORE_PROTOCOL", `${objectName(target, key)} has ${found} bytes, ${wanted} were sent`, {
      retry: "later",
    });
  }
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

/** Lets at most `most` run at once: resolves to what tells that one has ended. */
function limit(most: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async () => {
    while (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    return () => {
      running--;
      waiting.shift()?.();
    };
  };
}
