import { type Block, cutBlock } from "../../../arrays/operators/block.js";
import { operatorOf } from "../../../arrays/operators/table.js";
import { voxelsOf } from "../../../arrays/operators/voxels.js";
import type { Box, Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { PlainObject } from "../../../engine/task.js";
import { bindExternal } from "./external/bind.js";
import type { ExternalParams, ExternalSettings } from "./external/fields.js";
import { bindMap, type MapParams, type ProgramOperator } from "./map.js";
import type { StoredArray } from "./stored-array.js";

/** Computation of a stage's blocks: a chain of steps, each behind those that it reads; the last one is the result. Plain JSON. */
export type Program = readonly Step[];

export type Step = ReadStep | ApplyStep;

type ReadStep =
  | { readonly kind: "input"; readonly input: string; readonly level: number; readonly shape: Triple; readonly dtype: DType }
  | { readonly kind: "stored"; readonly array: StoredArray; readonly shape: Triple; readonly dtype: DType }
  | WrittenStep;

/** Reads voxels that neighbours of earlier colours have written, and gives `fill` everywhere else. */
export type WrittenStep = {
  readonly kind: "written";
  /** Array with colours, one object for each block. */
  readonly array: StoredArray;
  readonly colour: number;
  readonly fill: number;
  readonly shape: Triple;
  readonly dtype: DType;
};

export type ApplyStep = {
  readonly kind: "apply";
  readonly op: string;
  readonly version: number;
  /** Parameters as `bind` returned them. */
  readonly params: PlainObject;
  /** Numbers of the steps that it reads. */
  readonly from: readonly number[];
  readonly shape: Triple;
  readonly dtype: DType;
  /** Parameters that are in objects which other stages have written. */
  readonly values: readonly StoredValue[];
};

/** @param path names that lead to it in the object */
export type StoredValue = {
  readonly field: string;
  readonly key: string;
  readonly path: readonly string[];
  readonly isMiddle: boolean;
};

/** Reads what a program needs. */
export interface ProgramReader {
  box(step: ReadStep, box: Box): Promise<Uint8Array>;
  value(value: StoredValue): Promise<number>;
  /** Settings of the nodes' programs, by the name of the node. */
  readonly programs?: Readonly<Record<string, ExternalSettings>> | undefined;
  /** Paths of the modules of nodes, by their names. */
  readonly modules?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Operators of a program, bound once for all of its blocks. */
const boundOf = new WeakMap<Program, Promise<readonly (ProgramOperator | undefined)[]>>();

/** Computes one box of a program's result, reading each array once. */
export async function evaluate(program: Program, core: Box, reader: ProgramReader): Promise<Block> {
  return (await evaluateSteps(program, [program.length - 1], core, reader))[0]!;
}

/**
 * Computes one box of the values of several steps, each step once.
 *
 * @param results numbers of the steps
 */
export async function evaluateSteps(
  program: Program,
  results: readonly number[],
  core: Box,
  reader: ProgramReader,
): Promise<Block[]> {
  const operators = await bindAll(program, reader);
  const boxes = boxesOf(program, operators, results, core);
  const lastUse = new Map<number, number>();
  program.forEach((step, at) => {
    if (step.kind === "apply") for (const from of step.from) lastUse.set(from, at);
  });
  for (const at of results) lastUse.set(at, program.length);
  const values = new Map<number, Block>();
  for (const [at, step] of program.entries()) {
    const box = boxes[at]!;
    if (step.kind === "apply") {
      values.set(
        at,
        await operators[at]!.apply(
          step.from.map((from) => values.get(from)!),
          box,
          reader.signal,
        ),
      );
      for (const from of step.from) if (lastUse.get(from) === at) values.delete(from);
    } else values.set(at, { data: voxelsOf(step.dtype, await reader.box(step, box)), dtype: step.dtype, box, whole: step.shape });
  }
  return results.map((at) => (boxes[at] === core ? values.get(at)! : cutBlock(values.get(at)!, core)));
}

function bindAll(program: Program, reader: ProgramReader): Promise<readonly (ProgramOperator | undefined)[]> {
  const known = boundOf.get(program);
  if (known) return known;
  const bound = Promise.all(program.map((step) => (step.kind === "apply" ? bindStep(program, step, reader) : undefined)));
  boundOf.set(program, bound);
  bound.catch(() => boundOf.delete(program)); // the next block asks again
  return bound;
}

async function bindStep(
  program: Program,
  { op, params, from, values }: ApplyStep,
  reader: ProgramReader,
): Promise<ProgramOperator> {
  const found: Record<string, number> = {};
  for (const value of values) found[value.field] = await reader.value(value);
  // parameters are in voxels by now
  const voxelSizeNm = [undefined, undefined, undefined] as const;
  const inputs = from.map((at) => ({ shape: program[at]!.shape, dtype: program[at]!.dtype, voxelSizeNm }));
  if (op === "map") return bindMap(params as unknown as MapParams, inputs[0]!, reader.modules?.[String(params.name)]);
  if (op === "external") {
    const external = params as unknown as ExternalParams;
    return bindExternal(external, inputs, reader.programs?.[external.name]);
  }
  return operatorOf(op).bind({ ...params, ...found }, inputs);
}

/** The box that each step must give: the least one around the needs of all steps that read it. */
function boxesOf(
  program: Program,
  operators: readonly (ProgramOperator | undefined)[],
  results: readonly number[],
  core: Box,
): readonly Box[] {
  const boxes = new Array<Box | undefined>(program.length);
  for (const at of results) boxes[at] = core;
  for (let at = program.length - 1; at >= 0; at--) {
    const step = program[at]!;
    if (step.kind !== "apply") continue;
    const wanted = operators[at]!.inputBox(boxes[at]!);
    for (const from of step.from) boxes[from] = around(boxes[from], wanted);
  }
  return boxes as readonly Box[];
}

function around(a: Box | undefined, b: Box): Box {
  if (!a) return b;
  return {
    start: a.start.map((at, axis) => Math.min(at, b.start[axis]!)) as Triple,
    stop: a.stop.map((at, axis) => Math.max(at, b.stop[axis]!)) as Triple,
  };
}
