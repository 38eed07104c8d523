import { z } from "zod";
import type { BlockVolume } from "../../../arrays/blocks/volume.js";
import { readParameters } from "../../../arrays/operators/operator.js";
import { REDUCTIONS, reductionOf } from "../../../arrays/operators/reductions/table.js";
import { connectivity } from "../../../arrays/operators/schemas.js";
import { OPERATORS, operatorOf } from "../../../arrays/operators/table.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { nearest } from "../../../core/nearest.js";
import type { GraphDocument, NodeDocument } from "./document.js";
import { bindExternal } from "./external/bind.js";
import { EXTERNAL_VERSION, ExternalFields, externalParams } from "./external/fields.js";
import { inputNames } from "./external/inputs.js";
import type { Faults } from "./faults.js";
import type { GraphInputs } from "./input-plan.js";
import { bindMap, MAP_VERSION, MapFields, mapParams } from "./map.js";
import { MESHES_HALO, MESHES_VERSION, MeshesFields, meshesOf, meshesParams } from "./meshes/fields.js";
import { type Facts, factsAfter, type GraphNode, type LocalNode, type ReduceNode, type ValueUse } from "./nodes.js";
import type { ReadGraph } from "./read-graph.js";
import { SAVE_VERSION, SaveFields, savedBy, saveParams } from "./save/fields.js";
import { checkValuePath } from "./value-path.js";

/** A graph whose names, types and shapes are known and fit. Where there are faults, what they are of is left out. */
export interface ResolvedGraph {
  readonly document: GraphDocument;
  /** Every node that an output needs, those that it reads before it. */
  readonly nodes: readonly GraphNode[];
  /** Nodes of the outputs, by the output's name. */
  readonly outputs: ReadonlyMap<string, GraphNode>;
  /** Coarser levels of a node's value, the finest of them first. */
  readonly pyramids: ReadonlyMap<GraphNode, readonly LocalNode[]>;
  /** Node that the grid of blocks is of; undefined where it has faults. */
  readonly grid: GraphNode | undefined;
}

/**
 * Finds what each name of a graph stands for, and what each node gives: type, shape, voxel size.
 *
 * @param volumes the inputs, open; those that cannot be opened are faults already, and so is nothing that reads them
 * @param faults take all that is wrong
 */
export function resolveGraph(read: ReadGraph, volumes: ReadonlyMap<string, BlockVolume>, faults: Faults): ResolvedGraph {
  const { document } = read;
  const before = faults.count;
  const resolver = new Resolver(read, volumes, faults);
  const grid = resolver.named(document.grid.of, ["grid", "of"]);
  if (document.grid.level !== undefined && !Object.hasOwn(document.inputs, document.grid.of))
    faults.add(["grid", "level"], `${document.grid.of} is not an input: it has one level`);
  for (const { id } of document.nodes) resolver.named(id, ["nodes"]);
  const outputs = new Map<string, GraphNode>();
  for (const [name, output] of Object.entries(document.outputs)) {
    const node = resolver.named(output.of ?? name, output.of === undefined ? ["outputs", name] : ["outputs", name, "of"]);
    if (node) outputs.set(name, node);
  }
  if (Object.keys(document.outputs).length === 0)
    faults.add(["outputs"], "no outputs are named, so nothing would be computed", {
      hint: "write outputs: { NAME: { to: PLACE } }",
    });
  // what reads a node may be among the faults
  if (faults.count === before && volumes.size === Object.keys(document.inputs).length) refuseUnused(resolver, document, faults);
  const { pyramids } = resolver;
  refuseLostLevels(resolver, outputs, faults);
  const levels = [...outputs.values()].flatMap((node) => pyramids.get(node) ?? []);
  return { document, nodes: resolver.used([...outputs.values(), ...levels]), outputs, pyramids, grid };
}

class Resolver {
  private readonly document: GraphDocument;
  private readonly inputs: GraphInputs;
  /** Folder of the graph's file, or the working directory: see `ReadGraph`. */
  private readonly folder: string;
  private readonly known = new Map<string, GraphNode | undefined>();
  /** Nodes that are being resolved, outermost first: one that is met again is a cycle. */
  private readonly open: string[] = [];
  private readonly byId: ReadonlyMap<string, number>;
  readonly asked = new Set<string>();
  readonly pyramids = new Map<GraphNode, readonly LocalNode[]>();

  constructor(
    { document, inputs, folder }: ReadGraph,
    private readonly volumes: ReadonlyMap<string, BlockVolume>,
    private readonly faults: Faults,
  ) {
    this.document = document;
    this.inputs = inputs;
    this.folder = folder;
    const byId = new Map<string, number>();
    document.nodes.forEach(({ id }, at) => {
      const taken = byId.has(id) || Object.hasOwn(document.inputs, id);
      if (taken) faults.add(["nodes", at, "id"], `${id} is the name of another node or input`);
      else byId.set(id, at);
    });
    this.byId = byId;
  }

