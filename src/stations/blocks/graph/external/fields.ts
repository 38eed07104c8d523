import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { z } from "zod";
import { edgeRule } from "../../../../arrays/operators/edge.js";
import { integerRange } from "../../../../arrays/operators/voxels.js";
import type { Triple } from "../../../../core/box.js";
import type { DType } from "../../../../core/dtype.js";
import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import { dtype, type NodeDocument } from "../document.js";
import { checksumOf, fileWord, isFile } from "../named-files.js";
import type { Neighbours } from "./colours.js";

const halo = z.int().min(0).max(1024);

/** Fields of a node `op: external` beside its inputs. */
export const ExternalFields = z.strictObject({
  command: z.array(z.string().min(1)).min(1),
  files: z.array(z.string().min(1)).default([]),
  halo: z.union([halo.transform((all): Triple => [all, all, all]), z.tuple([halo, halo, halo])]).default([0, 0, 0]),
  edge: z.union([edgeRule, z.literal("none")]).default("reflect"),
  batch: z.int().min(1).max(256).default(1),
  after: z.enum(["neighbours-6", "neighbours-18", "neighbours-26"]).optional(),
  fill: z.number().optional(),
  dtype: dtype.optional(),
  deterministic: z.boolean().default(true),
  gpu: z.int().min(0).max(64).default(0),
  timeout: z.number().min(1).max(86_400).default(300),
});

/** Settings with which a program is run. They are not part of what it computes: a longer `timeout` goes on with the same run. */
export type ExternalSettings = {
  /** GPUs that it gets for itself. */
  readonly gpu: number;
  /** Seconds for its start, and for a batch. */
  readonly timeout: number;
  /** Words that name files are their whole paths. */
  readonly command: readonly string[];
};

/** Settings of a graph's programs; fields that are wrong are refused where the graph is checked. */
export function settingsOf(nodes: readonly NodeDocument[]): Record<string, ExternalSettings> {
  const { gpu, timeout, command } = ExternalFields.shape;
  const settings = nodes
    .filter(({ op }) => op === "external")
    .map((node) => {
      const read = z.object({ gpu, timeout, command }).safeParse(node);
      if (!read.success) return [node.id, { gpu: 0, timeout: 300, command: [] }] as const;
      const words = read.data.command.map((word, at) => (namesFile(word, at) ? resolve(word) : word));
      return [node.id, { ...read.data, command: words }] as const;
    });
  return Object.fromEntries(settings);
}

/** Batches of a task that may each take all of their time, the start of the program among them. */
const BATCHES_MAX = 20;

/**
 * Milliseconds that a worker process may be at one block before it counts as lost; undefined without programs: the usual limit.
 * Programs are watched by their own `timeout` as well.
 */
export function longestTaskMs(programs: Readonly<Record<string, ExternalSettings>>): number | undefined {
  const seconds = Object.values(programs).reduce((sum, { timeout }) => sum + timeout, 0);
  return seconds > 0 ? BATCHES_MAX * seconds * 1000 : undefined;
}

/** Version of the operator, raised when programs are told something else. */
export const EXTERNAL_VERSION = 2;

/** Parameters that decide what a program computes. Plain JSON. */
export type ExternalParams = {
  /** Name of the node. */
  readonly name: string;
  /** Words as written; those that name files below the graph's folder are their places in it. */
  readonly command: readonly string[];
  /** Files that the command names, and the node's others: with another text it is another run. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Names of the arrays that it gets. */
  readonly inputs: readonly string[];
  readonly halo: Triple;
  readonly edge: z.output<typeof edgeRule> | "none";
  readonly batch: number;
  readonly dtype: DType;
  readonly deterministic: boolean;
  /**
   * Neighbours that are computed before a block where they have an earlier colour, and the value that `written` holds in place
   * of all others.
   */
  readonly after?: { readonly neighbours: Neighbours; readonly fill: number };
  /** The largest core of a block; null: all that is wanted at once. */
  readonly cell: Triple | null;
};

