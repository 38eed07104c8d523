import type { InputFacts } from "../../../arrays/operators/operator.js";
import type { Connectivity } from "../../../arrays/operators/schemas.js";
import type { Triple } from "../../../core/box.js";
import type { JsonObject } from "../../../core/json.js";
import type { ProgramOperator } from "./map.js";

/** Facts about a node's value that are known before a byte of it moves. */
export interface Facts extends InputFacts {
  /** World position of the centre of voxel `[0, 0, 0]`. */
  readonly offsetNm: Triple;
}

interface Base {
  /** Lower-case letters, digits and hyphens: also the name of its stage. */
  readonly name: string;
  /** Path in the graph's document, for errors. */
  readonly path: readonly PropertyKey[];
  readonly facts: Facts;
}

/** A level of an input. */
export interface ReadNode extends Base {
  readonly kind: "read";
  readonly input: string;
  readonly level: number;
  /** Positions along axes beside z, y and x; undefined where the graph gives none. */
  readonly select: Readonly<Record<string, number>> | undefined;
  readonly chunk: Triple;
}

/** An operator on boxes of other nodes. */
export interface LocalNode extends Base {
  readonly kind: "local";
  readonly operator: string;
  readonly version: number;
  readonly bound: ProgramOperator;
  readonly from: readonly GraphNode[];
  /** False: its value is stored before others use it. */
  readonly fuse: boolean;
  /** Parameters that are results of reductions. */
  readonly values?: readonly ValueUse[] | undefined;
}

/** A parameter that is known once a reduction is. */
export interface ValueUse {
  readonly field: string;
  readonly from: ReduceNode;
  /** Names that lead to it in the result; of a list its middle is taken where `isMiddle`. */
  readonly path: readonly string[];
  readonly isMiddle: boolean;
}

/** One result of a whole volume. It is no volume itself: its facts are those of what it reads. */
export interface ReduceNode extends Base {
  readonly kind: "reduce";
  readonly reduction: string;
  readonly version: number;
  readonly params: JsonObject;
  /** Voxels that it reads around a block. */
  readonly halo: Triple;
  /** `save` reads several. */
  readonly from: readonly [GraphNode, ...GraphNode[]];
}

/** Connected components of what is not 0, numbered by their first voxels. */
export interface ComponentsNode extends Base {
  readonly kind: "components";
  readonly from: readonly [GraphNode];
  readonly connectivity: Connectivity;
  readonly minVoxels: number;
}

/** A node whose value can be stored. */
export type ComputedNode = LocalNode | ComponentsNode;
export type GraphNode = ReadNode | ComputedNode | ReduceNode;

/** Version of the operator, raised with every change of the labels' bits. */
const COMPONENTS_VERSION = 1;

/** A node with its parameters, as the id of a run has it. */
export function identityOf(node: GraphNode): JsonObject {
  if (node.kind === "read") return { read: node.input, level: node.level, ...(node.select && { select: node.select }) };
  const from = node.from.map(({ name }) => name);
  if (node.kind === "local") {
    const values = (node.values ?? []).map(({ field, from: { name }, path, isMiddle }) => ({
      field,
      from: name,
      path,
      isMiddle,
    }));
    return { op: node.operator, version: node.version, params: node.bound.params, from, values };
  }
  if (node.kind === "reduce") return { op: node.reduction, version: node.version, params: node.params, from };
  const { connectivity, minVoxels } = node;
  return { op: "components", version: COMPONENTS_VERSION, params: { connectivity, minVoxels }, from };
}

/** Facts of an operator's value: the centre of its first voxel is the centre of what that voxel covers. */
export function factsAfter(bound: ProgramOperator, input: Facts): Facts {
  const { output, origin, scale } = bound;
  const offsetNm = input.offsetNm.map((at, axis) => {
    const size = input.voxelSizeNm[axis] ?? 0;
    return at + size * (origin[axis]! + (scale[axis]! - 1) / 2);
  }) as Triple;
  return { ...output, offsetNm };
}
