import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { cast } from "../../../arrays/operators/cast.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import type { TaskInput } from "../../../engine/task.js";
import { type CompiledGraph, type CompiledStage, compileGraph, isCopy } from "./compile.js";
import type { GraphDocument } from "./document.js";
import { withinGpus } from "./external/within-gpus.js";
import { collectFaults, type Faults } from "./faults.js";
import { DEFAULT_CHUNK } from "./grids.js";
import { type Inputs, identityOfInput, type MemoryShares, shareMemory } from "./inputs.js";
import type { GraphNode, LocalNode } from "./nodes.js";
import { levelsOf, type OutputPlan, type ResultPlan } from "./outputs.js";
import { refuseOverlaps } from "./overlaps.js";
import { planOutputs, planResults } from "./plan-outputs.js";
import { precomputedNotes } from "./precomputed-array.js";
import { each } from "./reach.js";
import type { ReadGraph } from "./read-graph.js";
import { resultKey } from "./reduce/stages.js";
import { type ResolvedGraph, resolveGraph } from "./resolve.js";
import { objectShape } from "./stored-array.js";
import { type Placed, planTargets, type TargetPlan } from "./targets.js";

/** A graph that can be run. */
export interface PreparedGraph extends CompiledGraph {
  readonly resolved: Resolved;
  readonly outputs: readonly OutputPlan[];
  readonly results: readonly ResultPlan[];
  readonly target: TargetPlan;
  /** Voxels of the grid's block. */
  readonly block: Triple;
  readonly memory: MemoryShares;
  readonly notes: readonly string[];
}

export interface PrepareOptions {
  /** Bytes of all buffers together. */
  readonly memoryBytes: number;
  /** Blocks that are computed at once, at most. */
  readonly jobs: number;
  /** GPUs of the job of a cluster that computes; left out: those of this machine. */
  readonly gpus?: number | undefined;
}

/**
 * Checks a graph against its inputs, and plans its stages. Reads metadata alone.
 *
 * @throws {EmporiumError} CONFIG_…, LOCATION_UNKNOWN, FORMAT_…, STORE_…: before a byte moves, with all other faults of the graph beside the first
 */
export async function prepareGraph(read: ReadGraph, inputs: Inputs, options: PrepareOptions): Promise<PreparedGraph> {
  const { document, placeOf } = read;
  const faults = collectFaults(placeOf, read.faults);
  refuseOverlaps(document, faults);
  const volumes = await openAll(document, inputs, faults);
  const found = resolveGraph(read, volumes, faults);
  const targets = placeOutputs(document, faults);
  const placed = targets?.placed ?? new Map<string, Placed>();
  const outputs = planOutputs(found, placed, faults);
  const wanted = planResults(found, placed, faults);
  faults.check();
  const resolved: Resolved = { ...found, grid: found.grid! };
  const target = targets!.plan;
  const identified = await Promise.all(
    [...volumes].map(async ([name, volume]) => [name, await identityOfInput(name, volume, read.inputs.levels[name]!)] as const),
  );
  const identities = new Map(identified.map(([name, { objects }]) => [name, objects]));
  const memory = await withinGpus(document, shareMemory(read.inputs, volumes, options), options.gpus);
  const fitted = fitBlock({ resolved, outputs, results: wanted, identities, memory });
  refuseTooLarge(fitted.compiled, options.memoryBytes, memory);
  const placeNotes = fitted.outputs.flatMap(precomputedNotes);
  const inputNotes = identified.flatMap(([, identity]) => identity.notes);
  const notes = [
    ...memory.notes,
    ...inputNotes,
    ...placeNotes,
    ...fitted.outputs.flatMap(sizeNotes),
    ...fitted.notes,
    ...fitted.compiled.stages.flatMap((stage) => stage.notes),
  ];
  const results = wanted.map((result) => ({ ...result, from: resultKey(fitted.compiled.folder, result.node.name) }));
  return { ...fitted.compiled, resolved, results, outputs: fitted.outputs, target, block: fitted.block, memory, notes };
}

