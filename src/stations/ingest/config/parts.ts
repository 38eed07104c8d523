import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { nearest } from "../../../core/nearest.js";
import { knownText } from "../../../formats/yaml/document-kinds.js";
import { type ConfigNode, describe, type ListNode, type MapNode, placeOfValue } from "./nodes.js";

/** Takes a fault of a configuration. */
export type Report = (fault: EmporiumError) => void;

/** The way of a run: the first fault ends it. */
export const refuse: Report = (fault) => {
  throw fault;
};

/** The result of `read`, or undefined after its fault has been reported. */
export function attempt<T>(report: Report, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    report(error);
    return undefined;
  }
}

export function isNull(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** A list, or nothing at all: `annotations:` and `annotations: []` are both empty. @throws {EmporiumError} CONFIG_FIELD */
export function listOf(node: ConfigNode): readonly ConfigNode[] {
  return isNull(node) ? [] : asList(node, "a list").items;
}

/** @throws {EmporiumError} CONFIG_FIELD */
export function asMap(node: ConfigNode, wanted: string): MapNode {
  if (node.kind === "map") return node;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}; expected ${wanted}`, {
    place: placeOfValue(node),
    hint: "write key: value lines, indented below the key",
  });
}

/** @throws {EmporiumError} CONFIG_FIELD */
export function asList(node: ConfigNode, wanted: string): ListNode {
  if (node.kind === "list") return node;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}; expected ${wanted}`, {
    place: placeOfValue(node),
    hint: "write - before each entry",
  });
}

/** @throws {EmporiumError} CONFIG_FIELD */
export function asText(node: ConfigNode): string {
  if (node.kind === "scalar" && typeof node.value === "string") return node.value;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}; expected a text`, {
    place: placeOfValue(node),
    hint: "put it in quotes",
  });
}

export function unknownKey(map: MapNode, key: string, valid: readonly string[], what: string): EmporiumError {
  const near = nearest(key, valid);
  return new EmporiumError(
    "CONFIG_FIELD",
    `unknown ${what} ${JSON.stringify(key)}${near === undefined ? `; ${knownText(valid)}` : ""}`,
    {
      place: map.keyPlaces.get(key),
      hint:
        near === undefined
          ? "leave it out, or look its name up in docs/reference/ingestion-config.schema.json"
          : `did you mean ${near}?`,
    },
  );
}
