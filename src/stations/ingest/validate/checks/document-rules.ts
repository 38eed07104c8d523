import type { ErrorRecord } from "../../../../core/errors.js";
import { KINDS, type SectionKey } from "../../../../model/kinds.js";
import { standardExclusions } from "../../check/exclusions.js";
import { checkRules } from "../../check/rules.js";
import { checkValues } from "../../config/grammar/check.js";
import { METADATA } from "../../config/grammar/config.js";
import { type ConfigNode, type MapNode, nodeOfJson } from "../../config/nodes.js";
import type { Mark } from "../check.js";
import type { Document } from "../facts/fields.js";

/*
 * Metadata documents held against the list of rules that configurations are held to: `ingest check`, a run and `ingest validate` have one.
 */

/** Measured by a run, where a configuration gives a whole number or nothing. */
const MEASURED: ReadonlySet<string> = new Set(["x_rotation_offset", "tilt_offset", "files"]);

export function hasRules(mark: Mark): boolean {
  return sectionOf(mark) !== undefined;
}

/** What is wrong with the values of a document; that authors are missing other checks tell. */
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
  return faults.filter(({ path }) => path !== undefined && path !== "authors");
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
