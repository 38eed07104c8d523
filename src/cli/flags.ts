import { CommanderError, Option, Command as Parser } from "commander";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { nearest } from "../core/nearest.js";
import type { Command, OptionMeta } from "./command.js";

/** Options that every command takes, before or after its name. */
export const GlobalOptions = z.object({
  json: z.boolean().default(false).meta({ description: "print the result as one JSON document" }),
  quiet: z.boolean().default(false).meta({ description: "print no progress and only warnings and errors", short: "q" }),
  verbose: z.boolean().default(false).meta({ description: "more messages, and stack traces of errors", short: "v" }),
  logJson: z.boolean().default(false).meta({ description: "messages on stderr as JSON, one per line" }),
  workspace: z
    .string()
    .min(1, "a folder")
    .optional()
    .meta({ description: "folder of journals and caches (default: $EMPORIUM_WORKSPACE or .emporium)", value: "DIR" }),
});
export type Globals = z.output<typeof GlobalOptions>;

/** One option as people type it, derived from one field of a zod object. */
export interface Flag {
  key: string;
  /** Name without dashes; for a family its pattern, `import-*`. */
  long: string;
  short?: string | undefined;
  /** The form that says no, without dashes. */
  negative?: string | undefined;
  /** Absent for switches. */
  value?: string | undefined;
  repeatable: boolean;
  /** The flag takes every word up to the next flag. */
  several?: boolean | undefined;
  /** For families: the values are pairs of member and value, in the order of the command line. */
  ordered?: boolean | undefined;
  /** Members that may stand for `*`, and the name of `*` in help. */
  family?: { members: Member[]; called: string } | undefined;
  choices?: string[] | undefined;
  /** Fields of the file that it names. */
  fields?: readonly string[] | undefined;
  description: string;
  default?: string | undefined;
}

/** One value of a family: its word in the flag (`voxel-spacings`) and in the options (`voxel_spacings`). */
export interface Member {
  word: string;
  value: string;
}

export const kebab = (key: string): string => key.replace(/_/g, "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function flagsOf(options: z.ZodObject, leaveOut: readonly string[] = []): Flag[] {
  return Object.entries(options.shape)
    .filter(([key]) => !leaveOut.includes(key))
    .map(([key, schema]) => flagOf(key, schema as z.ZodType));
}

export function flagOf(key: string, schema: z.ZodType): Flag {
  const { meta, core, fallback } = unwrap(schema);
  if (!meta.description) throw new EmporiumError("INTERNAL", `the option ${key} has no description`);
  const flag: Flag = { key, long: kebab(key), short: meta.short, repeatable: false, description: meta.description };
  if (core instanceof z.ZodBoolean) {
    if (fallback !== false) flag.negative = meta.negative ?? `no-${flag.long}`;
    return flag;
  }
  if (meta.family !== undefined) {
    const pair = core instanceof z.ZodArray && core.element instanceof z.ZodTuple ? core.element.def.items[0] : undefined;
    const values = pair ?? (core instanceof z.ZodRecord ? core.keyType : core instanceof z.ZodArray ? core.element : core);
    const members = enumValues(values as z.ZodType).map((value) => ({ word: kebab(value), value }));
    flag.long = meta.family;
    flag.family = { members, called: meta.familyName ?? "NAME" };
    if (core instanceof z.ZodRecord || pair) [flag.value, flag.repeatable] = [meta.value ?? "VALUE", true];
    if (pair) flag.ordered = true;
    return flag;
  }
  if (meta.fields) flag.fields = meta.fields;
  const element = core instanceof z.ZodArray ? unwrap(core.element as z.ZodType).core : core;
  flag.repeatable = core instanceof z.ZodArray;
  if (meta.several) flag.several = true;
  if (element instanceof z.ZodEnum) flag.choices = enumValues(element);
  flag.value = meta.value ?? (flag.choices ? flag.choices.join("|") : "VALUE");
  if (typeof fallback === "string" || typeof fallback === "number") flag.default = String(fallback);
  return flag;
}

/** Looks through default, optional and transformed types; of several layers with a description the outer one counts. */
export function unwrap(schema: z.ZodType): { meta: Partial<OptionMeta>; core: z.ZodType; fallback: unknown; optional: boolean } {
  let core = schema;
  const optional = schema.safeParse(undefined).success;
  let fallback: unknown;
  let meta: Partial<OptionMeta> = {};
  for (;;) {
    meta = { ...(core.meta() as Partial<OptionMeta> | undefined), ...meta };
    if (core instanceof z.ZodDefault) {
      fallback = core.def.defaultValue;
      core = core.def.innerType as z.ZodType;
    } else if (core instanceof z.ZodOptional) core = core.def.innerType as z.ZodType;
    else if (core instanceof z.ZodPipe) core = core.def.in as z.ZodType;
    else return { meta, core, fallback, optional };
  }
}

