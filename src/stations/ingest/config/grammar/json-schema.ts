import { FORMS } from "../../../../model/identifier-forms.js";
import { CONFIG, CURRENT_VERSION } from "./config.js";
import type { Field, MapShape, NumberShape, Shape, TextShape } from "./shape.js";

type Schema = Record<string, unknown>;

const FLOAT_TEMPLATE = "^float[ ]*\\{[a-zA-Z0-9_-]+\\}[ ]*$";
const INTEGER_TEMPLATE = "^int[ ]*\\{[a-zA-Z0-9_-]+\\}[ ]*$";
const ANY_TEMPLATE = "^(float|int)[ \\t]*\\{[a-zA-Z0-9_-]+\\}[ \\t]*$";
const WORD_TEMPLATE = "^[ ]*\\{[a-zA-Z0-9_-]+\\}[ ]*$";
const TEMPLATED = new Set(["tiltseries", "tomograms"]);

/**
 * The grammar as JSON Schema (draft 7, which editors support), for completion, hover texts and errors while typing. It has no
 * rules between fields; `ingest check` has them.
 */
export function configJsonSchema(): Schema {
  const definitions: Schema = {};
  const root = mapSchema(CONFIG, false, definitions);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Ingestion configuration ${CURRENT_VERSION}`,
    description: "Generated from emporium's grammar of configurations.",
    ...root,
    definitions: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** @param templated whether `float {x}` and `int {x}` stand for numbers in every field here. */
function shapeSchema(shape: Shape, templated: boolean, definitions: Schema): Schema {
  switch (shape.kind) {
    case "any":
      return {};
    case "boolean":
      return { type: "boolean" };
    case "number":
      return numberSchema(shape, templated);
    case "text":
      return textSchema(shape);
    case "list":
      return {
        type: "array",
        items: shapeSchema(shape.items, templated, definitions),
        ...(shape.least > 0 ? { minItems: shape.least } : {}),
      };
    case "map": {
      const name = `${shape.name.replaceAll(" ", "-")}${templated && hasNumber(shape) ? "-templated" : ""}`;
      if (!(name in definitions)) {
        definitions[name] = undefined; // its place, while it is made
        definitions[name] = mapSchema(shape, templated, definitions);
      }
      return { $ref: `#/definitions/${name}` };
    }
  }
}

function mapSchema(shape: MapShape, templated: boolean, definitions: Schema): Schema {
  const properties: Schema = {};
  for (const [key, field] of Object.entries(shape.fields)) {
    const within = templated || key === "sources" || (shape === CONFIG && TEMPLATED.has(key));
    properties[key] = fieldSchema(field, within, definitions);
  }
  const required = Object.entries(shape.fields).flatMap(([key, field]) => (field.required ? [key] : []));
  return { type: "object", properties, additionalProperties: false, ...(required.length > 0 ? { required } : {}) };
}

function fieldSchema({ shape, nullable, says }: Field, templated: boolean, definitions: Schema): Schema {
  const schema = shapeSchema(shape, templated, definitions);
  if (shape.kind === "any") return { description: says };
  // draft 7 hears nothing beside a $ref, so it stands in a list
  if (nullable) return { description: says, anyOf: [schema, { type: "null" }] };
  return "$ref" in schema ? { description: says, allOf: [schema] } : { description: says, ...schema };
}

function numberSchema({ whole, least, most, template }: NumberShape, templated: boolean): Schema {
  const number = {
    type: whole ? "integer" : "number",
    ...(least === undefined ? {} : { minimum: least }),
    ...(most === undefined ? {} : { maximum: most }),
  };
  // a template counts as 1: where that is out of range none can stand
  const anywhere = templated && (least === undefined || least <= 1) && (most === undefined || most >= 1);
  if (!anywhere && !template) return number;
  const pattern = anywhere ? ANY_TEMPLATE : whole ? INTEGER_TEMPLATE : FLOAT_TEMPLATE;
  return { anyOf: [number, { type: "string", pattern }] };
}

function textSchema({ words, forms, template, date }: TextShape): Schema {
  if (date) return { type: "string", format: "date" };
  if (words) {
    const vocabulary = { type: "string", enum: words };
    return template ? { anyOf: [vocabulary, { type: "string", pattern: WORD_TEMPLATE }] } : vocabulary;
  }
  if (!forms) return { type: "string" };
  const pattern = forms.map((form) => FORMS[form].pattern);
  return { type: "string", pattern: pattern.length === 1 ? pattern[0] : pattern.map((one) => `(${one})`).join("|") };
}

function hasNumber(shape: Shape): boolean {
  if (shape.kind === "map") return Object.values(shape.fields).some((field) => hasNumber(field.shape));
  return shape.kind === "list" ? hasNumber(shape.items) : shape.kind === "number";
}
