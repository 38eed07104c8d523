import { stringify } from "yaml";
import { z } from "zod";
import { EmporiumError } from "../../../core/errors.js";
import { parseCheckedYaml } from "../../../formats/yaml/checked-yaml.js";
import { MOUSELIGHT } from "./mouselight.js";
import { PROFILE_PARTS, type Profile, type ProfileDocument, ProfileSchema } from "./profile.js";

const BUILT_IN: Readonly<Record<string, ProfileDocument>> = { mouselight: MOUSELIGHT };

/** The built-in profile of this name; undefined for any other word, which is a file's name. */
export function builtInProfile(name: string): Profile | undefined {
  const document = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  return document && { ...ProfileSchema.parse(document), name };
}

/** A built-in profile, as a template. */
export function printProfile(name: keyof typeof BUILT_IN = "mouselight"): string {
  return stringify(BUILT_IN[name], { lineWidth: 0 });
}

/**
 * Parses a profile, YAML or JSON.
 *
 * @param file the name in messages and plans
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_LIMIT, with line and column
 */
export function parseProfile(text: string, file: string): Profile {
  const { value, placeOf } = parseCheckedYaml(text, ProfileSchema, { file, hint: HINT, knownKeys: keysAt, prepare: extended });
  const profile = { ...value, name: file };
  const { filters, cluster } = profile;
  if (filters.length > 0 && filters.every(({ action }) => action === "include")) {
    throw new EmporiumError("CONFIG_RULE", `${file}: filters that only include change nothing: all files are sent without them`, {
      place: placeOf(["filters"]),
      hint: 'put {action: exclude, pattern: "*"} first',
    });
  }
  if (cluster.kind === "none" && cluster.order !== "free") {
    throw new EmporiumError("CONFIG_RULE", `${file}: cluster.order is for jobs, but cluster.kind is none`, {
      place: placeOf(["cluster", "order"]),
      hint: "write kind: lsf or kind: slurm",
    });
  }
  return profile;
}

const HINT = "emporium publish plan --show-profile prints a complete profile";

/** The values of the extended profile, overridden by this one's. Fields that this one clears are removed. */
function extended(raw: Readonly<Record<string, unknown>>): unknown {
  const base = typeof raw.extends === "string" && Object.hasOwn(BUILT_IN, raw.extends) ? BUILT_IN[raw.extends] : undefined;
  const merged: Record<string, unknown> = { ...base, ...raw };
  for (const key of Object.keys(PROFILE_PARTS) as (keyof typeof PROFILE_PARTS)[]) {
    const own = raw[key];
    if (typeof own !== "object" || own === null || Array.isArray(own)) continue;
    merged[key] = withoutCleared({ ...base?.[key], ...own }, PROFILE_PARTS[key].shape);
  }
  return withoutCleared(merged, ProfileSchema.shape);
}

/** `null` clears a field. So does an empty text, where the field is optional. */
function withoutCleared(
  fields: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
): Record<string, unknown> {
  const isCleared = (key: string, value: unknown) => value === null || (value === "" && shape[key] instanceof z.ZodOptional);
  return Object.fromEntries(Object.entries(fields).filter(([key, value]) => !isCleared(key, value)));
}

function keysAt([part]: readonly PropertyKey[]): string[] {
  if (part === undefined) return Object.keys(ProfileSchema.shape);
  return Object.hasOwn(PROFILE_PARTS, part) ? Object.keys(PROFILE_PARTS[part as keyof typeof PROFILE_PARTS].shape) : [];
}
