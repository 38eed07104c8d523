import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import type { JobField } from "../model/page-api.js";
import type { JobInput, JobKind, LocationUse, NamedLocation } from "../server/job-kinds.js";
import { parseLocation } from "../stores/url.js";
import type { Command } from "./command.js";
import { flagOf, flagsOf, kebab, parseCommandLine, spellings, unwrap } from "./flags.js";

/** A command that pages may start. */
interface Row {
  readonly command: string;
  /**
   * Words of the dry run, in place of the command's own; `--json` is put behind them. Undefined where the command has no dry run.
   */
  readonly plan?: readonly string[];
  readonly locations: Readonly<Record<string, LocationUse>>;
  /** Other options that pages may give. What replaces or removes something is not among them. */
  readonly others: readonly string[];
  /** Must be given, though the command has a default: one that is relative. */
  readonly required?: readonly string[];
  /** Options among `others` that the dry run does not take. */
  readonly unplanned?: readonly string[];
  /** Options whose values are kept as they are typed: amounts with a unit. */
  readonly texts?: readonly string[];
  /** Reads which further locations a given file names. */
  readonly named?: NonNullable<JobKind["named"]>;
}

const CHOICES = ["filter", "exclude"];

const INGEST = {
  locations: { config: "read", input: "read", output: "write" },
  others: [
    ...["importEverything", "importAllMetadata", "import", "importMetadata", ...CHOICES, "skipUntilRunName"],
    ...["writeMrc", "writeZarr", "omeZarr", "codec", "dtype", "strict", "allowEmpty", "keepGoing", "verify", "anonymous"],
  ],
} as const satisfies Omit<Row, "command">;

const ROWS: Readonly<Record<string, Row>> = {
  "ingest.run": { command: "ingest run", plan: ["ingest", "plan"], ...INGEST },
  // without a plan: what comes meanwhile would make it another one, and nothing may have come yet
  "ingest.watch": {
    command: "ingest watch",
    ...INGEST,
    others: [...INGEST.others, "rest", "interval", "until", "catalog"],
    texts: ["rest", "interval", "until"],
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
  "blocks.run": {
    command: "blocks run",
    plan: ["blocks", "plan"],
    locations: { graph: "read" },
    others: ["anonymous", "sha256"],
    unplanned: ["sha256"],
    named: namedByGraph,
  },
  verify: { command: "verify", locations: { location: "read" }, others: ["subset", "levels", "strict", "anonymous"] },
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
  "harvest.describe": {
    command: "harvest describe",
    locations: { urls: "source", out: "write" },
    others: [],
    required: ["urls", "out"],
  },
  "harvest.download": {
    command: "harvest download",
    plan: ["harvest", "download", "--dry-run"],
    locations: { addresses: "source", dest: "write" },
    others: ["scale", "crop", "include", "exclude"],
    required: ["addresses"],
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
    return jobKind(kind, row, command, "database" in command.options.shape ? database : []);
  });
}

function jobKind(kind: string, row: Row, command: Command, own: readonly string[]): JobKind {
  const keys = [...Object.keys(row.locations), ...row.others];
  const shape = Object.fromEntries(keys.map((key) => [key, command.options.shape[key] as z.ZodType]));
  for (const key of row.required ?? []) {
    const { core, meta } = unwrap(shape[key]!);
    shape[key] = (core instanceof z.ZodArray ? core.min(1) : core).meta(meta);
  }
  for (const key of row.texts ?? []) shape[key] = typed(shape[key]!);
  const body = z.strictObject({ kind: z.literal(kind), ...shape });
  const named = command.name.split(" ");
  const rendered = (head: readonly string[], input: JobInput) => [
    ...[...head, ...flagWords(command, input)],
    ...["--", ...command.positionals.flatMap((key) => (input[key] ?? []) as string | string[])],
  ];
  const planned = (input: JobInput) =>
    Object.fromEntries(Object.entries(input).filter(([key]) => row.unplanned?.includes(key) !== true));
  return {
    kind,
    summary: command.summary,
    body,
    locations: row.locations,
    fields: keys.map((key) => fieldOf(command, key, shape[key]!, row.locations[key])),
    ...(row.named && { named: row.named }),
    words: (input, globals) => rendered([...named, ...globals, ...own], input),
    planWords: (input, globals) => row.plan && rendered([...row.plan, "--json", ...globals], planned(input)),
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
          hint: "run the same command in a terminal",
        });
      }
      const absolute = (text: string) => (/^[a-z][a-z0-9+.-]+:\/\//i.test(text) ? text : resolve(folder, text));
      const input = Object.fromEntries(
        keys.flatMap((key): [string, unknown][] => {
          const value = options[key];
          if (value === undefined || isDefault(command, key, value)) return [];
          if (row.texts?.includes(key)) return [[key, typedAs(words, key)]];
          if (row.locations[key] === undefined || row.locations[key] === "source") return [[key, value]];
          return [[key, Array.isArray(value) ? value.map((one) => absolute(String(one))) : absolute(String(value))]];
        }),
      );
      return { kind, ...input };
    },
  };
}

