import { availableParallelism } from "node:os";
import { planeThreads } from "../arrays/loader/plane-threads.js";
import type { ReadingRoom } from "../arrays/loader/room.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { objectName } from "../stores/store.js";
import { turns } from "../system/parallel.js";
import { CLIENT_ADDRESS } from "./listen.js";
import { etagOf, type OpenVolume, openFile, type PlaneMeans } from "./open-volume.js";
import type { PlacedKey } from "./places.js";

/** Volumes that are open because planes of them were asked for lately. */
export interface ServedVolumes {
  /**
   * Opens a volume, or finds it open. Where its source has changed since, it is opened anew.
   *
   * @param etag the one that the caller goes on with. @throws {EmporiumError} SOURCE_CHANGED where that is another one now
   */
  open(at: PlacedKey, options?: { etag?: string | undefined; signal?: AbortSignal | undefined }): Promise<OpenVolume>;
  /**
   * A turn for one plane: some at a time for a client, which waits for more. To be given back when the client has the plane.
   *
   * @param bytes of the plane, which are in memory until then
   * @throws {EmporiumError} STORE_THROTTLED where too many wait already
   */
  turn(request: Request, bytes: number): Promise<() => void>;
  close(): Promise<void>;
}

/** Chunks of all volumes, stored and decoded; beside them, blocks of remote files. */
const CACHE_BYTES = 256 * 2 ** 20;
const REMOTE_CACHE_BYTES = 64 * 2 ** 20;
const VOLUMES_MAX = 64;
const THREADS_MAX = 4;
const UNDER_WAY_CLIENT = 8;
const UNDER_WAY_MAX = 64;
/** Planes that are read, or wait for their clients to take them. */
const PLANES_BYTES = 256 * 2 ** 20;
/** A volume that nobody has asked for so long is closed. */
const IDLE_MS = 5 * 60_000;

interface Held {
  readonly opening: Promise<OpenVolume>;
  usedMs: number;
}

export function servedVolumes({ clock }: { clock: Clock }): ServedVolumes {
  const threadsMax = Math.min(availableParallelism(), THREADS_MAX);
  let room: Promise<ReadingRoom> | undefined;
  const means: PlaneMeans = {
    room: () =>
      (room ??= import("../arrays/loader/room.js").then(({ readingRoom }) =>
        readingRoom({ memoryBytes: CACHE_BYTES, threads: threadsMax, clock }),
      )),
    threads: planeThreads(threadsMax),
    blocks: new Recent<string, Uint8Array>(REMOTE_CACHE_BYTES, (block) => block.length),
    clock,
  };
  const volumes = new Map<string, Held>();
  const clients = new Map<string, { turn: ReturnType<typeof turns>; count: number }>();
  const memory = turns(PLANES_BYTES);
  let underWay = 0;

  function drop(id: string, held: Held): void {
    if (volumes.get(id) === held) volumes.delete(id);
    // who reads it still is told by the store, or has read what it was
    held.opening.then((volume) => volume.close()).catch(() => {});
  }

  /** Closes what is not used any more. */
  function sweep(): void {
    const now = clock.monotonic();
    const oldest = [...volumes].sort(([, a], [, b]) => a.usedMs - b.usedMs);
    for (const [i, [id, held]] of oldest.entries()) {
      if (now - held.usedMs > IDLE_MS || volumes.size - i > VOLUMES_MAX) drop(id, held);
    }
  }

  async function current(at: PlacedKey, signal: AbortSignal | undefined): Promise<OpenVolume> {
    const id = `${at.place.id}\n${at.key}`;
    const held = volumes.get(id);
    if (held) {
      held.usedMs = clock.monotonic();
      const volume = await held.opening;
      if (volume.etag === (await etagOf(at, volume.keys, signal))) return volume;
      drop(id, held);
    }
    const other = volumes.get(id);
    if (other) return other.opening;
    // others may wait for it: it does not end with the request that began it
    const opened: Held = { opening: openVolume(at, means), usedMs: clock.monotonic() };
    volumes.set(id, opened);
    opened.opening.catch(() => drop(id, opened));
    sweep();
    return opened.opening;
  }

  return {
    async open(at, { etag, signal } = {}) {
      try {
        const volume = await current(at, signal);
        if (etag === undefined || etag === volume.etag) return volume;
      } catch (error) {
        // who has an etag has seen a volume: something else is there now
        if (etag === undefined || !isEmporiumError(error) || !error.code.startsWith("FORMAT_")) throw error;
      }
      const name = objectName(at.place.store, at.key);
      throw new EmporiumError("SOURCE_CHANGED", `${name} is no longer what it was`, {
        place: { file: name },
        hint: "load the page again",
      });
    },
    async turn(request, bytes) {
      if (underWay >= UNDER_WAY_MAX) {
        const says = `${UNDER_WAY_MAX} planes are being read already`;
        throw new EmporiumError("STORE_THROTTLED", says, { retry: "later", retryAfterMs: 1000, hint: "ask again in a second" });
      }
      const address = request.headers.get(CLIENT_ADDRESS) ?? "";
      const client = clients.get(address) ?? { turn: turns(UNDER_WAY_CLIENT), count: 0 };
      clients.set(address, client);
      underWay++;
      client.count++;
      const leave = await client.turn();
      const giveBack = await memory(bytes);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        giveBack();
        leave();
        underWay--;
        if (--client.count === 0) clients.delete(address);
      };
    },
    async close() {
      for (const [id, held] of volumes) drop(id, held);
      await Promise.all([means.threads.end(), room?.then((opened) => opened.close())]);
    },
  };
}

/** @throws {EmporiumError} what stores and formats throw: FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, STORE_ABSENT, … */
async function openVolume(at: PlacedKey, means: PlaneMeans): Promise<OpenVolume> {
  const file = await openFile(at, means, undefined);
  if (file) return file;
  const { openBlocks } = await import("./open-blocks.js");
  return openBlocks(at, means, undefined);
}

/** The body of an answer. Calls `taken` when the client has the bytes, or is gone. */
export function handedOver(bytes: Uint8Array, taken: () => void): ReadableStream<Uint8Array> {
  let given = false;
  return new ReadableStream(
    {
      pull(controller) {
        if (!given) controller.enqueue(bytes);
        else {
          controller.close();
          taken();
        }
        given = true;
      },
      cancel: taken,
    },
    { highWaterMark: 0 },
  );
}
