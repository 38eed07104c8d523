import type { Triple } from "../../../core/box.js";
import { haloShare } from "./grids.js";
import type { ComputedNode, GraphNode, LocalNode, ReduceNode } from "./nodes.js";
import { ITSELF, joined, type Reach, through } from "./reach.js";

/** A halo is computed again rather than stored while it is at most this part of the block. */
const HALO_MAX = 0.6;

/** Nodes that are computed together: what a block of the root needs of each of them. */
export interface Group {
  readonly root: ComputedNode | ReduceNode;
  readonly block: Triple;
  /** The root, where it is an operator, and what is computed with it. */
  readonly members: Map<LocalNode, Reach>;
  /** Arrays that the group reads: inputs, and nodes that are stored. */
  readonly reads: Map<GraphNode, Reach>;
}

/**
 * Joins chains of operators into groups, so that what is between them is never stored. A node is a group of its own where it is an output, where
 * the graph says `fuse: false`, where several groups need it, or where its halo is large and somebody had to compute it again.
 *
 * @param nodes each behind those that it reads
 * @param isOutput its value is stored in any case
 * @param blockOf of a node that is stored
 * @returns the groups in the order of their roots
 */
export function fuse(
  nodes: readonly GraphNode[],
  isOutput: (node: GraphNode) => boolean,
  blockOf: (node: GraphNode) => Triple,
): Group[] {
  const groups: Group[] = [];
  const uses = new Map<GraphNode, Map<Group, Reach | undefined>>();
  for (const node of nodes.toReversed()) {
    const users = [...(uses.get(node) ?? [])];
    const [first] = users;
    const canJoin = node.kind === "local" && node.fuse && !isOutput(node) && users.length === 1 && first?.[1] !== undefined;
    if (node.kind === "local" && canJoin && isCheap(node, first[0], first[1]!)) {
      first[0].members.set(node, first[1]!);
      note(uses, node, first[0], first[1]!);
    } else {
      for (const [group, reach] of users) group.reads.set(node, reach ?? everything(node));
      if (node.kind !== "read") {
        const members = new Map(node.kind === "local" ? [[node, ITSELF]] : []);
        const group: Group = { root: node, block: blockOf(node), members, reads: new Map() };
        groups.push(group);
        note(uses, node, group, ITSELF);
      }
    }
  }
  return groups.reverse();
}

/** Notes what a member of a group needs. Undefined stands for two needs that no formula joins: the node must be stored. */
function note(
  uses: Map<GraphNode, Map<Group, Reach | undefined>>,
  node: ComputedNode | ReduceNode,
  group: Group,
  reach: Reach,
): void {
  for (const from of node.from) {
    const wanted =
      node.kind === "local" ? through(reach, node.bound) : node.kind === "reduce" ? { ...reach, halo: node.halo } : reach;
    const users = uses.get(from) ?? new Map<Group, Reach | undefined>();
    const before = users.get(group);
    users.set(group, !users.has(group) ? wanted : before && joined(before, wanted));
    uses.set(from, users);
  }
}

function isCheap(node: LocalNode, { block }: Group, reach: Reach): boolean {
  return (
    isPointwise(node) || haloShare(block.map((length, axis) => length * reach.scale[axis]!) as Triple, reach.halo) <= HALO_MAX
  );
}

/** Voxel by voxel down to the inputs: computed again for less than it costs to store. */
function isPointwise(node: GraphNode): boolean {
  if (node.kind === "read") return true;
  return node.kind === "local" && node.bound.halo.every((halo) => halo === 0) && node.from.every(isPointwise);
}

/** A reach that is surely enough: the whole array. */
function everything({ facts }: GraphNode): Reach {
  return { ...ITSELF, halo: facts.shape };
}