/**
 * @param names of the inputs' arrays
 * @param folder of the graph
 * @throws {EmporiumError} CONFIG_FIELD for a program or a file that is not there
 */
export function externalParams(
  name: string,
  fields: z.output<typeof ExternalFields>,
  names: readonly string[],
  inputs: readonly { readonly dtype: DType; readonly shape: Triple }[],
  folder: string,
): ExternalParams {
  const { halo: reach, edge, batch, deterministic } = fields;
  inputs.forEach(({ shape }, at) => {
    if (shape.join() !== inputs[0]!.shape.join())
      throw new EmporiumError(
        "CONFIG_FIELD",
        `external: in: ${names[at]} has ${shape.join("×")} voxels, ${names[0]} ${inputs[0]!.shape.join("×")}`,
        { place: { path: "in" } },
      );
  });
  needProgram(fields.command[0]!);
  const words = fields.command.map((word, at) => (namesFile(word, at) ? fileWord(word, folder) : word));
  const named = fields.command.filter(namesFile);
  fields.files.forEach((file, at) => {
    if (!isFile(file))
      throw new EmporiumError("CONFIG_FIELD", `external: files: ${file} is not a file`, { place: { path: `files.${at}` } });
  });
  const files = [...new Set([...named, ...fields.files])].map((file) => ({
    path: fileWord(file, folder),
    sha256: checksumOf(file),
  }));
  const type = fields.dtype ?? inputs[0]!.dtype;
  const after = afterOf(fields, names, type);
  const params = { name, command: words, files, inputs: names, halo: reach, edge, batch, dtype: type, deterministic, cell: null };
  return after ? { ...params, after } : params;
}

/** The name of the array that holds what neighbours have written. */
export const WRITTEN = "written";

/** Names of all arrays that a program gets, in their order. */
export const namesOf = ({ inputs, after }: ExternalParams): readonly string[] => (after ? [...inputs, WRITTEN] : inputs);

/** @throws {EmporiumError} CONFIG_FIELD */
function afterOf(
  { after, fill, batch }: z.output<typeof ExternalFields>,
  names: readonly string[],
  type: DType,
): ExternalParams["after"] {
  if (!after) {
    if (fill !== undefined) throw fault("fill", "fill: there is no after, so nothing is filled", "leave it out");
    return undefined;
  }
  if (batch > 1)
    throw fault(
      "batch",
      `batch: ${counted(batch, "block")} at once would not see each other`,
      "leave batch out where there is after",
    );
  if (names.includes(WRITTEN))
    throw fault("in", `in: ${WRITTEN} is what neighbours have written`, `give the input another name: { other: ${WRITTEN} }`);
  const value = fill ?? 0;
  const range = integerRange(type);
  if (range && (!Number.isSafeInteger(value) || value < range[0] || value > range[1]))
    throw fault("fill", `fill: ${value} is no ${type}`);
  return { neighbours: Number(after.slice("neighbours-".length)) as Neighbours, fill: value };
}

const fault = (path: string, message: string, hint?: string) =>
  new EmporiumError("CONFIG_FIELD", `external: ${message}`, { place: { path }, hint });

/** Whether a word of a command names a file: the program itself does only where it is no name on PATH. */
const namesFile = (word: string, at: number) => (at > 0 || word.includes("/")) && isFile(word);

/** Refuses a program that cannot be run before a byte moves, rather than at the first block. */
function needProgram(word: string): void {
  const folders = word.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  const isThere = folders.some((folder) => isExecutable(folder === "" ? resolve(word) : join(folder, word)));
  if (isThere) return;
  const found = word.includes("/") ? `${word} cannot be run` : `no program ${word} is on PATH`;
  throw new EmporiumError("CONFIG_FIELD", `external: command: ${found}`, {
    place: { path: "command.0" },
    hint: "name a program first, such as python3; a script of your own needs its interpreter, or its own first line and mode",
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
