import { ancestorsOf, KINDS, kindOf, type TypeKey } from "../../../model/kinds.js";
import { parseInteger, type Variables, type VariableValue } from "../config/expand.js";
import { MAPPED_NAMES } from "../config/mapped-names.js";
import { type Scalar, scalarText } from "../config/nodes.js";
import { builtInNames } from "../config/run-data-map.js";

/** One entity on the way down from the deposition: what templates, filters and children need of it. */
export interface Ancestor {
  readonly type: TypeKey;
  /** As the finder gave it: a deposition's id may be a number. */
  readonly name: Scalar;
  /** Relative to the source folder (or to the output, for what was found there); null for literals. */
  readonly path: string | null;
  /** Folder below the output. */
  readonly folder: string;
  readonly id?: number | undefined;
}

/** The entities from the deposition down to where something is looked for, with the run's rows. */
export interface Scope {
  /** Nearest last. */
  readonly ancestors: readonly Ancestor[];
  /** Row of the run data map, with `mapped_…` names beside; undefined above a run or without a row. */
  readonly row: Variables | undefined;
  readonly mapped: Variables | undefined;
}

/**
 * Names that templates may use in a scope. For equal names the more distant ancestor takes precedence, and a run's columns over
 * the run and everything below it, as in the reference. (Reading the map warns of columns with the name of a variable.)
 */
export function variablesOf({ ancestors, row, mapped }: Scope): Variables {
  const variables = new Map<string, VariableValue>([["output_path", ""]]);
  for (const { type, name, path, folder, id } of [...ancestors].reverse()) {
    const text = scalarText(name);
    variables.set(`${type}_name`, text);
    variables.set(`${type}_path`, path);
    variables.set(`${type}_output_path`, folder);
    if (id !== undefined) variables.set(`${type}_id`, id);
    const number = parseInteger(text);
    if (number !== undefined) variables.set(`int_${type}_name`, Number(number));
    if (type === "run") for (const [key, value] of [...(mapped ?? []), ...(row ?? [])]) variables.set(key, value);
  }
  return variables;
}

/** Every name that a template of this type's sources may use in any run, for checks before anything is listed. */
export function knownNames(type: TypeKey, columns: readonly string[]): Set<string> {
  const names = new Set(["output_path"]);
  for (const ancestor of ancestorsOf(type)) {
    for (const name of [`${ancestor}_name`, `${ancestor}_path`, `${ancestor}_output_path`, `int_${ancestor}_name`])
      names.add(name);
    if (kindOf(ancestor).hasId) names.add(`${ancestor}_id`);
    if (ancestor === "run") for (const name of [...columns, ...Object.values(MAPPED_NAMES)]) names.add(name);
  }
  return names;
}

/** Whether a variable is the name of a thing here: in a glob it means itself. Columns of a map may hold patterns. */
export function isEntityVariable(name: string, { row }: Scope): boolean {
  return ENTITY_VARIABLES.has(name) && (row === undefined || !row.has(name) || ABOVE_RUNS.has(name));
}

const variablesOfTypes = (types: readonly TypeKey[]): Set<string> => new Set(types.flatMap((type) => builtInNames(type)));
const ENTITY_VARIABLES: ReadonlySet<string> = variablesOfTypes(KINDS.map(({ type }) => type));
/** They win over columns. */
const ABOVE_RUNS: ReadonlySet<string> = variablesOfTypes(ancestorsOf("run"));