  /** The node that a name stands for; undefined where it has faults of its own, or where there is none, which is then a fault. */
  named(name: string, path: readonly PropertyKey[]): GraphNode | undefined {
    if (this.open.includes(name)) {
      const circle = [...this.open.slice(this.open.indexOf(name)), name];
      this.faults.add(path, `the nodes need each other in a circle: ${circle.join(" ← ")}`);
      return undefined;
    }
    if (this.known.has(name)) return this.known.get(name);
    const at = this.byId.get(name);
    if (at === undefined && !Object.hasOwn(this.document.inputs, name)) {
      const meant = nearest(name, [...Object.keys(this.document.inputs), ...this.byId.keys()]);
      this.faults.add(path, `no input or node is called ${name}`, { hint: meant && `did you mean ${meant}?` });
      return undefined;
    }
    this.open.push(name);
    const node = at === undefined ? this.input(name) : this.node(this.document.nodes[at]!, ["nodes", at]);
    this.open.pop();
    this.known.set(name, node);
    return node;
  }

  /** The wanted nodes and all that they need, each behind those that it needs. */
  used(wanted: readonly GraphNode[]): GraphNode[] {
    const order = new Set<GraphNode>();
    const visit = (node: GraphNode) => {
      if (order.has(node)) return;
      if (node.kind !== "read") node.from.forEach(visit);
      if (node.kind === "local") for (const { from } of node.values ?? []) visit(from);
      order.add(node);
    };
    wanted.forEach(visit);
    return [...order];
  }

  private input(name: string): GraphNode | undefined {
    const { grid } = this.document;
    const isGrid = grid.of === name;
    const level = this.inputs.levels[name]!;
    if (isGrid && (grid.level ?? level) !== level) {
      this.faults.add(["grid", "level"], `level ${grid.level} is given, and level ${level} for ${name} itself: give it once`);
      return undefined;
    }
    const volume = this.volumes.get(name);
    if (!volume) return undefined;
    const found = volume.levels[level];
    if (!found) {
      this.faults.add(
        isGrid && grid.level !== undefined ? ["grid", "level"] : ["inputs", name],
        `${name} has no level ${level}, it has ${volume.levels.length}`,
        { hint: `levels of ${name}: ${volume.levels.map((_, at) => at).join(", ")}` },
      );
      return undefined;
    }
    const { shape, dtype, voxelSizeNm, offsetNm, chunk } = found;
    return {
      kind: "read",
      name,
      path: ["inputs", name],
      input: name,
      level,
      select: this.inputs.selected[name],
      chunk,
      facts: { shape, dtype, voxelSizeNm, offsetNm },
    };
  }

  private node(written: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const { id, op, fuse = true, ...fields } = written;
    try {
      if (!OPERATIONS.includes(op)) return this.unknown(op, path);
      if (op === "components") return this.components(written, path);
      if (op === "downsample" && fields.levels !== undefined) return this.pyramid(written, path);
      if (op === "map") return this.mapped(written, path);
      if (op === "meshes") return this.meshes(written, path);
      if (op === "save") return this.save(written, path);
      if (op === "external") return this.external(written, path);
      if (REDUCTIONS.some(({ name }) => name === op)) return this.reduction(written, path);
      const operator = operatorOf(op);
      const from = operator.inputs.map((field) => this.field(fields, field, path));
      for (const field of operator.inputs) delete fields[field];
      if (!from.every((node) => node !== undefined)) return undefined;
      const values = this.values(written, fields, from[0]!, path);
      if (!values) return undefined;
      const bound = operator.bind(
        fields,
        from.map(({ facts }) => facts),
      );
      const facts = factsAfter(bound, from[0]!.facts as Facts);
      const { version } = operator;
      return { kind: "local", name: id, path, facts, operator: op, version, bound, from, fuse, values } satisfies LocalNode;
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      this.faults.addError(path, error);
      return undefined;
    }
  }

  /** Levels of an image, each of the one before; the last one is the node's value. */
  private pyramid(
    { id, op, fuse = true, levels: given, ...fields }: NodeDocument,
    path: readonly PropertyKey[],
  ): GraphNode | undefined {
    const count = this.fields(op, z.object({ levels: z.int().min(2).max(16) }), { levels: given }, path)?.levels;
    const from = this.field(fields, "in", path);
    delete fields.in;
    if (!from || count === undefined) return undefined;
    const operator = operatorOf(op);
    const levels: LocalNode[] = [];
    for (let level = 1; level < count; level++) {
      const finer = levels.at(-1) ?? from;
      // levels of an image have one type
      const bound = operator.bind({ dtype: "input", ...fields }, [finer.facts]);
      const facts = factsAfter(bound, finer.facts);
      const { name: operatorName, version } = operator;
      levels.push({
        kind: "local",
        name: `${id}-${level}`,
        path,
        facts,
        operator: operatorName,
        version,
        bound,
        from: [finer],
        fuse,
      });
    }
    if (this.pyramids.has(from)) this.faults.add(path, `${from.name} has levels already`);
    this.pyramids.set(from, levels);
    return levels.at(-1);
  }

