import { EmporiumError, type ErrorRecord, fromErrorRecord } from "../../../core/errors.js";
import type { IngestConfig } from "../config/schema.js";
import { type CheckOptions, checkNode } from "./check.js";

export interface ReadConfigOptions extends CheckOptions {
  /**
   * `--compat reference`: the portal's program ingests what the portal's own validation refuses. Errors of values, and of rules
   * between them, are then remarks; errors that make a run impossible are still refused.
   */
  compat?: boolean | undefined;
}

/**
 * Reads a configuration and checks it with every rule of `ingest check` that needs no network. Warnings are in its `remarks`.
 *
 * @param file name of the configuration in messages.
 * @throws {EmporiumError} CONFIG_… with line and column: the first fault, `facts.others` has the rest
 */
export function readConfig(
  bytes: Uint8Array,
  file: string,
  { exclusions, compat = false }: ReadConfigOptions = {},
): IngestConfig {
  const { checked, config, structure } = checkNode(bytes, file, { exclusions });
  const [first, ...others] = once(compat && config ? structure : checked.errors);
  if (first || !config) {
    const { facts, code, message } = fromErrorRecord(first ?? checked.errors[0]!);
    throw new EmporiumError(code, message, { ...facts, others });
  }
  const remarks = once(compat ? [...checked.errors, ...checked.warnings] : checked.warnings);
  return { ...config, remarks: remarks.filter(({ code }) => code !== "CONFIG_PLACEHOLDER") };
}

/**
 * A configuration whose values are judged elsewhere: what a run cannot do without is there, all other faults are given beside it.
 *
 * @throws {EmporiumError} CONFIG_… with line and column
 */
export function readJudged(bytes: Uint8Array, file: string): { config: IngestConfig; faults: readonly ErrorRecord[] } {
  const config = readConfig(bytes, file, { compat: true });
  return { config, faults: once(checkNode(bytes, file).checked.errors) };
}

/** An error of a value that aliases repeat is reported once, where it is written. */
function once(faults: readonly ErrorRecord[]): ErrorRecord[] {
  const byPlace = new Map<string, ErrorRecord>();
  for (const fault of faults) {
    const key = `${fault.line}:${fault.column} ${fault.code} ${fault.message}`;
    if (!byPlace.has(key)) byPlace.set(key, fault);
  }
  return [...byPlace.values()];
}
