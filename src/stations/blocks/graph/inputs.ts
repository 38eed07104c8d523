import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import { EmporiumError } from "../../../core/errors.js";
import type { TaskInput } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import type { GraphDocument } from "./document.js";

/** Locations of inputs by their names. Plain JSON. */
export type InputPlan = {
  readonly locations: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
  /** Of what a process keeps of all inputs together. */
  readonly cacheBytes: number;
};

/** The part of the memory that keeps what was read of inputs. */
const CACHE_SHARE = 1 / 8;

/** What is left of a memory limit for blocks that are computed. */
export function blockMemory(memoryBytes: number): number {
  return Math.floor(memoryBytes * (1 - CACHE_SHARE));
}

export function planInputs(
  { inputs }: GraphDocument,
  { anonymous = false, memoryBytes, jobs }: { anonymous?: boolean | undefined; memoryBytes: number; jobs: number },
): InputPlan {
  const from = (given: GraphDocument["inputs"][string]) => (typeof given === "string" ? given : given.from);
  const locations = Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, from(given)]));
  return { locations, anonymous, cacheBytes: Math.floor((memoryBytes * CACHE_SHARE) / Math.max(1, jobs)) };
}

/** Inputs that are opened when they are first asked for. */
export interface Inputs {
  volume(name: string): Promise<BlockVolume>;
  level(name: string, level: number): Promise<BlockLevel>;
  close(): Promise<void>;
}

export function openInputs({ locations, anonymous, cacheBytes }: InputPlan): Inputs {
  const memoryBytes = Math.floor(cacheBytes / Math.max(1, Object.keys(locations).length));
  const open = new Map<string, Promise<BlockVolume>>();
  function volume(name: string): Promise<BlockVolume> {
    const known = open.get(name) ?? openBlockVolume(locations[name]!, { memoryBytes, threads: 1, store: { anonymous } });
    open.set(name, known);
    return known;
  }
  return {
    volume,
    level: async (name, level) => (await volume(name)).levels[level]!,
    async close() {
      for (const opened of await Promise.allSettled(open.values())) if (opened.status === "fulfilled") await opened.value.close();
    },
  };
}

export function identityOfVolume({ identity }: BlockVolume): TaskInput[] {
  return identity.map(({ key, size, etag, modifiedMs }) => ({ key, size, etag, modifiedMs }));
}

/**
 * What stages read as the engine looks at it: `<input>/<object>` is an object that identifies the input. Each look opens the input anew, for one
 * that was replaced must be noticed.
 */
export function identityStore(plan: InputPlan): Store {
  const refuse = async (key: string): Promise<never> => {
    throw new EmporiumError("INTERNAL", `${key}: inputs are read as volumes`);
  };
  async function* nothing(): AsyncGenerator<never> {}
  return {
    url: "inputs:",
    features: { ranges: false, conditionalWrites: false, atomicReplace: false, writable: false },
    async stat(key) {
      const name = key.slice(0, key.indexOf("/"));
      const inputs = openInputs(plan);
      try {
        const { identity } = await inputs.volume(name);
        return identity.find((object) => `${name}/${object.key}` === key);
      } finally {
        await inputs.close();
      }
    },
    read: refuse,
    write: refuse,
    create: refuse,
    list: nothing,
    children: nothing,
    remove: refuse,
    openUploads: nothing,
  };
}