function enumValues(schema: z.ZodType): string[] {
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

/** One form in which a flag can be typed, dashes included. */
export interface Spelling {
  name: string;
  says: boolean;
  member?: Member;
}

/** Every form of a flag, families written out. */
export function spellings(flag: Flag): Spelling[] {
  if (flag.family) {
    return flag.family.members.map((member) => ({ name: `--${flag.long.replace("*", member.word)}`, says: true, member }));
  }
  const yes = { name: `--${flag.long}`, says: true };
  return flag.negative === undefined ? [yes] : [yes, { name: `--${flag.negative}`, says: false }];
}

/**
 * Reads the words after a command's name. Commander splits them, zod checks and converts the values.
 *
 * @returns `notes`: sentences on options that were given twice. As with other programs the last one counts, so that a script's own word may be
 *   followed by another one
 * @throws {EmporiumError} USAGE, naming the word found and the form wanted.
 */
export function parseCommandLine(
  command: Command,
  words: readonly string[],
): { options: Record<string, unknown>; globals: Globals; notes: readonly string[] } {
  const schema = z.object({ ...command.options.shape, ...GlobalOptions.shape });
  const flags = flagsOf(schema, command.positionals);
  const raw: Record<string, unknown> = {};
  const notes: string[] = [];
  const parser = new Parser(command.name).exitOverride().helpOption(false).argument("[words...]");
  parser.configureOutput({ writeErr: () => {}, writeOut: () => {} }).showSuggestionAfterError(false);
  for (const flag of flags) {
    for (const given of spellings(flag)) {
      const short = flag.short !== undefined && given.says ? `-${flag.short}, ` : "";
      const value = flag.value === undefined ? "" : ` <${flag.value}${flag.several ? "..." : ""}>`;
      const option = new Option(`${short}${given.name}${value}`);
      parser.addOption(option);
      parser.on(`option:${option.name()}`, (value: string) => keep(raw, flag, given, value, notes));
    }
  }
  try {
    parser.parse(withDashes(words, flags), { from: "user" });
  } catch (error) {
    throw error instanceof CommanderError ? usageError(command, flags, error) : error;
  }
  placeWords(command, parser.args, raw);
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw valueError(command, flags, raw, parsed.error.issues[0]!);
  return { options: parsed.data, globals: GlobalOptions.parse(raw), notes };
}

/** `--nbr_workers` for `--nbr-workers`, as the programs that emporium follows spell their flags. */
function withDashes(words: readonly string[], flags: readonly Flag[]): string[] {
  const known = new Set(flags.flatMap((flag) => spellings(flag).map(({ name }) => name)));
  return words.map((word) => {
    const [, name, rest] = /^(--\w+_\w+)(=.*)?$/s.exec(word) ?? [];
    const dashed = name?.replaceAll("_", "-");
    return dashed !== undefined && known.has(dashed) ? `${dashed}${rest ?? ""}` : word;
  });
}

function keep(raw: Record<string, unknown>, flag: Flag, { says, member }: Spelling, value: string, notes: string[]): void {
  if (member && flag.ordered) append(raw, flag.key, [member.value, value]);
  else if (member && flag.value !== undefined) {
    const lists = (raw[flag.key] ?? {}) as Record<string, unknown>;
    raw[flag.key] = lists;
    append(lists, member.value, value);
  } else if (member) append(raw, flag.key, member.value);
  else if (flag.value === undefined) raw[flag.key] = says;
  else if (flag.repeatable) append(raw, flag.key, value);
  else {
    const earlier = raw[flag.key];
    // without the values: addresses hold passwords
    if (earlier !== undefined && earlier !== value) notes.push(`--${flag.long} is given twice: the last one counts`);
    raw[flag.key] = value;
  }
}

function append(holder: Record<string, unknown>, key: string, value: unknown): void {
  holder[key] = [...((holder[key] as unknown[] | undefined) ?? []), value];
}

export interface PositionalHelp {
  key: string;
  name: string;
  /** Name with brackets where it may be absent, and dots where it may be repeated. */
  shown: string;
  description: string;
}

export function positional(command: Command, key: string): PositionalHelp {
  const { meta, core, optional } = unwrap(command.options.shape[key] as z.ZodType);
  const name = meta.value ?? key.toUpperCase();
  const repeated = core.def.type === "array" ? `${name}…` : name;
  return { key, name, shown: optional ? `[${repeated}]` : repeated, description: meta.description ?? "" };
}

/** As the usage has it; a value that lists its choices is no name. */
function placeName(command: Command, key: string): string {
  const { name } = positional(command, key);
  return name.includes("|") ? key : name;
}

const placesOf = (command: Command): string => command.positionals.map((key) => positional(command, key).shown).join(" ");

/** Hands the words that are no options to the positionals, in order; a list at the end takes all that are left. */
function placeWords(command: Command, words: readonly string[], raw: Record<string, unknown>): void {
  const left = [...words];
  for (const key of command.positionals) {
    const { core, meta, optional } = unwrap(command.options.shape[key] as z.ZodType);
    const found = core instanceof z.ZodArray ? left.splice(0) : left.splice(0, 1);
    if (found.length === 0 && !optional) {
      throw new EmporiumError("USAGE", `${command.name} needs ${meta.value ?? key}: ${meta.description}`, {
        hint: `write emporium ${command.name} ${placesOf(command)}; ${command.beforehand ?? helpHint(command)}`,
      });
    }
    if (found.length > 0) raw[key] = core instanceof z.ZodArray ? found : found[0];
  }
  if (left.length > 0) {
    const places = placesOf(command);
    throw new EmporiumError("USAGE", `unexpected argument "${left[0]}"; ${command.name} takes ${places || "only options"}`, {
      hint:
        command.otherwise ??
        `${places ? `write emporium ${command.name} ${places}` : optionsHint(command)}; ${helpHint(command)}`,
    });
  }
}

/** The first options that take a value: what was given without a name is mostly one of them. */
function optionsHint({ options, positionals }: Command): string {
  const named = flagsOf(options, positionals).filter(({ value }) => value !== undefined);
  return `give an option, such as ${named
    .slice(0, 3)
    .map(({ long, value }) => `--${long} ${value}`)
    .join(", ")}`;
}

function usageError(command: Command, flags: readonly Flag[], error: CommanderError): EmporiumError {
  const found = /'([^']*)/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.optionMissingArgument") {
    const word = found.split(/[ ,]+/).findLast((part) => part.startsWith("-")) ?? found;
    return new EmporiumError("USAGE", `${word} needs a value`, { hint: helpHint(command) });
  }
  if (error.code !== "commander.unknownOption") return new EmporiumError("USAGE", error.message, { hint: helpHint(command) });
  const field = found.replace(/^-+|=.*$/gs, "").replaceAll("-", "_");
  const holder = flags.find(({ fields }) => fields?.includes(field));
  if (holder) {
    const hint = `write ${field} into the file of --${holder.long}`;
    return new EmporiumError("USAGE", `${command.name} has no option ${found}`, { hint });
  }
  const meant = nearest(
    found,
    flags.flatMap((flag) => spellings(flag).map(({ name }) => name)),
  );
  const hint = meant === undefined ? helpHint(command) : `did you mean ${meant}?`;
  return new EmporiumError("USAGE", `${command.name} has no option ${found}`, { hint });
}

