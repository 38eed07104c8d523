import { cast } from "../../../arrays/operators/cast.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import type { TaskInput } from "../../../engine/task.js";
import { type CompiledGraph, type CompiledStage, compileGraph, isCopy } from "./compile.js";
import type { OutputDocument } from "./document.js";
import { collectFaults, type Faults } from "./faults.js";
import { DEFAULT_CHUNK } from "./grids.js";
import { blockMemory, type Inputs, identityOfVolume } from "./inputs.js";
import { type Facts, factsAfter, type GraphNode, type LocalNode } from "./nodes.js";
import type { OutputPlan } from "./outputs.js";
import { each } from "./reach.js";
import type { ReadGraph } from "./read-graph.js";
import { type ResolvedGraph, resolveGraph } from "./resolve.js";
import { objectShape, type StoredArray } from "./stored-array.js";
import { type Placed, planTargets, type TargetPlan } from "./targets.js";

/** A graph that can be run. */
export interface PreparedGraph extends CompiledGraph {
  readonly resolved: ResolvedGraph;
  readonly outputs: readonly OutputPlan[];
  readonly target: TargetPlan;
  /** Voxels of the grid's block. */
  readonly block: Triple;
  readonly notes: readonly string[];
}

export interface PrepareOptions {
  /** Of all buffers together. */
  readonly memoryBytes: number;
  /** Blocks that are computed at once. */
  readonly jobs: number;
}

/**
 * Checks a graph against its inputs, and plans its stages. Reads metadata alone.
 *
 * @throws {EmporiumError} CONFIG_…, LOCATION_UNKNOWN, FORMAT_…, STORE_…: before a byte moves, with all other faults of the graph beside the first
 */
export async function prepareGraph(read: ReadGraph, inputs: Inputs, options: PrepareOptions): Promise<PreparedGraph> {
  const { document, placeOf } = read;
  const volumes = new Map(
    await Promise.all(Object.keys(document.inputs).map(async (name) => [name, await inputs.volume(name)] as const)),
  );
  const resolved = resolveGraph(read, volumes);
  const faults = collectFaults(placeOf);
  const { plan: target, placed } = planTargets(Object.values(document.outputs).map(({ to }) => to));
  const outputs = planOutputs(resolved, placed, faults);
  faults.check();
  const identities = new Map([...volumes].map(([name, volume]) => [name, identityOfVolume(volume)]));
  const fitted = fitBlock({ resolved, outputs, identities, options });
  refuseTooLarge(fitted.compiled, options.memoryBytes);
  const notes = [...fitted.notes, ...fitted.compiled.stages.flatMap((stage) => stage.notes)];
  return { ...fitted.compiled, resolved, outputs: fitted.outputs, target, block: fitted.block, notes };
}

function refuseTooLarge({ stages }: CompiledGraph, memoryBytes: number): void {
  const { stage } = stages.reduce((most, one) => (one.stage.memoryBytes > most.stage.memoryBytes ? one : most));
  if (stage.memoryBytes <= blockMemory(memoryBytes)) return;
  const needed = Math.ceil((stage.memoryBytes * memoryBytes) / blockMemory(memoryBytes) / 2 ** 20);
  const found = `a block of ${stage.name}, ${stage.block.join("×")} voxels, needs ${formatBytes(stage.memoryBytes)} of buffers`;
  throw new EmporiumError("MEMORY_LIMIT", `${found}; ${formatBytes(memoryBytes)} are allowed in all`, {
    hint: `allow more with --memory ${needed}MiB, or give the grid a smaller block`,
  });
}

/** Nodes in the order of their stages: outputs that are copies come last. */
function nodesWith({ nodes }: ResolvedGraph, outputs: readonly OutputPlan[]): GraphNode[] {
  return [...new Set<GraphNode>([...nodes, ...outputs.map(({ node }) => node)])];
}

function planOutputs({ outputs, document }: ResolvedGraph, placed: readonly Placed[], faults: Faults): OutputPlan[] {
  const taken = new Set<GraphNode>();
  return [...outputs].flatMap(([name, node], at): OutputPlan[] => {
    const written = document.outputs[name]!;
    const path = ["outputs", name];
    const dtype = written.dtype ?? node.facts.dtype;
    const isOwn = node.kind === "local" && dtype === node.facts.dtype && !taken.has(node);
    const stored = isOwn ? node : copyOf(node, name, dtype, outputs, faults);
    if (stored?.kind !== "local") return [];
    taken.add(stored);
    const { location, key } = placed[at]!;
    const folder = `${key}/`;
    const array = arrayOf(written, stored.facts, folder);
    refuseLayout(written, path, faults);
    return [{ name, node: stored, document: written, location, folder, array }];
  });
}

/** A node that stores another one's value, perhaps as another type. */
function copyOf(
  node: GraphNode,
  name: string,
  dtype: Facts["dtype"],
  outputs: ReadonlyMap<string, GraphNode>,
  faults: Faults,
): LocalNode | undefined {
  const path = ["outputs", name];
  try {
    const bound = cast.bind({ dtype }, [node.facts]);
    const own = [...outputs.values()].some((other) => other.name === name) ? `${name}-out` : name;
    const facts = factsAfter(bound, node.facts);
    return { kind: "local", name: own, path, facts, operator: "cast", version: cast.version, bound, from: [node], fuse: true };
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    faults.addError(path, error);
    return undefined;
  }
}

