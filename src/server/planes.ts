import { availableParallelism } from "node:os";
import { planeThreads } from "../arrays/loader/plane-threads.js";
import type { ReadContext } from "../arrays/loader/read-context.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { PLANE_BYTES_MAX } from "../model/page-api.js";
import { objectName } from "../stores/store.js";
import { turns } from "../system/parallel.js";
import { admission } from "./admission.js";
import { type ServedMemory, servedMemory } from "./memory-shares.js";
import { etagOf, type OpenVolume, openFile, type PlaneMeans } from "./open-volume.js";
import type { PlacedKey } from "./places.js";
import { planeTurns } from "./plane-turns.js";

/** Volumes that are kept open because planes of them were asked for recently. */
export interface ServedVolumes {
  /**
   * Opens a volume, or finds it open. Where its source has changed since, it is opened anew.
   *
   * @param etag the one that the caller began with. @throws {EmporiumError} SOURCE_CHANGED where the volume has another one now
   */
  open(at: PlacedKey, options?: { etag?: string | undefined; signal?: AbortSignal | undefined }): Promise<OpenVolume>;
  /** Bytes of the largest plane. */
  readonly planeBytesMax: number;
  /**
   * Waits for a turn for one plane or chunk: each client has a few at a time. The returned function gives the turn back, when the
   * client has its bytes.
   *
   * @param bytes size of the plane or chunk, and of what it takes to make it: they are in memory until then
   * @param of chunks wait where planes are refused: a reader of a Zarr asks for a hundred at once, and for none a second time
   * @throws {EmporiumError} STORE_THROTTLED where too many are under way or wait, of all clients or of this one
   */
  turn(request: Request, bytes: number, of?: "plane" | "chunk"): Promise<() => void>;
  close(): Promise<void>;
}

const MIB = 2 ** 20;

const VOLUMES_MAX = 64;
const THREADS_MAX = 4;
/** Bytes of `--memory` for each thread of a kind, beyond `FIRST_THREADS_BYTES`, which the first ones have. */
const THREAD_BYTES = 96 * MIB;
const FIRST_THREADS_BYTES = 96 * MIB;
/**
 * Bytes that the process may take beyond `--memory` before nothing begins beside other work. Work under way then has the rest of
 * what the process may take.
 */
const BESIDE_BYTES = 40 * MIB;
/** Number of volumes that are opened at a time: what each reads for that is soon freed, but is much when it comes at once. */
const OPENED_AT_ONCE = 4;
/** Milliseconds without a request after which a volume is closed. */
const IDLE_MS = 5 * 60_000;

interface Held {
  readonly opening: Promise<OpenVolume>;
  usedMs: number;
}

export function servedVolumes({ clock, memory = servedMemory() }: { clock: Clock; memory?: ServedMemory }): ServedVolumes {
  const { limits } = memory;
  const { means, rest, close } = planeMeans(memory, clock);
  const admitted = admission({ fullBytes: memory.bytes + BESIDE_BYTES, clock, rest });
  const opens = turns(OPENED_AT_ONCE);
  const volumes = new Map<string, Held>();
  const turn = planeTurns(memory);

  function drop(id: string, held: Held): void {
    if (volumes.get(id) === held) volumes.delete(id);
    // who reads it still is told by the store, or has read what it was
    held.opening.then((volume) => volume.close()).catch(() => {});
  }

  /** Closes volumes that are not used any more. */
  function sweep(): void {
    const now = clock.monotonic();
    const oldest = [...volumes].sort(([, a], [, b]) => a.usedMs - b.usedMs);
    for (const [i, [id, held]] of oldest.entries()) {
      if (now - held.usedMs > IDLE_MS || volumes.size - i > VOLUMES_MAX) drop(id, held);
    }
  }

  /** Opens a volume. Its voxels are read when there is memory for that. */
  async function opened(at: PlacedKey): Promise<OpenVolume> {
    const leave = await opens();
    try {
      const volume = await admitted.run(() => openVolume(at, means));
      const { source } = volume;
      const readBox: typeof source.readBox = (stored, box, step, options) =>
        admitted.run(() => source.readBox(stored, box, step, options), options?.signal);
      return {
        ...volume,
        source: { ...source, readBox },
        cut: (choice, form, signal) => admitted.run(() => volume.cut(choice, form, signal), signal),
      };
    } finally {
      leave();
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
    const one: Held = { opening: opened(at), usedMs: clock.monotonic() };
    volumes.set(id, one);
    one.opening.catch(() => drop(id, one));
    sweep();
    return one.opening;
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
      throw new EmporiumError("SOURCE_CHANGED", `${name} has changed`, {
        place: { file: name },
        hint: "load the page again",
      });
    },
    planeBytesMax: Math.min(PLANE_BYTES_MAX, limits.planes),
    turn,
    async close() {
      for (const [id, held] of volumes) drop(id, held);
      await close();
    },
  };
}

/** The threads and caches that volumes are read with. */
function planeMeans(
  memory: ServedMemory,
  clock: Clock,
): {
  readonly means: PlaneMeans;
  /** Ends threads that are idle. */
  rest(): Promise<void>;
  close(): Promise<void>;
} {
  const { limits } = memory;
  const threadsMax = planeThreadsFor(memory.bytes, availableParallelism());
  const blocks = new Recent<string, Uint8Array>(limits.blocks, (block) => block.length);
  let context: ReadContext | undefined;
  let opening: Promise<ReadContext> | undefined;
  const means: PlaneMeans = {
    context: () =>
      (opening ??= import("../arrays/loader/read-context.js").then(({ readContext }) => {
        context = readContext({ memoryBytes: limits.chunks, threads: threadsMax, clock, spaciousBoxes: true });
        return context;
      })),
    threads: planeThreads(threadsMax, limits.rows),
    blocks,
    blocksBytes: limits.blocks,
    clock,
  };
  memory.watch("chunks", () => context?.heldBytes ?? 0);
  memory.watch("blocks", () => blocks.weight);
  return {
    means,
    async rest() {
      await Promise.all([means.threads.rest(), context?.pool.rest()]);
    },
    async close() {
      await Promise.all([means.threads.end(), opening?.then((one) => one.close())]);
    },
  };
}

/** Number of threads of one kind, by memory and cores. */
function planeThreadsFor(memoryBytes: number, cores: number): number {
  return Math.max(1, Math.min(cores, THREADS_MAX, Math.floor((memoryBytes - FIRST_THREADS_BYTES) / THREAD_BYTES)));
}

/**
 * Opens a volume of any format. @throws {EmporiumError} what stores and formats throw: FORMAT_UNKNOWN, FORMAT_UNSUPPORTED,
 * STORE_ABSENT, …
 */
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