function valueError(
  command: Command,
  flags: readonly Flag[],
  raw: Record<string, unknown>,
  issue: z.core.$ZodIssue,
): EmporiumError {
  const [key = "", member] = issue.path.map(String);
  const flag = flags.find((one) => one.key === key);
  const name = flag
    ? `--${member === undefined || !flag.family ? flag.long : flag.long.replace("*", kebab(member))}`
    : placeName(command, key);
  const found = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], raw);
  if (issue.code === "invalid_type" && found === undefined && flag) {
    const value = flag.value === undefined ? "" : ` ${flag.value}`;
    return new EmporiumError("USAGE", `${command.name} needs ${name}${value}: ${flag.description}`, { hint: helpHint(command) });
  }
  if (issue.code === "invalid_value") {
    const meant = typeof found === "string" ? nearest(found, issue.values.map(String)) : undefined;
    const hint = meant === undefined ? helpHint(command) : `did you mean ${meant}?`;
    return new EmporiumError("USAGE", `${name}: expected one of ${issue.values.join(", ")}, found "${found}"`, { hint });
  }
  return new EmporiumError("USAGE", `${name}: expected ${issue.message}, found "${found}"`, { hint: helpHint(command) });
}

const helpHint = (command: Command): string => `see emporium ${command.name} --help`;
