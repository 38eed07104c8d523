import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { aboutField, schemaWords } from "../../../core/schema-words.js";
import { counted } from "../../../core/units.js";
import { parseCheckedYaml } from "../../../formats/yaml/checked-yaml.js";
import { absent } from "../../../stores/store.js";
import { openLocation, parseLocation } from "../../../stores/url.js";
import { type GraphDocument, type GraphGiven, GraphSchema } from "./document.js";
import { collectFaults, type PlaceOf } from "./faults.js";
import { type GraphInputs, planInputs } from "./input-plan.js";

/** A graph whose fields are those that graphs have; what they say of each other is not checked yet. */
export interface ReadGraph {
  readonly document: GraphDocument;
  /** Inputs, programs and modules that the document names. */
  readonly inputs: GraphInputs;
  readonly placeOf: PlaceOf;
  /** Faults of single fields, which are left out of the document. */
  readonly faults?: readonly EmporiumError[];
  /** Folder of the graph's file; for graphs without one the working directory. */
  readonly folder: string;
}

/**
 * Understands a graph, YAML or JSON. Fields that are wrong and may be left out are `faults`: `prepareGraph` throws them with all others.
 *
 * @param file the name in messages
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT, with line and column; all wrong fields at once
 */
export function readGraph(text: string, file: string): ReadGraph {
  const { value, faults, placeOf } = parseCheckedYaml(text, GraphSchema, {
    ...{ file, hint: HINT, kind: "graph", knownKeys, keepsFaults: true },
  });
  const { path } = parseLocation(file);
  return {
    document: value,
    inputs: planInputs(value),
    faults,
    placeOf,
    folder: path === undefined ? process.cwd() : dirname(resolve(path)),
  };
}

/**
 * The text of a graph's file, and its checksum.
 *
 * @param sha256 checksum that the file has to have, hexadecimal
 * @throws {EmporiumError} STORE_ABSENT, CONFIG_LIMIT, CHANGED_MEANWHILE
 */
export async function readGraphFile(location: string, sha256?: string): Promise<{ text: string; file: string; sha256: string }> {
  const { store, key } = await openLocation(location, { readOnly: true });
  const stat = await store.stat(key);
  if (!stat) throw absent(store, key);
  if (stat.size > LIMITS.configBytes)
    throw new EmporiumError("CONFIG_LIMIT", `${location} has ${counted(stat.size, "byte")}, no graph has so many`);
  const bytes = await store.read(key);
  if (!bytes) throw absent(store, key);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== undefined && found !== sha256) {
    throw new EmporiumError("CHANGED_MEANWHILE", `${location} is not the graph that was asked for: its SHA-256 is ${found}`, {
      place: { path: location },
    });
  }
  return { text: new TextDecoder().decode(bytes), file: location, sha256: found };
}

/** The same for a graph that a program made. Places are paths. @throws {EmporiumError} CONFIG_FIELD */
export function givenGraph(given: GraphGiven): ReadGraph {
  const placeOf: PlaceOf = (path) => ({ path: path.map(String).join(".") });
  const result = GraphSchema.safeParse(given, { error: schemaWords });
  if (result.success) return { document: result.data, inputs: planInputs(result.data), placeOf, folder: process.cwd() };
  const faults = collectFaults(placeOf);
  for (const { path, message } of result.error.issues)
    faults.addError(path, new EmporiumError("CONFIG_FIELD", aboutField(path.map(String).join("."), message), { hint: HINT }));
  faults.check();
  throw new EmporiumError("INTERNAL", "a graph was refused without a reason");
}

const HINT = "docs/guides/blocks-graphs.md shows a complete graph";

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(GraphSchema.shape),
  grid: Object.keys(GraphSchema.shape.grid.shape),
  inputs: ["from", "level"],
  outputs: Object.keys(GraphSchema.shape.outputs.valueType.shape),
};

function knownKeys([part]: readonly PropertyKey[]): readonly string[] {
  return FIELDS[part === undefined ? "" : String(part)] ?? [];
}
