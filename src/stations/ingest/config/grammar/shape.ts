import { ENUMS, type EnumName } from "../../../../model/enums.js";
import { FORMS, type FormName } from "../../../../model/identifier-forms.js";

/*
 * The types that describe the grammar of configurations. `check.ts` checks files with it, `json-schema.ts` makes the editors'
 * schema from it, and `wanted` gives the expected value for messages.
 */
export type Shape = AnyShape | TextShape | NumberShape | BooleanShape | ListShape | MapShape;

/** Any YAML value. */
export interface AnyShape {
  readonly kind: "any";
}

export interface TextShape {
  readonly kind: "text";
  /** The only words that are allowed. */
  readonly words?: readonly string[] | undefined;
  /** Forms of identifiers, one of which it must have. */
  readonly forms?: readonly FormName[] | undefined;
  /** `{column}` of the run data map is allowed in place of a word. */
  readonly template?: boolean | undefined;
  /** A day of the calendar: `2026-11-20`. */
  readonly date?: boolean | undefined;
}

export interface NumberShape {
  readonly kind: "number";
  readonly whole: boolean;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  /** `float {column}`, or `int {column}` where it is whole, is allowed wherever the number stands. */
  readonly template: boolean;
}

export interface BooleanShape {
  readonly kind: "boolean";
}

export interface ListShape {
  readonly kind: "list";
  readonly items: Shape;
  readonly least: 0 | 1;
}

export interface MapShape {
  readonly kind: "map";
  /** Name of the map in messages, and of its definition in the schema for editors. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
}

export interface Field {
  readonly shape: Shape;
  readonly required: boolean;
  /** The key may stand without a value. */
  readonly nullable: boolean;
  /** One line for editors: what it is, with its unit. */
  readonly says: string;
}

/** A field that must be there, with a value. */
export function must(shape: Shape, says: string): Field {
  return { shape, required: true, nullable: false, says };
}

/** A field that may be left out, or stand without a value. */
export function may(shape: Shape, says: string): Field {
  return { shape, required: false, nullable: true, says };
}

/** A field that may be left out, but has a value when it stands. The schema does so for plain vocabularies. */
export function maybe(shape: Shape, says: string): Field {
  return { shape, required: false, nullable: false, says };
}

export const any: AnyShape = { kind: "any" };
export const text: TextShape = { kind: "text" };
export const date: TextShape = { kind: "text", date: true };
export const boolean: BooleanShape = { kind: "boolean" };
export const integer: NumberShape = { kind: "number", whole: true, template: false };

export function oneOf(...names: readonly EnumName[]): TextShape {
  return { kind: "text", words: names.flatMap((name): readonly string[] => ENUMS[name]) };
}

/** Words of the portal's vocabulary, and those that only we know. */
export function andOurs(shape: TextShape, ...words: string[]): TextShape {
  return { ...shape, words: [...(shape.words ?? []), ...words] };
}

/** A word of a vocabulary, or a template that a row fills in with one. */
export function oneOfOrTemplate(...names: readonly EnumName[]): TextShape {
  return { ...oneOf(...names), template: true };
}

export function identifier(...forms: readonly FormName[]): TextShape {
  return { kind: "text", forms };
}

interface NumberLimits {
  least?: number;
  most?: number;
}

export function number(limits: NumberLimits = {}): NumberShape {
  return { kind: "number", whole: false, template: false, ...limits };
}

export function whole(limits: NumberLimits): NumberShape {
  return { ...integer, ...limits };
}

export function numberOrTemplate(limits: NumberLimits = {}): NumberShape {
  return { ...number(limits), template: true };
}

export function wholeOrTemplate(limits: NumberLimits = {}): NumberShape {
  return { ...whole(limits), template: true };
}

export function list(items: Shape): ListShape {
  return { kind: "list", items, least: 0 };
}

/** A list with at least one entry. */
export function filled(items: Shape): ListShape {
  return { kind: "list", items, least: 1 };
}

export function map(name: string, fields: Readonly<Record<string, Field>>): MapShape {
  return { kind: "map", name, fields };
}

/** Description of the wanted value in messages: `a number from 0 to 90, or float {column}`. */
export function wanted(shape: Shape): string {
  switch (shape.kind) {
    case "any":
      return "any value";
    case "boolean":
      return "true or false";
    case "list":
      return shape.least === 1 ? "a list with at least one entry" : "a list";
    case "map":
      return `a map (${shape.name})`;
    case "number": {
      const { whole: isWhole, least, most, template } = shape;
      const range = [least === undefined ? "" : ` from ${least}`, most === undefined ? "" : ` to ${most}`].join("");
      const formatted = template ? `, or ${isWhole ? "int" : "float"} {column}` : "";
      return `${isWhole ? "a whole number" : "a number"}${range}${formatted}`;
    }
    case "text": {
      if (shape.date) return "a date such as 2026-11-20";
      const formatted = shape.template ? " or {column}" : "";
      if (shape.words) return `${shape.words.length === 1 ? "" : "one of "}${shape.words.join(", ")}${formatted}`;
      const [first, ...others] = shape.forms ?? [];
      if (first === undefined) return "a text";
      const { name, example } = FORMS[first];
      if (others.length === 0) return `${name === name.toLowerCase() ? "" : "an identifier of "}${name} such as ${example}`;
      return `an identifier of ${[first, ...others].map((form) => FORMS[form].name).join(", ")} such as ${example}`;
    }
  }
}
