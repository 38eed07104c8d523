import type { Triple } from "../../../../core/box.js";
import { counted } from "../../../../core/units.js";
import type { PlainObject } from "../../../../engine/task.js";
import type { GraphNode } from "../nodes.js";
import type { ExternalParams } from "./fields.js";

/** Parameters of a node's program; undefined for all other nodes. */
export function externalOf(node: GraphNode): ExternalParams | undefined {
  return node.kind === "local" && node.operator === "external" ? (node.bound.params as unknown as ExternalParams) : undefined;
}

/** Parameters of a node's program that gets blocks of this size. */
export function withCell(node: GraphNode, cell: Triple): PlainObject | undefined {
  const params = externalOf(node);
  return params && { ...params, cell };
}

/** Whether some nodes give the same bits each time. */
export function isRepeatable(nodes: Iterable<GraphNode>): boolean {
  return [...nodes].every((node) => externalOf(node)?.deterministic ?? true);
}

/** Lines of a plan about the programs of some nodes. */
export function externalNotes(nodes: Iterable<GraphNode>): string[] {
  return [...nodes].flatMap((node) => {
    const params = externalOf(node);
    if (!params) return [];
    const words = [`${node.name} runs ${params.command.join(" ")}`];
    if (params.batch > 1) words.push(`${counted(params.batch, "block")} at once`);
    if (params.after)
      words.push(`what its ${params.after.neighbours} neighbours wrote decides: its result depends on the size of blocks`);
    if (!params.deterministic) words.push("not deterministic: its results are never compared");
    return [words.join(", ")];
  });
}
