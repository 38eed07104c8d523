import type { ErrorRecord } from "../../../../core/errors.js";
import { toNumber } from "../../../../core/number.js";
import { KINDS, type SectionKey } from "../../../../model/kinds.js";
import { standardExclusions } from "../../check/exclusions.js";
import { checkRules } from "../../check/rules.js";
import { checkValues } from "../../config/grammar/check.js";
import { METADATA } from "../../config/grammar/config.js";
import { type ConfigNode, type MapNode, nodeOfJson } from "../../config/nodes.js";
import { type Document, valueAt } from "../facts/fields.js";
import type { Mark } from "../finding.js";

/*
 * Checks metadata documents with the rules for configurations: `ingest check`, a run and `ingest validate` share one list.
 */

/** Measured by a run, where a configuration gives a whole number or nothing. */
const MEASURED: ReadonlySet<string> = new Set(["x_rotation_offset", "tilt_offset", "files"]);

export function hasRules(mark: Mark): boolean {
  return sectionOf(mark) !== undefined;
}

/** Values of which the portal's suite has checks of its own: where these fail, they tell it. */
const OF_OTHER_CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  authors: () => true,
  spherical_aberration_constant: () => true,
  total_flux: () => true,
  tilt_axis: () => true,
  acceleration_voltage: (value) => !((toNumber(value) ?? 0) > 0),
  annotation_object: () => true,
  "annotation_object.id": (value) => typeof value !== "string",
  "annotation_object.name": (value) => typeof value !== "string",
};

/** Faults that `ingest check` finds in the values of a document, without those that other checks report. */
export function documentFaults(mark: Mark, { key, json }: Document): ErrorRecord[] {
  const section = sectionOf(mark);
  const node = nodeOfJson(json, key);
  if (section === undefined || node.kind !== "map") return [];
  const metadata = without(node, MEASURED);
  const faults: ErrorRecord[] = [];
  checkValues(metadata, METADATA[section]!, (fault) => faults.push(fault));
  checkRules(
    asConfig(section, metadata),
    { exclusions: standardExclusions },
    { fault: (fault) => faults.push(fault), warning: () => {} },
  );
  const isOthers = (path: string) => OF_OTHER_CHECKS[path]?.(valueAt({ json }, path)) === true;
  return faults.filter(({ path }) => path !== undefined && !isOthers(path));
}

function sectionOf(mark: Mark): SectionKey | undefined {
  const section = KINDS.find(({ type }) => type === mark)?.section;
  return section !== undefined && METADATA[section] ? section : undefined;
}

function without(node: MapNode, keys: ReadonlySet<string>): MapNode {
  return { ...node, entries: new Map([...node.entries].filter(([key]) => !keys.has(key))) };
}

/** `{<section>: [{metadata: …}]}`, as rules look at it. */
function asConfig(section: SectionKey, metadata: MapNode): MapNode {
  const map = (key: string, value: ConfigNode): MapNode => ({
    ...metadata,
    entries: new Map([[key, value]]),
    keyPlaces: new Map([[key, metadata.place]]),
  });
  return map(section, { kind: "list", items: [map("metadata", metadata)], place: metadata.place });
}
