import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { JobInput, JobKind, LocationUse } from "../server/job-kinds.js";
import type { Command } from "./command.js";
import { flagsOf, parseCommandLine, spellings, unwrap } from "./flags.js";

/** A command that pages may start. */
interface Row {
  readonly command: string;
  /** How it shows what it would do: words in place of the command's own, behind which `--json` is put. */
  readonly plan?: readonly string[];
  readonly locations: Readonly<Record<string, LocationUse>>;
  /** Other options that pages may give. What replaces or removes something is not among them. */
  readonly others: readonly string[];
  /** Must be given, though the command has a default: one that is relative. */
  readonly required?: readonly string[];
}

const CHOICES = ["filter", "exclude"];

const ROWS: Readonly<Record<string, Row>> = {
  "ingest.run": {
    command: "ingest run",
    plan: ["ingest", "plan"],
    locations: { config: "read", input: "read", output: "write" },
    others: [
      ...["importEverything", "importAllMetadata", "import", "importMetadata", ...CHOICES, "skipUntilRunName"],
      ...["writeMrc", "writeZarr", "omeZarr", "codec", "dtype", "strict", "allowEmpty", "keepGoing", "verify", "anonymous"],
    ],
  },
  "ingest.validate": {
    command: "ingest validate",
    locations: { config: "read", location: "read" },
    others: ["suite", ...CHOICES, "anonymous"],
  },
  "catalog.import": {
    command: "catalog import",
    locations: { location: "read" },
    others: ["dataset", "import", "again", "anonymous"],
  },
  verify: { command: "verify", locations: { location: "read" }, others: ["subset", "levels", "anonymous"] },
  "publish.tree": {
    command: "publish tree",
    plan: ["publish", "tree", "--dry-run"],
    locations: { tree: "read", location: "write" },
    others: ["dataset", "run", "include", "exclude", "checksum"],
  },
  "curate.match": {
    command: "curate match",
    locations: { dir: "read", runs: "read", out: "write", decisions: "read" },
    others: ["author", "refresh"],
    required: ["dir", "out"],
  },
  "curate.labels": {
    command: "curate labels",
    locations: { dir: "read", matches: "read", vocabulary: "read", plot: "write", csv: "write", matrix: "write" },
    others: [],
    required: ["dir"],
  },
  "harvest.describe": { command: "harvest describe", locations: { urls: "source", out: "write" }, others: [], required: ["out"] },
  "harvest.download": {
    command: "harvest download",
    plan: ["harvest", "download", "--dry-run"],
    locations: { addresses: "source", dest: "write" },
    others: ["scale", "crop", "include", "exclude"],
  },
};

/**
 * The commands that pages may start, as their own options describe them.
 *
 * @param commands all of the program
 * @param database options of `serve` that commands need to find the same database
 */
export function jobKinds(commands: readonly Command[], database: readonly string[]): JobKind[] {
  return Object.entries(ROWS).map(([kind, row]) => {
    const command = commands.find(({ name }) => name === row.command)!;
    return jobKind(kind, row, command, row.command.startsWith("catalog ") ? database : []);
  });
}

function jobKind(kind: string, row: Row, command: Command, own: readonly string[]): JobKind {
  const keys = [...Object.keys(row.locations), ...row.others];
  const shape = Object.fromEntries(keys.map((key) => [key, command.options.shape[key] as z.ZodType]));
  for (const key of row.required ?? []) {
    const { core, meta } = unwrap(shape[key]!);
    shape[key] = (core instanceof z.ZodArray ? core.min(1) : core).meta(meta);
  }
  const body = z.strictObject({ kind: z.literal(kind), ...shape });
  const named = command.name.split(" ");
  const rendered = (head: readonly string[], input: JobInput, globals: readonly string[]) => [
    ...[...head, ...globals, ...own, ...flagWords(command, input)],
    ...["--", ...command.positionals.flatMap((key) => (input[key] ?? []) as string | string[])],
  ];
  return {
    kind,
    summary: command.summary,
    body,
    locations: row.locations,
    words: (input, globals) => rendered(named, input, globals),
    planWords: (input, globals) => row.plan && rendered([...row.plan, "--json"], input, globals),
    inputOf(words, folder) {
      if (!named.every((word, i) => words[i] === word)) return undefined;
      const { options } = parseCommandLine(
        command,
        words.slice(named.length).filter((word) => !own.includes(word)),
      );
      for (const [key, value] of Object.entries(options)) {
        if (keys.includes(key) || isDefault(command, key, value)) continue;
        const flag = flagsOf(command.options).find((one) => one.key === key);
        throw new EmporiumError("USAGE", `--${flag?.long ?? key} cannot be given from a page`, {
          hint: "the same command in a terminal goes on",
        });
      }
      const absolute = (text: string) => (/^[a-z][a-z0-9+.-]+:\/\//i.test(text) ? text : resolve(folder, text));
      const input = Object.fromEntries(
        keys.flatMap((key): [string, unknown][] => {
          const value = options[key];
          if (value === undefined || isDefault(command, key, value)) return [];
          if (row.locations[key] === undefined || row.locations[key] === "source") return [[key, value]];
          return [[key, Array.isArray(value) ? value.map((one) => absolute(String(one))) : absolute(String(value))]];
        }),
      );
      return { kind, ...input };
    },
  };
}

function isDefault(command: Command, key: string, value: unknown): boolean {
  if (value === undefined) return true;
  const schema = command.options.shape[key] as z.ZodType | undefined;
  return schema === undefined || isDeepStrictEqual(unwrap(schema).fallback, value);
}

/** Options as they are typed: a value behind `=`, so that none is taken for an option. */
function flagWords(command: Command, input: JobInput): string[] {
  return flagsOf(command.options, command.positionals).flatMap((flag): string[] => {
    const value = input[flag.key];
    if (value === undefined || isDefault(command, flag.key, value)) return [];
    if (flag.family) {
      return spellings(flag).flatMap(({ name, member }) => {
        if (Array.isArray(value)) return value.includes(member!.value) ? [name] : [];
        return ((value as Record<string, readonly string[] | undefined>)[member!.value] ?? []).map((one) => `${name}=${one}`);
      });
    }
    if (flag.value === undefined) return value === true ? [`--${flag.long}`] : [`--${flag.negative ?? flag.long}`];
    return [value].flat().map((one) => `--${flag.long}=${String(one)}`);
  });
}
