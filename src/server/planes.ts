import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { blockPlanes } from "../arrays/loader/block-planes.js";
import { type ReadingRoom, readingRoom } from "../arrays/loader/room.js";
import { openBlockVolume } from "../arrays/loader/volume.js";
import type { PlaneSource } from "../arrays/plane/plane.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { turns } from "../system/parallel.js";
import { CLIENT_ADDRESS } from "./listen.js";
import type { PlacedKey } from "./places.js";

/** A volume of a place, open for planes. */
export interface ServedVolume extends PlacedKey {
  /** Of everything that says what the volume is: its file, or its documents. */
  readonly etag: string;
  readonly source: PlaneSource;
  /** Å; of level 0. */
  readonly voxelSizeAngstrom: readonly (number | undefined)[];
  readonly originAngstrom: readonly number[];
}

/** Volumes that are open because planes of them were asked for lately. */
export interface ServedVolumes {
  /**
   * Opens a volume, or finds it open. Where its source has changed since, it is opened anew.
   *
   * @param etag the one that the caller goes on with. @throws {EmporiumError} SOURCE_CHANGED where that is another one now
   */
  open(at: PlacedKey, options?: { etag?: string | undefined; signal?: AbortSignal | undefined }): Promise<ServedVolume>;
  /** A turn for one plane. @throws {EmporiumError} STORE_THROTTLED where too many are under way */
  turn(request: Request): Promise<() => void>;
  close(): Promise<void>;
}

/** Chunks of all volumes, stored and decoded. */
const CACHE_BYTES = 256 * 2 ** 20;
const VOLUMES_MAX = 64;
const THREADS_MAX = 4;
const UNDER_WAY_CLIENT = 8;
const UNDER_WAY_MAX = 64;

interface Opened extends ServedVolume {
  readonly keys: readonly string[];
  close(): Promise<void>;
}

export function servedVolumes({ clock }: { clock: Clock }): ServedVolumes {
  const room = readingRoom({ memoryBytes: CACHE_BYTES, threads: Math.min(availableParallelism(), THREADS_MAX), clock });
  const volumes = new Recent<string, Promise<Opened>>(VOLUMES_MAX);
  const clients = new Map<string, { turn: ReturnType<typeof turns>; waiting: number }>();
  let underWay = 0;

  async function current(at: PlacedKey, signal: AbortSignal | undefined): Promise<Opened> {
    const id = `${at.place.id}\n${at.key}`;
    const held = volumes.get(id);
    if (held) {
      const open = await held;
      if (open.etag === (await etagOf(at, open.keys))) return open;
      // who reads it still is told by the store, or reads what it was
      if (volumes.get(id) === held) volumes.delete(id);
      void open.close();
    }
    const opening = volumes.get(id) ?? openVolume(at, room, signal);
    volumes.set(id, opening);
    opening.catch(() => {
      if (volumes.get(id) === opening) volumes.delete(id);
    });
    return opening;
  }

  return {
    async open(at, { etag, signal } = {}) {
      const open = await current(at, signal);
      if (etag === undefined || etag === open.etag) return open;
      throw new EmporiumError("SOURCE_CHANGED", `${open.source.name} is no longer what it was`, {
        place: { file: open.source.name },
        hint: "load the page again",
      });
    },
    async turn(request) {
      const client = request.headers.get(CLIENT_ADDRESS) ?? "";
      if (underWay >= UNDER_WAY_MAX) {
        throw new EmporiumError("STORE_THROTTLED", `${UNDER_WAY_MAX} planes are being read already`, { retry: "later" });
      }
      underWay++;
      const own = clients.get(client) ?? { turn: turns(UNDER_WAY_CLIENT), waiting: 0 };
      clients.set(client, own);
      own.waiting++;
      const leave = await own.turn();
      return () => {
        leave();
        underWay--;
        if (--own.waiting === 0) clients.delete(client);
      };
    },
    async close() {
      await room.close();
    },
  };
}

async function openVolume(at: PlacedKey, room: ReadingRoom, signal: AbortSignal | undefined): Promise<Opened> {
  const volume = await openBlockVolume({ store: at.place.store, key: at.key }, { room, signal });
  const keys = volume.identity.map(({ key }) => key);
  const { voxelSizeNm, offsetNm } = volume.levels[0]!;
  return {
    ...at,
    keys,
    etag: await etagOf(at, keys),
    source: blockPlanes(volume),
    voxelSizeAngstrom: voxelSizeNm.map((size) => (size === undefined ? undefined : size * 10)),
    originAngstrom: offsetNm.map((offset) => offset * 10),
    close: () => volume.close(),
  };
}

/** Of objects as their store knows them now. */
async function etagOf({ place }: PlacedKey, keys: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const stats = await Promise.all(keys.map((key) => place.store.stat(key)));
  for (const [i, stat] of stats.entries()) hash.update(JSON.stringify([keys[i], stat ?? null]));
  return hash.digest("hex").slice(0, 24);
}
