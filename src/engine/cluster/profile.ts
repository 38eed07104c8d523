import { readFileSync } from "node:fs";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { parseBytes } from "../../core/units.js";
import { parseCheckedYaml } from "../../formats/yaml/checked-yaml.js";
import { BatchSettings } from "../executors/batch/settings.js";
import { KubernetesSettings } from "../executors/words/kubernetes-settings.js";
import { EngineTemplates } from "../executors/words/templates.js";
import type { PlainObject } from "../task.js";
import { ENGINE_SETTINGS, ENGINES, type EngineName } from "./engine-names.js";
import type { Price } from "./run-record.js";

const Text = z.string().min(1).max(1_000);
const Bytes = z.union([z.number().int().min(1), Text]).transform((value, context) => {
  try {
    return typeof value === "number" ? value : parseBytes(value);
  } catch {
    context.addIssue({ code: "custom", message: `expected an amount of bytes as 8GiB, found ${JSON.stringify(value)}` });
    return z.NEVER;
  }
});
/** `0.04`, or with its currency `0.04 EUR`. */
const ProfilePrice = z.union([z.number().min(0), Text]).transform((value, context): Price => {
  const [, amount, currency] = /^(\d+(?:\.\d+)?)(?:\s+([A-Z]{3}))?$/.exec(String(value)) ?? [];
  if (amount !== undefined) return { perCpuHour: Number(amount), ...(currency === undefined ? {} : { currency }) };
  context.addIssue({ code: "custom", message: `expected a number or an amount as 0.04 EUR, found ${JSON.stringify(value)}` });
  return z.NEVER;
});
/** `90`, `1:30`, `1:30:00`, `2-00:00:00`: minutes, hours and minutes, with seconds, with days. */
const Walltime = z.union([z.number().int().min(1), Text]).transform((value, context) => {
  const minutes = typeof value === "number" ? value : walltimeMinutes(value);
  if (minutes !== undefined) return minutes;
  context.addIssue({ code: "custom", message: `expected minutes or a time as 4:00:00, found ${JSON.stringify(value)}` });
  return z.NEVER;
});

const FIELDS = {
  engine: z.enum(ENGINES).optional(),
  queue: Text.optional(),
  account: Text.optional(),
  walltime: Walltime.optional(),
  cpus: z.number().int().min(1).max(1024).optional(),
  memory: Bytes.optional(),
  gpus: z.number().int().min(0).max(64).optional(),
  /** Jobs that run side by side. */
  slots: z.number().int().min(1).max(100_000).optional(),
  slices: z.number().int().min(1).max(1_000_000).optional(),
  prologue: z.array(z.string().max(10_000)).optional(),
  words: z.array(Text).optional(),
  /** Words that start the program on a node; default: this very program, by the path it has here. */
  command: z.array(Text).min(1).optional(),
  logs: Text.optional(),
  batch: BatchSettings.optional(),
  kubernetes: KubernetesSettings.optional(),
  /** Commands of an engine that emporium does not know. */
  templates: EngineTemplates.optional(),
  /** Price of an hour of one processor. */
  price: ProfilePrice.optional(),
};

/** Fields of a profile that an engine without programs of its own, or without queues, cannot follow. */
const WITHOUT_EFFECT: { readonly [K in EngineName]?: readonly ("queue" | "account" | "words" | "logs")[] } = {
  "aws-batch": ["words", "logs"],
  kubernetes: ["queue", "account", "words", "logs"],
};

const EngineProfile = z.strictObject(FIELDS).superRefine(({ engine, ...fields }, context) => {
  for (const [name, field] of Object.entries(ENGINE_SETTINGS)) {
    if (engine === name && fields[field] === undefined) {
      context.addIssue({ code: "custom", path: ["engine"], message: `${name} needs ${field} in the same profile` });
    } else if (engine !== name && fields[field] !== undefined) {
      context.addIssue({ code: "custom", path: [field], message: `${field} is for engine: ${name} alone` });
    }
  }
  for (const field of engine === undefined ? [] : (WITHOUT_EFFECT[engine] ?? [])) {
    if (fields[field] !== undefined) {
      context.addIssue({ code: "custom", path: [field], message: `${field} has no effect on ${engine}` });
    }
  }
});
/** A profile of `emporium.engines.yaml`: what one person asks of one cluster. */
export type EngineProfile = z.output<typeof EngineProfile>;