function arrayOf({ format, chunk, shard, codec }: OutputDocument, { shape, dtype }: Facts, folder: string): StoredArray {
  const zarr = format === "ome-zarr-0.4" ? 2 : 3;
  const smaller = (given: Triple) => each((axis) => Math.min(given[axis]!, shape[axis]!));
  // what nobody asked for is not larger than the volume
  const chunks = chunk ?? (shard ? each((axis) => divisor(shard[axis]!)) : smaller(DEFAULT_CHUNK));
  return { zarr, folder: `${folder}0/`, shape, dtype, chunk: chunks, shard: shard ?? null, codec: codec ?? "blosc-lz4" };
}

/** The largest edge of a chunk, up to the usual one, that divides a shard. */
function divisor(shard: number): number {
  for (let size = Math.min(shard, DEFAULT_CHUNK[0]); size > 1; size--) if (shard % size === 0) return size;
  return 1;
}

function refuseLayout({ format, chunk, shard, codec }: OutputDocument, path: readonly PropertyKey[], faults: Faults): void {
  if (shard && format !== "ome-zarr-0.5")
    faults.add([...path, "shard"], `${format} has no shards`, { hint: "write format: ome-zarr-0.5, or leave shard out" });
  if (codec === "zstd" && format === "ome-zarr-0.4")
    faults.add([...path, "codec"], "OME-Zarr 0.4 is written with blosc-lz4 or raw", { hint: "write format: ome-zarr-0.5" });
  if (shard && chunk && shard.some((length, axis) => length % chunk[axis]! !== 0))
    faults.add([...path, "shard"], `a shard of ${shard.join("×")} is no whole number of chunks of ${chunk.join("×")}`);
}

interface Fitting {
  readonly resolved: ResolvedGraph;
  readonly outputs: readonly OutputPlan[];
  readonly identities: ReadonlyMap<string, readonly TaskInput[]>;
  readonly options: PrepareOptions;
}

interface Fitted {
  readonly compiled: CompiledGraph;
  readonly outputs: readonly OutputPlan[];
  readonly block: Triple;
  readonly notes: readonly string[];
}

/** Edges of blocks that are tried, largest first, as multiples of what outputs need. */
const BLOCK_EDGE_MAX = 256;

/** Finds the block, and puts copies between where whole shards do not fit the memory. */
function fitBlock(fitting: Fitting): Fitted {
  const { resolved, outputs, options } = fitting;
  const wanted = resolved.document.grid.block;
  const room = blockMemory(options.memoryBytes) / Math.max(1, options.jobs);
  if (wanted !== "auto") return withCopies(fitting, wanted, room);
  const gridShape = resolved.grid.facts.shape;
  const unit = unitOf(outputs, gridShape);
  const most = Math.max(1, ...unit.map((length) => Math.floor(BLOCK_EDGE_MAX / length)));
  for (let times = most; times > 1; times--) {
    const block = each((axis) =>
      Math.min(gridShape[axis]!, Math.max(unit[axis]!, Math.min(BLOCK_EDGE_MAX, unit[axis]! * times))),
    );
    const compiled = compile(fitting, outputs, block);
    if (compiled.stages.every(({ stage }) => stage.memoryBytes <= room)) return { compiled, outputs, block, notes: [] };
  }
  return withCopies(
    fitting,
    each((axis) => Math.min(unit[axis]!, gridShape[axis]!)),
    room,
  );
}

function unitOf(outputs: readonly OutputPlan[], gridShape: Triple): Triple {
  const alike = outputs.filter(({ array }) => array.shape.every((length, axis) => length === gridShape[axis]));
  return each((axis) =>
    Math.max(1, ...alike.map(({ array }) => array.chunk[axis]!), ...(alike.length > 0 ? [] : [DEFAULT_CHUNK[axis]!])),
  );
}

function withCopies(fitting: Fitting, block: Triple, room: number): Fitted {
  let { outputs } = fitting;
  const notes: string[] = [];
  const compiled = compile(fitting, outputs, block);
  const tooLarge = (output: OutputPlan) => {
    const found = compiled.stages.find(({ stage }) => stage.name === output.node.name);
    return found !== undefined && isEnlarged(found, block) && found.stage.memoryBytes > room && !isCopy(output.node);
  };
  if (!outputs.some(tooLarge)) return { compiled, outputs, block, notes };
  const stored = new Set<GraphNode>();
  outputs = outputs.map((output) => {
    if (!tooLarge(output)) return output;
    stored.add(output.node);
    const { node, array, name } = output;
    notes.push(
      `${node.name}: whole objects of ${objectShape(array).join("×")} do not fit the memory; they are put together in a step of their own`,
    );
    const bound = cast.bind({ dtype: node.facts.dtype }, [node.facts]);
    const copy: LocalNode = {
      ...node,
      name: `${name}-objects`,
      operator: "cast",
      version: cast.version,
      bound,
      from: [node],
      fuse: true,
    };
    return { ...output, node: copy };
  });
  return { compiled: compile(fitting, outputs, block, stored), outputs, block, notes };
}

function isEnlarged({ stage }: CompiledStage, block: Triple): boolean {
  return stage.block.some((length, axis) => length > block[axis]!);
}

/** @param stored nodes between stages */
function compile(
  { resolved, identities }: Fitting,
  outputs: readonly OutputPlan[],
  block: Triple,
  stored: ReadonlySet<GraphNode> = new Set(),
): CompiledGraph {
  const nodes = nodesWith(resolved, outputs);
  return compileGraph({ nodes, outputs, stored, gridShape: resolved.grid.facts.shape, block, identities });
}
