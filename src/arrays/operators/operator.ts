import type { z } from "zod";
import type { Box, Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError, toErrorRecord } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { nearest } from "../../core/nearest.js";
import { aboutField, schemaWords } from "../../core/schema-words.js";
import { counted } from "../../core/units.js";
import { type Block, growBox, needBox } from "./block.js";

/** Facts of an input volume that an operator knows before any voxel is read. */
export interface InputFacts {
  readonly dtype: DType;
  /** Voxels of the whole volume. */
  readonly shape: Triple;
  /** Voxel size `[z, y, x]`; undefined where the source gives none. */
  readonly voxelSizeNm: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
}

/**
 * A total function on whole volumes that is computed block by block: the blocks together have the bits of the whole, whatever their size.
 *
 * `bind` checks parameters as a person wrote them. The `params` that it answers are plain JSON in voxels, and binding them again gives the
 * same operator: a plan binds once, and a worker binds what the plan holds.
 */
export interface Operator {
  readonly name: string;
  /** Raised with every change of the resulting bits: the id of a run holds it. */
  readonly version: number;
  /** Names of the inputs of `apply`, in their order: `in` first; some operators have more. */
  readonly inputs: readonly string[];
  /** @throws {EmporiumError} CONFIG_FIELD, with the parameter's path in `place.path`; the other faults are in `others` */
  bind(params: unknown, inputs: readonly InputFacts[]): BoundOperator;
}

/** An operator with its parameters, on inputs of known types and shapes. */
export interface BoundOperator {
  readonly params: JsonObject;
  readonly output: InputFacts;
  /** Voxels of the inputs that are needed on each side of those that a box of the output covers. */
  readonly halo: Triple;
  /** Voxels of the inputs that one voxel of the output spans. */
  readonly scale: Triple;
  /** The voxel of the inputs at which the output begins. */
  readonly origin: Triple;
  /** The box of each input that a box of the output needs, clipped at the border of the whole. */
  inputBox(core: Box): Box;
  /**
   * The voxels of a box of the output, in memory of its own.
   *
   * @param blocks one an input; each holds `inputBox(core)` at least.
   */
  apply(blocks: readonly Block[], core: Box): Block;
}

interface Definition<P extends JsonObject> {
  name: string;
  version: number;
  /** Names of the inputs. Default: one, `in`. */
  inputs?: readonly string[];
  parameters: z.ZodType<P>;
  /** Checks what the schema cannot, and gives parameters in voxels. */
  prepare?(params: P, input: InputFacts, inputs: readonly InputFacts[]): P;
  halo?(params: P): Triple;
  scale?(params: P): Triple;
  origin?(params: P): Triple;
  outputDtype(dtype: DType, params: P): DType;
  outputShape?(shape: Triple, params: P): Triple;
  /** @param output facts of the result */
  apply(blocks: readonly Block[], core: Box, params: P, output: InputFacts): Block;
}

const NONE: Triple = [0, 0, 0];

export function operator<P extends JsonObject>(definition: Definition<P>): Operator {
  const { name, version, inputs: names = ["in"] } = definition;
  return {
    name,
    version,
    inputs: names,
    bind(raw, inputs) {
      const [input] = inputs;
      if (!input || inputs.length !== names.length)
        throw new EmporiumError(
          "CONFIG_FIELD",
          `${name} has ${counted(inputs.length, "input")}, needs ${names.length}: ${names.join(", ")}`,
        );
      const written = readParameters(name, definition.parameters, raw);
      const params = definition.prepare?.(written, input, inputs) ?? written;
      return bound(definition, params, input);
    },
  };
}

function bound<P extends JsonObject>(definition: Definition<P>, params: P, input: InputFacts): BoundOperator {
  const halo = definition.halo?.(params) ?? NONE;
  const scale = definition.scale?.(params) ?? [1, 1, 1];
  const origin = definition.origin?.(params) ?? NONE;
  const output: InputFacts = {
    dtype: definition.outputDtype(input.dtype, params),
    shape: definition.outputShape?.(input.shape, params) ?? input.shape,
    voxelSizeNm: [0, 1, 2].map((axis) => scaled(input.voxelSizeNm[axis], scale[axis]!)) as unknown as InputFacts["voxelSizeNm"],
  };
  const inputBox = ({ start, stop }: Box) => {
    const covered: Box = {
      start: start.map((at, axis) => at * scale[axis]! + origin[axis]!) as Triple,
      stop: stop.map((at, axis) => Math.min(input.shape[axis]!, at * scale[axis]! + origin[axis]!)) as Triple,
    };
    return growBox(covered, halo, input.shape);
  };
  return {
    params,
    output,
    halo,
    scale,
    origin,
    inputBox,
    apply(blocks, core) {
      for (const block of blocks) needBox(block, inputBox(core));
      return definition.apply(blocks, core, params, output);
    },
  };
}

function scaled(size: number | undefined, scale: number): number | undefined {
  return size === undefined ? undefined : size * scale;
}

/** @throws {EmporiumError} CONFIG_FIELD */
export function readParameters<P>(name: string, schema: z.ZodType<P>, raw: unknown): P {
  const read = schema.safeParse(raw, { error: schemaWords });
  if (read.success) return read.data;
  const { issues } = read.error;
  // what a schema says of all parameters together follows from the single ones
  const single = issues.filter(({ code, path }) => code !== "custom" || path.length > 0);
  const told = single.length > 0 ? single : issues;
  const [first, ...others] = told.flatMap((issue) => faultsOf(name, schema, raw, issue));
  throw new EmporiumError(first!.code, first!.message, { ...first!.facts, others: others.map(toErrorRecord) });
}

function faultsOf(name: string, schema: z.ZodType, raw: unknown, issue: z.core.$ZodIssue): EmporiumError[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys" && path === "") {
    const known = "shape" in schema ? Object.keys(schema.shape as object) : [];
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      const all = known.length === 0 ? `${name} has no parameters` : `${name} has: ${known.join(", ")}`;
      return parameterFault(name, key, `there is no parameter ${key}`, meant === undefined ? all : `did you mean ${meant}?`);
    });
  }
  if (issue.code !== "invalid_value") return [parameterFault(name, path, issue.message)];
  const given = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], raw);
  const meant = typeof given === "string" ? nearest(given, issue.values.map(String)) : undefined;
  return [parameterFault(name, path, issue.message, meant && `did you mean ${meant}?`)];
}

/** A parameter that is wrong. @param path dotted, within the node */
export function parameterFault(name: string, path: string, message: string, hint?: string): EmporiumError {
  const about = message.startsWith("there is no parameter") ? message : aboutField(path, message);
  return new EmporiumError("CONFIG_FIELD", `${name}: ${about}`, { place: { path }, hint });
}