/** A text that an option understands, as it is. */
function typed(schema: z.ZodType): z.ZodType {
  const kept = z.string().superRefine((text, context) => {
    for (const { message } of schema.safeParse(text).error?.issues ?? []) context.addIssue({ code: "custom", message });
  });
  return kept.optional().meta(unwrap(schema).meta);
}

/** The text of an option in words that were understood. */
function typedAs(words: readonly string[], key: string): string | undefined {
  const flag = `--${kebab(key)}`;
  const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  return words[at] === flag ? words[at + 1] : words[at]?.slice(flag.length + 1);
}

function isDefault(command: Command, key: string, value: unknown): boolean {
  if (value === undefined) return true;
  const schema = command.options.shape[key] as z.ZodType | undefined;
  return schema === undefined || isDeepStrictEqual(unwrap(schema).fallback, value);
}

/** The field of a form for an option. @param schema the command's, or what a page has to give of it */
function fieldOf(command: Command, key: string, schema: z.ZodType, use: LocationUse | undefined): JobField {
  const { long, family, choices, value, repeatable, description } = flagOf(key, schema);
  const { core, fallback, optional } = unwrap(schema);
  const type = family
    ? value === undefined
      ? "choices"
      : "groups"
    : value === undefined
      ? "switch"
      : choices && !repeatable
        ? "choice"
        : repeatable
          ? "lines"
          : "text";
  return {
    ...{ name: key, word: command.positionals.includes(key) ? (value ?? key) : `--${long}`, description, type, use },
    isNeeded: !optional || (core instanceof z.ZodArray && !core.safeParse([]).success),
    choices: family?.members.map((member) => member.value) ?? choices,
    default: typeof fallback === "string" || typeof fallback === "boolean" ? fallback : undefined,
  };
}

/** Operators of graphs that start programs, or load modules. */
const RUNS_CODE = new Set(["external", "map"]);

/** Inputs and outputs of a graph. One that has programs of its own is for a terminal: a page starts this program alone. */
async function namedByGraph(input: JobInput): ReturnType<NonNullable<JobKind["named"]>> {
  const { graph, sha256: wanted } = input;
  const { readGraph, readGraphFile } = await import("../stations/blocks/graph/read-graph.js");
  const { text, file, sha256 } = await readGraphFile(String(graph), wanted === undefined ? undefined : String(wanted));
  const { document } = readGraph(text, file);
  const own = document.nodes.find(({ op }) => RUNS_CODE.has(op));
  if (own) {
    throw new EmporiumError("STORE_DENIED", `${own.id}: the graph runs its own code (op: ${own.op}), which pages may not start`, {
      place: { path: "graph" },
      hint: `run it in a terminal: emporium blocks run ${quoteWord(String(graph))}`,
    });
  }
  // as the job finds them: from the folder of the server
  const named = (name: string, text: string, use: LocationUse): NamedLocation => {
    const { path } = parseLocation(text);
    return { name, text: path === undefined ? text : resolve(path), use };
  };
  const locations = [
    ...Object.entries(document.inputs).map(([name, given]) =>
      named(`inputs.${name}`, typeof given === "string" ? given : given.from, "read"),
    ),
    ...Object.entries(document.outputs).map(([name, { to }]) => named(`outputs.${name}`, to, "write")),
  ];
  return { locations, input: { ...input, sha256 } };
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
