import { Ajv, type ErrorObject } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { plainJson, readJsonFile } from "./json-file.js";

/** The required metadata of each frame, and their TIFF tags. */
export interface MetaSchema {
  /** The name in messages. */
  readonly name: string;
  /** Properties of type object: each names a TIFF tag with JSON. In the schema's order, each with its required keys. */
  readonly tags: readonly { readonly name: string; readonly required: readonly string[] }[];
  /** @returns the error in one line, or undefined */
  fault(metadata: JsonObject): string | undefined;
}

/** The required keys of MicroManager's frames, if the configuration has no schema. */
const BUILT_IN: JsonObject = {
  type: "object",
  properties: {
    MicroManagerMetadata: {
      type: "object",
      properties: {
        ChannelIndex: { type: "integer" },
        Slice: { type: "integer" },
        FrameIndex: { type: "integer" },
        PositionIndex: { type: "integer" },
        Channel: { type: "string" },
        "Exposure-ms": { type: "number" },
      },
      required: ["ChannelIndex", "Slice", "FrameIndex", "PositionIndex", "Channel"],
    },
  },
  required: ["MicroManagerMetadata"],
};

export const builtInMetaSchema: MetaSchema = compileMetaSchema(BUILT_IN, "the built-in schema");

/** @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD */
export async function readMetaSchema(file: string): Promise<MetaSchema> {
  return compileMetaSchema((await readJsonFile(file, "metadata schema")).value, file);
}

/**
 * A JSON Schema (drafts 4 to 7, 2019-09, 2020-12), compiled once. References to other documents are not followed.
 *
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function compileMetaSchema(schema: JsonObject, name: string): MetaSchema {
  const plain = plainJson(schema) as Record<string, unknown>;
  const dialect = typeof plain.$schema === "string" ? plain.$schema : "";
  const Validator = dialect.includes("2020-12") ? Ajv2020 : dialect.includes("2019-09") ? Ajv2019 : Ajv;
  delete plain.$schema; // drafts 4 and 6 agree in all that is used here, and their own schemas are not available
  let validate: ReturnType<Ajv["compile"]>;
  try {
    validate = new Validator({ strict: false, allErrors: false, logger: false, validateFormats: false }).compile(plain);
  } catch (error) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${name} is not a valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      {
        place: { file: name },
      },
    );
  }
  const properties = member(schema, "properties");
  const tags = Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([tag, inner]) =>
    isJsonObject(inner) && member(inner, "type") === "object"
      ? [{ name: tag, required: textsOf(member(inner, "required")) }]
      : [],
  );
  return {
    name,
    tags,
    fault: (metadata) => (validate(plainJson(metadata)) ? undefined : faultText(validate.errors?.[0])),
  };
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function faultText(error: ErrorObject | undefined): string {
  if (!error) return "it does not hold";
  const where = error.instancePath.slice(1).replaceAll("/", ".");
  return `${where === "" ? "" : `${where} `}${error.message ?? error.keyword}`;
}