/** OME-Zarr has a scale in any case; readers take one without a unit for voxels. */
function sizeNotes({ name, node, array }: OutputPlan): string[] {
  const { voxelSizeNm } = node.facts;
  const unknown = ["z", "y", "x"].filter((_, axis) => voxelSizeNm[axis] === undefined);
  if (unknown.length === 0 || array.format === "precomputed") return [];
  return [`${name}: the voxel size along ${unknown.join(", ")} is not known: written as 1, without a unit`];
}

type Resolved = ResolvedGraph & { readonly grid: GraphNode };

/** The inputs that can be opened; what is wrong with the others is a fault of the graph, too. */
async function openAll(document: GraphDocument, inputs: Inputs, faults: Faults): Promise<Map<string, LoadedVolume>> {
  const names = Object.keys(document.inputs);
  const opened = await Promise.allSettled(names.map((name) => inputs.volume(name)));
  const volumes = new Map<string, LoadedVolume>();
  for (const [at, result] of opened.entries()) {
    const name = names[at]!;
    if (result.status === "fulfilled") volumes.set(name, result.value);
    else if (isEmporiumError(result.reason) && result.reason.code !== "CANCELLED")
      faults.add(["inputs", name], result.reason.message, { code: result.reason.code, hint: result.reason.facts.hint });
    else throw result.reason;
  }
  return volumes;
}

/** Places of the outputs by name; undefined where one has none, or there are no outputs. */
function placeOutputs(document: GraphDocument, faults: Faults): { plan: TargetPlan; placed: Map<string, Placed> } | undefined {
  const names = Object.keys(document.outputs);
  if (names.length === 0) return undefined;
  try {
    const { plan, placed } = planTargets(Object.values(document.outputs).map(({ to }) => to));
    return { plan, placed: new Map(names.map((name, at) => [name, placed[at]!])) };
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    // what the overlaps of places have said already
    const at = Object.values(document.outputs).findIndex(({ to }) => error.message.startsWith(to));
    if (error.code === "CONFIG_RULE") faults.addError(["outputs", names[at] ?? names[0]!, "to"], error);
    return undefined;
  }
}

function refuseTooLarge({ stages }: CompiledGraph, memoryBytes: number, { blockBytes }: MemoryShares): void {
  const { stage } = stages.reduce((most, one) => (one.stage.memoryBytes > most.stage.memoryBytes ? one : most));
  if (stage.memoryBytes <= blockBytes) return;
  const needed = Math.ceil((stage.memoryBytes * memoryBytes) / blockBytes / 2 ** 20);
  const found = `a block of ${stage.name}, ${stage.block.join("×")} voxels, needs ${formatBytes(stage.memoryBytes)} of buffers`;
  throw new EmporiumError("MEMORY_LIMIT", `${found}; ${formatBytes(memoryBytes)} are allowed in all`, {
    hint: `allow more with --memory ${needed}MiB, or give the grid a smaller block`,
  });
}

/** Nodes in the order of their stages: outputs that are copies come last. */
function nodesWith({ nodes }: ResolvedGraph, outputs: readonly OutputPlan[]): GraphNode[] {
  return [...new Set<GraphNode>([...nodes, ...outputs.flatMap(levelsOf).map(({ node }) => node)])];
}

interface Fitting {
  readonly resolved: Resolved;
  readonly outputs: readonly OutputPlan[];
  readonly results: readonly Omit<ResultPlan, "from">[];
  readonly identities: ReadonlyMap<string, readonly TaskInput[]>;
  readonly memory: MemoryShares;
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
  const { resolved, outputs, memory } = fitting;
  const wanted = resolved.document.grid.block;
  const room = memory.blockBytes / memory.jobs;
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
      ...{ kind: "local", name: `${name}-objects`, path: node.path, facts: node.facts },
      ...{ operator: "cast", version: cast.version, bound, from: [node], fuse: true },
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
  { resolved, results, identities }: Fitting,
  outputs: readonly OutputPlan[],
  block: Triple,
  stored: ReadonlySet<GraphNode> = new Set(),
): CompiledGraph {
  const nodes = nodesWith(resolved, outputs);
  const folders = new Map<GraphNode, string>(results.map(({ node, key }) => [node, key]));
  const kept = results.map(({ node }) => node);
  return compileGraph({
    nodes,
    outputs,
    results: kept,
    folders,
    stored,
    gridShape: resolved.grid.facts.shape,
    block,
    identities,
  });
}
