import { createHash } from "node:crypto";
import type { Triple } from "../../../core/box.js";
import type { BlockStage } from "../../../engine/blocks/block-stage.js";
import { countTasks } from "../../../engine/blocks/numbers.js";
import { type BlockNeed, countBlocks } from "../../../engine/blocks/relation.js";
import type { PlainObject, TaskInput } from "../../../engine/task.js";
import { canonicalJson } from "../../../engine/task-id.js";
import { bricksOf } from "./bricks.js";
import { componentStages } from "./components/stages.js";
import { bytesOf, memoryOf } from "./costs.js";
import type { ExternalParams } from "./external/fields.js";
import { batchedBlock } from "./external/inputs.js";
import { externalNotes, externalOf, isRepeatable, withCell } from "./external/node.js";
import { colourStages } from "./external/stages.js";
import { fuse, type Group } from "./fuse.js";
import { innerChunk, scaledBlock, wholeObjects } from "./grids.js";
import { meshesOf } from "./meshes/fields.js";
import { meshStages } from "./meshes/stages.js";
import { type ComputedNode, type GraphNode, identityOf, type LocalNode, type ReduceNode } from "./nodes.js";
import { levelsOf, type OutputPlan, type StoredLevel } from "./outputs.js";
import { partOf } from "./parts.js";
import type { Program, Step } from "./program.js";
import { each, ITSELF } from "./reach.js";
import { reduceStages, resultKey } from "./reduce/stages.js";
import { savedBy } from "./save/fields.js";
import { saveStages } from "./save/stages.js";
import { objectShape, outputsOf, type StoredArray } from "./stored-array.js";

export interface CompileOptions {
  /** Every node, each behind those that it reads. */
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly OutputPlan[];
  /** Nodes that are stored although they are no outputs. */
  readonly stored: ReadonlySet<GraphNode>;
  /** Reductions whose results are outputs. */
  readonly results: readonly ReduceNode[];
  /** Keys of the nodes' results in the target: for `save` and `meshes` the folder of their files. */
  readonly folders: ReadonlyMap<GraphNode, string>;
  /** Voxels of the grid's array, and of a block of it. */
  readonly gridShape: Triple;
  readonly block: Triple;
  /** Objects that identify the inputs, by their names. */
  readonly identities: ReadonlyMap<string, readonly TaskInput[]>;
}

/** A stage with what people want to know of it. */
export interface CompiledStage {
  readonly stage: BlockStage;
  /** Nodes that are computed in it, the last one is stored. */
  readonly nodes: readonly string[];
  readonly tasks: number;
  /** Bytes that all of its tasks read together; `bytesAgain` is the part that several of them read. */
  readonly bytesRead: number;
  readonly bytesAgain: number;
  readonly notes: readonly string[];
}

export interface CompiledGraph {
  /** Hash of the graph, its inputs as they are and the versions of its operators: 32 hexadecimal digits. */
  readonly id: string;
  readonly stages: readonly CompiledStage[];
  /** Folder of what lies between stages, in the target. */
  readonly folder: string;
}

/** Folder of what lies between stages: not in the engine's own, where stages may not write. */
const GRAPHS_FOLDER = ".emporium-graphs";

/** Makes stages of a graph. Nothing is asked of any store. */
export function compileGraph(options: CompileOptions): CompiledGraph {
  const id = graphId(options);
  const folder = `${GRAPHS_FOLDER}/${id}/`;
  const byNode = new Map<GraphNode, StoredLevel>(options.outputs.flatMap(levelsOf).map((level) => [level.node, level]));
  const arrays = new Map<GraphNode, StoredArray>();
  const cellOf = (node: GraphNode) => scaledBlock(options.block, options.gridShape, node.facts.shape);
  const wanted = (node: GraphNode) =>
    savedBy(node)?.file ?? batchedBlock(cellOf(node), externalOf(node)?.batch ?? 1, node.facts.shape);
  const arrayOf = (node: GraphNode): StoredArray => {
    const known = arrays.get(node) ?? byNode.get(node)?.array ?? temporary(folder, node, wanted(node));
    arrays.set(node, known);
    return known;
  };
  // what neighbours write depends on the blocks: they are those that the graph says
  const blockOf = (node: GraphNode) =>
    externalOf(node)?.after ? wanted(node) : wholeObjects(wanted(node), objectShape(arrayOf(node)), node.facts.shape);
  const groups = fuse(options.nodes, (node) => byNode.has(node) || options.stored.has(node), blockOf);
  const kept = new Set<GraphNode>(options.results);
  const stages = groups.flatMap((group) =>
    compileGroup(group, byNode.get(group.root), arrayOf, wanted(group.root), folder, { ...options, kept, cellOf }),
  );
  return { id, stages, folder };
}

