import type { Json, JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { listOf, numberOf, objectsOf, textOf } from "../../../../portals/fields.js";
import type { Length } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

/** Submitters' names of voxel sizes; the value has a unit, or the name has it: `Voxel size X (nm)`. */
const SIZE_NAME = /^(?:physical|voxel|pixel)[ _-]?size[ _-]?([xyz])(?: ?\(([^)]+)\))?$/i;
const COUNT_NAME = /^(?:size|dimension|number of pixels in)[ _-]?([xyz])$/i;

export const bioimageReader: FactsReader = {
  entryOf: (raw) => jsonObject(raw.submission),
  read: bioimageFacts,
};

/**
 * A study of the BioImage Archive: attributes of its sections, with the names of the guidelines (REMBI) and of submitters, and
 * all prose. If a study has several different acquisitions, only its prose is used.
 */
function bioimageFacts(submission: JsonObject): PortalFacts {
  const attributes = [...attributesOf(submission.attributes), ...sections(submission.section)];
  const only = (accept: (name: string) => boolean): string | undefined => {
    const values = new Set(attributes.filter(({ name }) => accept(name)).map(({ value }) => value));
    return values.size === 1 ? [...values][0] : undefined;
  };
  const length = (axis: SpaceAxis): Length | undefined => {
    const matching = attributes.find(({ name }) => SIZE_NAME.exec(name)?.[1]?.toLowerCase() === axis);
    const value = matching && only((name) => name === matching.name);
    const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([^\d\s]+)?$/.exec(value ?? "") ?? [];
    const named = unit ?? SIZE_NAME.exec(matching?.name ?? "")?.[2];
    return number === undefined || named === undefined ? undefined : { value: Number(number), unit: named };
  };
  const instrument = only((name) => /^(?:imaging )?instrument|^microscope$/i.test(name));
  const prose = attributes.map(({ name, value }) => `${name}: ${value}.`).join(" ");
  return {
    voxelSize: byAxis(length),
    lengths: byAxis((axis) => numberOf(only((name) => COUNT_NAME.exec(name)?.[1]?.toLowerCase() === axis))),
    acquisition: instrument === undefined ? undefined : { microscope: instrument },
    text: prose === "" ? undefined : prose,
  };
}

interface Attribute {
  name: string;
  value: string;
}

function attributesOf(value: Json | undefined): Attribute[] {
  return objectsOf(value).flatMap((attribute) => {
    const [name, text] = [textOf(attribute.name), textOf(attribute.value)];
    return name === undefined || text === undefined ? [] : [{ name, value: text }];
  });
}

/** Attributes of a section and of all sections inside it. Tables of sections are nested lists. */
function* sections(value: Json | undefined): Generator<Attribute> {
  for (const item of listOf(value)) {
    if (Array.isArray(item)) yield* sections(item);
    const section = jsonObject(item);
    if (!section) continue;
    yield* attributesOf(section.attributes);
    yield* sections(section.subsections);
  }
}
