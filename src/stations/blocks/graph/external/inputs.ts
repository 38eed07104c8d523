import type { Triple } from "../../../../core/box.js";
import { isJsonObject } from "../../../../core/json-fields.js";
import { each } from "../reach.js";

/** An input of a node with several, and the name of its array. */
export interface NamedInput {
  readonly name: string;
  readonly node: string;
}

/** `in: em`, `in: [em, mask]` or `in: { image: em, labels: cc }`; undefined for anything else. */
export function inputNames(given: unknown): NamedInput[] | undefined {
  if (typeof given === "string") return [{ name: given, node: given }];
  const entries = Array.isArray(given)
    ? given.map((node: unknown) => [node, node])
    : isJsonObject(given)
      ? Object.entries(given)
      : [];
  const named = entries.flatMap(([name, node]) => (typeof name === "string" && typeof node === "string" ? [{ name, node }] : []));
  const isWhole = named.length === entries.length && new Set(named.map(({ name }) => name)).size === named.length;
  return isWhole && named.length > 0 ? named : undefined;
}

/** As many blocks side by side, along x first, as a batch has and the volume gives. */
export function batchedBlock(block: Triple, batch: number, shape: Triple): Triple {
  const counts: number[] = [1, 1, 1];
  let left = batch;
  for (const axis of [2, 1, 0]) {
    counts[axis] = Math.max(1, Math.min(left, Math.ceil(shape[axis]! / block[axis]!)));
    left = Math.floor(left / counts[axis]!);
  }
  return each((axis) => Math.min(shape[axis]!, block[axis]! * counts[axis]!));
}
