import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import { readContext } from "../../../arrays/loader/read-context.js";
import { type LoadedVolume, openBlockVolume } from "../../../arrays/loader/volume.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted, formatBytes } from "../../../core/units.js";
import type { TaskInput } from "../../../engine/task.js";
import { type AddressAccess, namedAddress } from "../../../stores/named-address.js";
import type { Store } from "../../../stores/store.js";
import { parseLocation, parseVolumeLocation } from "../../../stores/url.js";
import type { GraphInputs } from "./input-plan.js";

/** The part of the memory that keeps what was read of inputs, where chunks do not need more. */
const CACHE_SHARE = 1 / 8;
/** The most that inputs get where they do: with the default memory, one of the largest chunks that ingest writes fits. */
const INPUTS_MOST = 5 / 8;

/** Division of the memory between inputs and blocks. */
export interface MemoryShares {
  /** Blocks that are computed at once. */
  readonly jobs: number;
  /** Bytes for the inputs, in each process. */
  readonly cacheBytes: number;
  /** Bytes for blocks that are computed, in all processes together. */
  readonly blockBytes: number;
  readonly notes: readonly string[];
}

/**
 * Divides the memory between what is read and what is computed. Where the chunks of inputs are so large that each process needs much to decode
 * one, fewer processes work.
 *
 * @throws {EmporiumError} MEMORY_LIMIT
 */
export function shareMemory(
  { levels }: GraphInputs,
  volumes: ReadonlyMap<string, LoadedVolume>,
  { memoryBytes, jobs }: { memoryBytes: number; jobs: number },
): MemoryShares {
  const wanted = Math.max(1, jobs);
  const needs = [...volumes].map(([name, volume]) => volume.leastBytes(levels[name]!));
  // the inputs of a process share its memory, and decode one chunk at a time
  const least = Math.max(0, ...needs);
  const most = memoryBytes * INPUTS_MOST;
  if (least > most) {
    const found = `${formatBytes(least)} are needed to read chunks of the inputs`;
    throw new EmporiumError(
      "MEMORY_LIMIT",
      `${found}; of ${formatBytes(memoryBytes)} in all, ${formatBytes(most)} are for that`,
      {
        hint: `allow more with --memory ${Math.ceil(least / INPUTS_MOST / 2 ** 20)}MiB`,
      },
    );
  }
  const able = Math.min(wanted, Math.floor(most / Math.max(1, least)));
  const cacheBytes = Math.max(least, Math.floor((memoryBytes * CACHE_SHARE) / able));
  const reason = `each needs ${formatBytes(least)} to read chunks of the inputs, and of ${formatBytes(memoryBytes)} in all, ${formatBytes(most)} are for that`;
  const notes = able < wanted ? [`${able} of ${counted(wanted, "process", "processes")} work: ${reason}`] : [];
  return { jobs: able, cacheBytes, blockBytes: memoryBytes - able * cacheBytes, notes };
}

/** The inputs of a graph, and how they are read. Plain JSON. */
export type InputPlan = GraphInputs & {
  readonly anonymous: boolean;
  readonly allowPrivate: boolean;
  /** Bytes that a process keeps of all inputs together. */
  readonly cacheBytes: number;
};

/** Inputs that are opened when they are first asked for. */
export interface Inputs {
  readonly programs: GraphInputs["programs"];
  readonly modules: GraphInputs["modules"];
  volume(name: string): Promise<LoadedVolume>;
  level(name: string, level: number): Promise<BlockLevel>;
  close(): Promise<void>;
}

/** @param access with the cache of each process; metadata alone need none */
export function openInputs(
  { locations, selected, programs, modules }: GraphInputs,
  { cacheBytes = 0, ...access }: AddressAccess & Partial<Pick<InputPlan, "cacheBytes">>,
): Inputs {
  const context = readContext({ memoryBytes: cacheBytes, threads: 1 });
  const open = new Map<string, Promise<LoadedVolume>>();
  function volume(name: string): Promise<LoadedVolume> {
    const known = open.get(name) ?? opened(locations[name]!, selected[name]);
    open.set(name, known);
    return known;
  }
  async function opened(location: string, select: InputPlan["selected"][string] | undefined): Promise<LoadedVolume> {
    const store = await namedAddress(parseLocation(parseVolumeLocation(location).location), access);
    return openBlockVolume(location, { context, select, store });
  }
  return {
    programs,
    modules,
    volume,
    level: async (name, level) => (await volume(name)).levels[level]!,
    async close() {
      await Promise.allSettled(open.values());
      await context.close();
    },
  };
}

/** Objects that identify an input, and what they cannot tell. */
export interface InputIdentity {
  readonly objects: readonly TaskInput[];
  readonly notes: readonly string[];
}

/** The metadata of an input and, by one listing, the objects of the level that is read: voxels that were changed in place must be noticed. */
export async function identityOfInput(name: string, volume: BlockVolume, level: number): Promise<InputIdentity> {
  const objects = metadataOf(volume);
  const own = (volume.notes ?? []).map((note) => `${name}: ${note}`);
  const found = volume.levels[level];
  if (!found?.voxelIdentity) return { objects, notes: own };
  const voxels = await found.voxelIdentity();
  if (!voxels)
    return {
      objects,
      notes: [...own, `${name}: its server does not list it: voxels that change while its metadata stay are not noticed`],
    };
  const { isAll, objects: count, ...object } = voxels;
  const notes = isAll
    ? []
    : [`${name}: the first ${count} of its objects were looked at; changes of voxels in others are not noticed`];
  return { objects: [...objects, object], notes: [...own, ...notes] };
}

function metadataOf({ identity }: BlockVolume): TaskInput[] {
  return identity.map(({ key, size, etag, modifiedMs }) => ({ key, size, etag, modifiedMs }));
}

/**
 * The inputs as a store for the engine, which looks whether they have changed: the key `<input>/<object>` is an object that
 * identifies the input. Each look opens the input anew, to notice one that was replaced.
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
      const inputs = openInputs(plan, plan);
      try {
        const volume = await inputs.volume(name);
        const isThis = (object: TaskInput) => `${name}/${object.key}` === key;
        const document = metadataOf(volume).find(isThis);
        return document ?? (await identityOfInput(name, volume, plan.levels[name]!)).objects.find(isThis);
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
