import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { absent } from "../../../stores/store.js";
import { openLocation } from "../../../stores/url.js";
import { type Plan, parsePlan, printPlan } from "./plan.js";

/**
 * Reads a plan from a file or any other location.
 *
 * @throws {EmporiumError} STORE_ABSENT, CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_LIMIT
 */
export async function readPlan(location: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Plan> {
  const text = await readText(location, { signal }).catch((thrown: unknown) => {
    const error = asEmporiumError(thrown);
    if (error.code !== "STORE_ABSENT") throw error;
    const hint =
      "make a plan with emporium publish plan --out FILE; for a standardised tree use publish tree TREE LOCATION and publish verify TREE LOCATION";
    throw new EmporiumError(error.code, `no plan found: ${error.message}`, { ...error.facts, hint });
  });
  return parsePlan(text, location);
}

/** Writes a plan to a file or any other location, whole or not at all. */
export async function writePlan(
  location: string,
  plan: Plan,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { store, key } = await openLocation(location);
  await store.write(key, new TextEncoder().encode(printPlan(plan)), { contentType: "application/json", signal });
}

/** A small UTF-8 text of any location. @throws {EmporiumError} STORE_ABSENT, CONFIG_SYNTAX (not UTF-8), CONFIG_LIMIT */
export async function readText(location: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<string> {
  const { store, key } = await openLocation(location, { readOnly: true });
  const stat = await store.stat(key, { signal });
  if (!stat) throw absent(store, key);
  if (stat.size > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${location} has ${formatBytes(stat.size)}, at most ${formatBytes(LIMITS.configBytes)} are read`,
      {
        place: { file: location },
      },
    );
  }
  const bytes = await store.read(key, undefined, { signal });
  if (!bytes) throw absent(store, key);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EmporiumError("CONFIG_SYNTAX", `${location} is not valid UTF-8 text`, {
      place: { file: location },
      hint: "save it as UTF-8",
      cause,
    });
  }
}
