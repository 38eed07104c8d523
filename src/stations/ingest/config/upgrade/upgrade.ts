import { EmporiumError, isEmporiumError } from "../../../../core/errors.js";
import { CURRENT_VERSION, VERSIONS, type Version } from "../grammar/config.js";
import { describe } from "../nodes.js";
import { readYaml } from "../read.js";
import { STEPS, setVersion } from "./steps.js";

export interface Upgraded {
  readonly from: Version;
  readonly to: Version;
  readonly text: string;
  /** False: `text` is what came in, byte by byte. */
  readonly changed: boolean;
  /** Remarks for a person to look at: values that had to be invented, and sections that could not be made. */
  readonly notes: readonly string[];
}

/**
 * Upgrades a configuration to the current version, step by step. Only the changed parts are rewritten: comments, anchors, quotes
 * and order are kept.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX (no YAML), CONFIG_FIELD (an unknown version, or nothing to make a section from)
 */
export function upgradeConfig(bytes: Uint8Array, file: string): Upgraded {
  const from = versionOf(bytes, file);
  let text = new TextDecoder().decode(bytes);
  const notes: string[] = [];
  let version = from;
  for (const step of STEPS) {
    if (step.from !== version) continue;
    text = setVersion(
      step.apply(text, file, (note) => notes.push(note)),
      file,
      step.to,
    );
    version = step.to;
    checkReadable(text, file, step.to);
  }
  return { from, to: version, text, changed: version !== from, notes };
}

/** No version is the first. */
function versionOf(bytes: Uint8Array, file: string): Version {
  const root = readYaml(bytes, file);
  const node = root.kind === "map" ? root.entries.get("version") : undefined;
  if (!node || (node.kind === "scalar" && (node.value === null || node.value === ""))) return "0.0.0";
  const version = VERSIONS.find((one) => node.kind === "scalar" && node.value === one);
  if (version !== undefined) return version;
  throw new EmporiumError("CONFIG_FIELD", `version is ${describe(node)}; expected one of ${VERSIONS.join(", ")}`, {
    place: node.place,
    hint: `write version: "${CURRENT_VERSION}" for a current configuration`,
  });
}

/** An anchor may have gone with what was taken out; then nothing is written at all. */
function checkReadable(text: string, file: string, version: Version): void {
  try {
    readYaml(new TextEncoder().encode(text), file);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    throw new EmporiumError("CONFIG_FIELD", `${file} cannot be upgraded to ${version}: ${error.message}`, {
      place: { file },
      hint: "replace that alias by its values, and try again",
      cause: error,
    });
  }
}