const ProfilesFile = z.strictObject({
  default: Text.optional(),
  profiles: z.record(z.string(), EngineProfile),
});

const SETTINGS: Readonly<Record<string, { readonly shape: Readonly<Record<string, z.ZodType>> }>> = {
  templates: EngineTemplates,
  batch: BatchSettings,
  kubernetes: KubernetesSettings,
};

/** Fields of a profile, or of a map within it. */
function keysAt(path: readonly PropertyKey[]): string[] {
  const [field, part] = path;
  if (field === undefined) return Object.keys(FIELDS);
  const shape = SETTINGS[String(field)]?.shape ?? {};
  if (part === undefined) return Object.keys(shape);
  const inner = shape[String(part)];
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

const HINT = "docs/guides/clusters.md shows a complete file";

/**
 * The profile of a name, or the file's default. A file without a default and with one profile means that one.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT; USAGE for a name that is not there
 */
export function readProfile(text: string, file: string, name: string | undefined): EngineProfile {
  const { value, placeOf } = parsedProfiles(text, file);
  const names = Object.keys(value.profiles);
  const wanted = name ?? value.default ?? (names.length === 1 ? names[0] : undefined);
  if (wanted === undefined) return {};
  if (Object.hasOwn(value.profiles, wanted)) return value.profiles[wanted]!;
  const place = name === undefined ? placeOf(["default"]) : { file };
  throw new EmporiumError(name === undefined ? "CONFIG_FIELD" : "USAGE", `${file} has no profile "${wanted}"`, {
    place,
    hint: names.length === 0 ? HINT : `choose one of ${names.join(", ")}`,
  });
}

/**
 * Settings that an engine needs of a profile beyond those that all have; undefined where it needs none.
 *
 * @throws {EmporiumError} USAGE where they are not there
 */
export function engineSettings(engine: EngineName, profile: EngineProfile, file: string | undefined): PlainObject | undefined {
  if (!(engine in ENGINE_SETTINGS)) return undefined;
  const field = ENGINE_SETTINGS[engine as keyof typeof ENGINE_SETTINGS];
  const found = profile[field];
  // a value of YAML that has passed its schema is plain
  if (found !== undefined) return found as unknown as PlainObject;
  throw new EmporiumError("USAGE", `--executor ${engine} needs a profile with ${field}`, {
    place: file === undefined ? undefined : { file },
    hint: `name one with --engine-profile; ${HINT}`,
  });
}

function parsedProfiles(text: string, file: string) {
  return parseCheckedYaml(text, ProfilesFile, {
    file,
    hint: HINT,
    kind: "engines",
    knownKeys: ([part, profile, ...rest]) =>
      part === undefined ? Object.keys(ProfilesFile.shape) : profile === undefined ? [] : keysAt(rest),
  });
}

/** All profiles of a file, by their names. @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT */
export function readProfiles(file: string): Readonly<Record<string, EngineProfile>> {
  return parsedProfiles(readFileSync(file, "utf8"), file).value.profiles;
}

/** `readProfile` of a file of this machine. */
export function readProfileFile(file: string, name: string | undefined): EngineProfile {
  return readProfile(readFileSync(file, "utf8"), file, name);
}

/** Minutes, rounded up, of a time as schedulers write it; undefined for what is none. */
export function walltimeMinutes(text: string): number | undefined {
  const found = /^(?:(\d+)-)?(\d+)(?::([0-5]?\d))?(?::([0-5]?\d))?$/.exec(text);
  if (!found) return undefined;
  const [, days, first, second, third] = found;
  const day = Number(days ?? 0) * 24 * 60;
  // without a colon: minutes, as Slurm and LSF have it; behind days: hours
  if (second === undefined) return day + Number(first) * (days === undefined ? 1 : 60) || undefined;
  return day + Number(first) * 60 + Number(second) + (Number(third ?? 0) > 0 ? 1 : 0) || undefined;
}
