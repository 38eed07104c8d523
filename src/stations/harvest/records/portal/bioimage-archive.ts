import type { Json, JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { listOf, numberOf, objectsOf, textOf } from "../../../../portals/fields.js";
import type { Length } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

/** Names under which submitters give a number with a unit, or a number alone with the unit in the name: `Voxel size X (nm)`. */
const SIZE_NAME = /^(?:physical|voxel|pixel)[ _-]?size[ _-]?([xyz])(?: ?\(([^)]+)\))?$/i;
const COUNT_NAME = /^(?:size|dimension|number of pixels in)[ _-]?([xyz])$/i;

export const bioimageReader: FactsReader = {
  entryOf: (raw) => jsonObject(raw.submission),
  read: bioimageFacts,
};

/**
 * A study of the BioImage Archive: attributes of its sections, by the names that its guidelines (REMBI) and its submitters use, and all
 * their prose. A study with several different image acquisitions says nothing certain of one file, and is left at its prose.
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

/** Attributes of a section and of all sections within it; tables of sections are lists within lists. */
function* sections(value: Json | undefined): Generator<Attribute> {
  for (const item of listOf(value)) {
    if (Array.isArray(item)) yield* sections(item);
    const section = jsonObject(item);
    if (!section) continue;
    yield* attributesOf(section.attributes);
    yield* sections(section.subsections);
  }
}