  private unknown(op: string, path: readonly PropertyKey[]): undefined {
    const meant = nearest(op, OPERATIONS);
    const hint = meant === undefined ? `operators: ${OPERATIONS.join(", ")}` : `did you mean ${meant}?`;
    this.faults.add([...path, "op"], `no operator ${op}`, { code: "CONFIG_FIELD", hint });
  }

  private mapped({ id, op, fuse = true, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const from = this.field(fields, "in", path);
    delete fields.in;
    const read = this.fields(op, MapFields, fields, path);
    if (!from || !read) return undefined;
    const bound = bindMap(mapParams(id, read, from.facts, this.folder), from.facts);
    const facts = factsAfter(bound, from.facts);
    return { kind: "local", name: id, path, facts, operator: op, version: MAP_VERSION, bound, from: [from], fuse };
  }

  private meshes({ id, op, fuse: _, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const from = this.field(fields, "in", path);
    delete fields.in;
    const read = this.fields(op, MeshesFields, fields, path);
    if (!from || !read) return undefined;
    const params = meshesParams(read, from.facts) as unknown as JsonObject;
    const facts = { facts: from.facts, halo: MESHES_HALO, from: [from] } as const;
    return { kind: "reduce", name: id, path, reduction: op, version: MESHES_VERSION, params, ...facts };
  }

  private save({ id, op, fuse: _, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const named = inputNames(fields.in);
    if (!named) return this.field(fields, "in", path);
    const from = named.map((one) => this.field({ in: one.node }, "in", path));
    delete fields.in;
    const read = this.fields(op, SaveFields, fields, path);
    const [first, ...others] = from;
    if (!read || !first || !others.every((node) => node !== undefined)) return undefined;
    const tensors = named.map(({ name }, at) => ({ name, facts: from[at]!.facts }));
    const params = saveParams(read, tensors) as unknown as JsonObject;
    const facts = { facts: first.facts, halo: [0, 0, 0] as Triple, from: [first, ...others] } as const;
    return { kind: "reduce", name: id, path, reduction: op, version: SAVE_VERSION, params, ...facts };
  }

  /** Its value is stored unless the graph says `fuse: true`: a network costs more than a disk. */
  private external({ id, op, fuse = false, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const named = inputNames(fields.in);
    if (!named) return this.field(fields, "in", path);
    const from = named.map((one) => this.field({ in: one.node }, "in", path));
    delete fields.in;
    const read = this.fields(op, ExternalFields, fields, path);
    if (!read || !from.every((node) => node !== undefined)) return undefined;
    if (read.after) this.needBlocks(fuse, path);
    const names = named.map(({ name }) => name);
    const facts = from.map((node) => node.facts);
    const bound = bindExternal(externalParams(id, read, names, facts, this.folder), facts);
    const value = factsAfter(bound, facts[0]!);
    return { kind: "local", name: id, path, facts: value, operator: op, version: EXTERNAL_VERSION, bound, from, fuse };
  }

  /**
   * Requires blocks of a given size for nodes with `after`: their results depend on the blocks, which then must not depend on
   * the memory. Refuses `fuse`.
   */
  private needBlocks(fuse: boolean, path: readonly PropertyKey[]): void {
    if (fuse)
      this.faults.add([...path, "fuse"], "what neighbours write is always stored", {
        hint: "leave fuse out where there is after",
      });
    if (this.document.grid.block === "auto")
      this.faults.add([...path, "after"], "the result depends on the size of blocks, and the grid has none", {
        hint: "write grid: { block: [64, 64, 64] }, or another size",
      });
  }

  private reduction({ id, op, fuse: _, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const from = this.field(fields, "in", path);
    delete fields.in;
    return from && reduceNode(id, op, from, fields, path);
  }

  /**
   * Takes parameters out of a node's fields that are results of reductions, and puts numbers in their places: `above: { of: stats, path: mean }`, or
   * `above: auto`, which is the middle between the limits of `contrast`.
   */
  private values(
    { id }: NodeDocument,
    fields: Record<string, unknown>,
    input: GraphNode,
    path: readonly PropertyKey[],
  ): ValueUse[] | undefined {
    const uses: ValueUse[] = [];
    for (const [field, given] of Object.entries(fields)) {
      const isAuto = given === "auto";
      const isNamed = typeof given === "object" && given !== null && "of" in given;
      if (!isAuto && !isNamed) continue;
      // in the place of what is not known yet: limits that fit any other one
      fields[field] = UPPER_LIMITS.includes(field) ? Number.MAX_SAFE_INTEGER - 1 : Number.MIN_SAFE_INTEGER + 1 + uses.length;
      if (isAuto) {
        const from = reduceNode(`${id}-contrast`, "contrast", input, {}, path);
        uses.push({ field, from, path: ["limits"], isMiddle: true });
        continue;
      }
      const read = this.fields(field, ValueFields, given, [...path, field]);
      const from = read && this.field(read, "of", [...path, field]);
      if (!read || !from) return undefined;
      if (from.kind === "reduce" && !savedBy(from) && !meshesOf(from)) {
        checkValuePath(from, read.path, [...path, field, "path"], this.faults);
        uses.push({ field, from, path: read.path.split("."), isMiddle: false });
      } else this.faults.add([...path, field, "of"], `${from.name} is a volume: it has no single result`);
    }
    return uses;
  }

  private components({ id, op, fuse: _, ...fields }: NodeDocument, path: readonly PropertyKey[]): GraphNode | undefined {
    const from = this.field(fields, "in", path);
    delete fields.in;
    const read = this.fields(op, ComponentsFields, fields, path);
    if (!from || !read) return undefined;
    const facts: Facts = { ...from.facts, dtype: "uint64" };
    return { kind: "components", name: id, path, facts, from: [from], ...read };
  }

  /** Fields of a node that is no operator on voxels; undefined where some are wrong. */
  private fields<S extends z.ZodType>(
    op: string,
    schema: S,
    fields: unknown,
    path: readonly PropertyKey[],
  ): z.output<S> | undefined {
    try {
      return readParameters(op, schema, fields) as z.output<S>;
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      this.faults.addError(path, error);
      return undefined;
    }
  }

  private field(fields: Readonly<Record<string, unknown>>, field: string, path: readonly PropertyKey[]): GraphNode | undefined {
    const name = fields[field];
    if (typeof name === "string") {
      this.asked.add(name);
      const found = this.named(name, [...path, field]);
      if (found?.kind !== "reduce" || field === "of") return found;
      this.faults.add([...path, field], `${name} is the result of a reduction, no volume`);
      return undefined;
    }
    const what = name === undefined ? `there is no field "${field}"` : `${field} is not a name`;
    this.faults.addError(
      [...path, ...(name === undefined ? [] : [field])],
      new EmporiumError("CONFIG_FIELD", `${what}: it names the input or node that is read`),
    );
    return undefined;
  }
}

const OPERATIONS = [
  ...OPERATORS.map(({ name }) => name),
  ...REDUCTIONS.map(({ name }) => name),
  "components",
  "external",
  "map",
  "meshes",
  "save",
].sort();

function reduceNode(name: string, op: string, from: GraphNode, fields: unknown, path: readonly PropertyKey[]): ReduceNode {
  const { version, bind } = reductionOf(op);
  const { params, halo } = bind(fields, from.facts);
  return { kind: "reduce", name, path, facts: from.facts, reduction: op, version, params, halo, from: [from] };
}

const UPPER_LIMITS: readonly string[] = ["below", "high"];

const ValueFields = z.strictObject({ of: z.string(), path: z.string() });
const ComponentsFields = z.strictObject({ connectivity: connectivity.default(26), minVoxels: z.int().min(1).default(1) });

/** Levels belong to the output of what they are made of: an output of the node itself would hold the coarsest of them alone. */
function refuseLostLevels({ pyramids }: Resolver, outputs: ReadonlyMap<string, GraphNode>, faults: Faults): void {
  const wanted = new Set(outputs.values());
  for (const [finest, levels] of pyramids) {
    if (wanted.has(finest)) continue;
    for (const [name, node] of outputs)
      if (node === levels.at(-1))
        faults.add(
          ["outputs", name],
          `${name} would hold one level of ${levels.length + 1}, the coarsest (${node.facts.shape.join("×")} voxels)`,
          { hint: `write an output with of: ${finest.name} for all levels, or leave levels out` },
        );
  }
}

/** A node that nothing reads is a mistake of a name, or forgotten. */
function refuseUnused({ asked }: Resolver, { nodes, outputs }: GraphDocument, faults: Faults): void {
  const wanted = new Set([...asked, ...Object.entries(outputs).map(([name, { of }]) => of ?? name)]);
  const levels = (node: NodeDocument) => node.op === "downsample" && node.levels !== undefined && wanted.has(String(node.in));
  nodes.forEach((node, at) => {
    const { id } = node;
    if (!wanted.has(id) && !levels(node))
      faults.add(["nodes", at, "id"], `${id} is read by nothing and is not an output`, { code: "CONFIG_UNUSED" });
  });
}