function graphId({ nodes, outputs, results, gridShape, block, identities }: CompileOptions): string {
  const text = canonicalJson({
    nodes: nodes.map((node) => ({ name: node.name, ...identityOf(node) })),
    outputs: outputs.map((output) => {
      const levels = levelsOf(output).map(({ node, array }) => ({ node: node.name, array }));
      return { name: output.name, place: output.place, levels };
    }),
    results: results.map(({ name }) => name),
    grid: { shape: gridShape, block },
    inputs: Object.fromEntries([...identities].map(([name, objects]) => [name, objects.map(versionOf)])),
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/**
 * An input's version in the hash, as in names of stages: its ETag or, without one, its time. Some stores give a copy a new time
 * but keep the ETag.
 */
function versionOf({ key, size, etag, modifiedMs }: TaskInput): PlainObject {
  return { key, size, ...(etag === undefined ? { modifiedMs: modifiedMs ?? null } : { etag }) };
}

/** An array between two stages: an object a block, in small chunks. */
function temporary(folder: string, { name, facts }: GraphNode, block: Triple): StoredArray {
  const { shape, dtype } = facts;
  const inner = { chunk: innerChunk(block), shard: block, codec: "blosc-lz4" } as const;
  return { format: "zarr3", folder: `${folder}${name}/`, shape, dtype, ...inner, offset: null };
}

function compileGroup(
  group: Group,
  output: StoredLevel | undefined,
  arrayOf: (node: GraphNode) => StoredArray,
  wanted: Triple,
  folder: string,
  {
    nodes,
    identities,
    kept,
    cellOf,
    folders,
  }: CompileOptions & { kept: ReadonlySet<GraphNode>; cellOf(node: GraphNode): Triple },
): CompiledStage[] {
  const { root, block, members, reads } = group;
  const array = arrayOf(root);
  const inOrder = nodes.filter((node) => reads.has(node) || (node.kind === "local" && members.has(node)));
  const grid = { shape: root.facts.shape, block };
  const bytes = bytesOf(group);
  const tasks = countBlocks(grid);
  // what neighbours write has an order of its own
  const numbers = externalOf(root)?.after ? undefined : bricksOf(group, arrayOf);
  const base = {
    ...grid,
    ...(numbers && { numbers }),
    name: root.name,
    needs: [...reads].flatMap(([node, reach]): BlockNeed[] =>
      node.kind === "read" ? [] : [{ kind: "box", stage: node.name, ...reach }],
    ),
    inputs: [...reads.keys()].flatMap((node) => (node.kind === "read" ? inputsOf(node.input, identities) : [])),
    outputs: outputsOf(array),
    isTemporary: output === undefined && !kept.has(root),
    bytes: Math.ceil(bytes.read / tasks),
    memoryBytes: memoryOf(group, array),
    threads: 1 as const,
    ...(isRepeatable(members.keys()) ? {} : { deterministic: false as const }),
  };
  const values = [...members.keys()].flatMap((member) => member.values ?? []);
  base.needs.push(...[...new Set(values.map(({ from }) => from.name))].map((stage): BlockNeed => ({ kind: "all", stage })));
  const program = programOf(inOrder, reads, arrayOf, folder, cellOf);
  const computed = inOrder.filter((node) => node.kind === "local" && members.has(node)).map(({ name }) => name);
  const facts = {
    nodes: computed,
    bytesRead: bytes.read,
    bytesAgain: bytes.again,
    notes: [...notesOf(group, wanted, array, output), ...externalNotes(members.keys())],
  };
  const params = { program, array, part: partOf(group, array) ?? null };
  const saved = savedBy(root);
  if (saved) {
    const results = root.kind === "reduce" ? root.from.map((node) => inOrder.indexOf(node)) : [];
    return [{ stage: saveStages(saved, base, program, results, folders.get(root)!)[0]!, ...facts, tasks }];
  }
  const external = externalOf(root);
  const between = temporary(folder, root, block);
  if (root.kind === "local" && external?.after)
    return inColours(root, array, { ...base, memoryBytes: memoryOf(group, between) }, program, external, facts, between);
  if (root.kind === "local") return [{ stage: { ...base, run: "compute", params }, ...facts, tasks }];
  const meshes = meshesOf(root);
  const stages = meshes
    ? meshStages(root.name, meshes, base, program, { between: folder, output: folders.get(root)! })
    : root.kind === "reduce"
      ? reduceStages(root, base, program, folder)
      : componentStages(root, { ...base, params }, folder);
  return stages.map((stage, at) => {
    const own = at === 0 ? facts : { nodes: [], bytesRead: 0, bytesAgain: 0, notes: [] };
    return { stage, ...own, tasks: countBlocks(stage) };
  });
}

/** Stages of a program that is handed voxels which its neighbours have written. */
function inColours(
  root: LocalNode,
  array: StoredArray,
  base: Omit<BlockStage, "run" | "params">,
  program: Program,
  params: ExternalParams,
  facts: Omit<CompiledStage, "stage" | "tasks">,
  between: StoredArray,
): CompiledStage[] {
  const { name } = root;
  const { shape, isTemporary, threads } = base;
  const coloured = { ...between, folder: between.folder.replace(/\/$/, "-colour-"), colours: params.after!.neighbours };
  const whole = wholeObjects(between.shard!, objectShape(array), between.shape);
  const copy: Group = { root, block: whole, members: new Map(), reads: new Map([[root, ITSELF]]) };
  const joined = {
    ...{ name, run: "compute", shape, block: whole, isTemporary, threads, outputs: outputsOf(array) },
    ...{ bytes: Math.ceil(bytesOf(copy).read / countBlocks({ shape, block: whole })), memoryBytes: memoryOf(copy, array) },
    params: {
      program: [{ kind: "stored", array: coloured, shape, dtype: array.dtype }],
      ...{ array, part: partOf(copy, array) ?? null },
    } as unknown as PlainObject,
  };
  const stages = colourStages(base, program, coloured, params, joined);
  const all = countBlocks(base);
  return stages.map((stage) => {
    const tasks = countTasks(stage);
    if (stage.name === name) return { stage, nodes: [], tasks, bytesRead: bytesOf(copy).read, bytesAgain: 0, notes: [] };
    const share = (bytes: number) => Math.round((bytes * tasks) / all);
    const notes = stage === stages[0] ? facts.notes : [];
    return { ...facts, stage, tasks, bytesRead: share(facts.bytesRead), bytesAgain: share(facts.bytesAgain), notes };
  });
}

function inputsOf(input: string, identities: CompileOptions["identities"]): TaskInput[] {
  return (identities.get(input) ?? []).map((object) => ({ ...object, key: `${input}/${object.key}` }));
}

function programOf(
  inOrder: readonly GraphNode[],
  reads: Group["reads"],
  arrayOf: (node: GraphNode) => StoredArray,
  folder: string,
  cellOf: (node: GraphNode) => Triple,
): Program {
  const numberOf = (node: GraphNode) => inOrder.indexOf(node);
  return inOrder.map((node): Step => {
    const { shape, dtype } = node.facts;
    if (node.kind === "read") return { kind: "input", input: node.input, level: node.level, shape, dtype };
    if (node.kind !== "local" || reads.has(node)) return { kind: "stored", array: arrayOf(node), shape, dtype };
    const { operator, version, bound, from, values = [] } = node;
    const params = withCell(node, cellOf(node)) ?? (bound.params as PlainObject);
    const stored = values.map(({ from: { name }, ...use }) => ({ ...use, key: resultKey(folder, name) }));
    return { kind: "apply", op: operator, version, params, from: from.map(numberOf), values: stored, shape, dtype };
  });
}

function notesOf({ root, block }: Group, wanted: Triple, array: StoredArray, output: StoredLevel | undefined): string[] {
  const isLarger = each((axis) => Number(block[axis]! > wanted[axis]!)).some((larger) => larger === 1);
  if (!output || !isLarger) return [];
  const object = array.shard ? "shards" : "chunks";
  return [
    `${root.name}: blocks of ${block.join("×")} instead of ${wanted.join("×")}, whole ${object} of ${objectShape(array).join("×")}`,
  ];
}

/** Whether a node is nothing but a copy of another array. */
export function isCopy(node: ComputedNode): boolean {
  return node.kind === "local" && node.operator === "cast" && node.from[0]!.facts.dtype === node.facts.dtype;
}
