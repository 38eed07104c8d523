import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isEmporiumError } from "../core/errors.js";
import { type Command, command } from "./command.js";
import { flagOf, flagsOf, parseCommandLine, spellings } from "./flags.js";
import { flagRow } from "./help.js";
import { amountOfBytes, wholeNumber } from "./option-types.js";

const sample = command({
  name: "sample",
  summary: "A command with an option of each kind",
  positionals: ["source", "more"],
  options: z.object({
    source: z.string().meta({ description: "first", value: "SOURCE" }),
    more: z.array(z.string()).default([]).meta({ description: "rest", value: "MORE" }),
    dryRun: z.boolean().default(false).meta({ description: "a switch", short: "n" }),
    sync: z.boolean().default(true).meta({ description: "on unless told" }),
    keepGoing: z.boolean().default(true).meta({ description: "two names", negative: "fail-fast" }),
    asked: z.boolean().optional().meta({ description: "yes, no or nothing" }),
    jobs: wholeNumber(1).optional().meta({ description: "a number", value: "N" }),
    memory: amountOfBytes(1024).default(4096).meta({ description: "bytes" }),
    looks: z
      .string()
      .optional()
      .meta({ description: "a file", value: "FILE", fields: ["short_title"] }),
    tag: z.array(z.string()).default([]).meta({ description: "again and again", value: "TAG" }),
    level: z.enum(["low", "high"]).default("low").meta({ description: "one of two" }),
    import: z
      .array(z.enum(["runs", "voxel_spacings"]))
      .default([])
      .meta({ description: "kinds", family: "import-*", familyName: "plural" }),
    filter: z
      .partialRecord(z.enum(["run", "voxel_spacing"]), z.array(z.string()))
      .default({})
      .meta({ description: "names", family: "filter-*-name", value: "RE" }),
  }),
  examples: [{ run: "emporium sample x", says: "nothing" }],
  run: async () => 0,
});

const parse = (...words: string[]) => parseCommandLine(sample, words).options;
const failure = (...words: string[]): string => failureOf(sample, ...words);
const failureOf = (given: Command, ...words: string[]): string => {
  try {
    parseCommandLine(given, words);
  } catch (error) {
    if (isEmporiumError(error)) return `${error.code}: ${error.message} | ${error.facts.hint}`;
    throw error;
  }
  return "taken";
};

describe("parseCommandLine", () => {
  it("gives the defaults where nothing is said", () => {
    expect(parse("a")).toEqual({
      source: "a",
      more: [],
      dryRun: false,
      sync: true,
      keepGoing: true,
      memory: 4096,
      tag: [],
      level: "low",
      import: [],
      filter: {},
      json: false,
      quiet: false,
      verbose: false,
      logJson: false,
    });
  });

  it("takes options before, between and behind the words, in both forms of a value", () => {
    const options = parse("-n", "a", "--jobs=3", "b", "--memory", "2KiB", "c", "--level", "high", "--no-sync", "--fail-fast");
    expect(options).toMatchObject({
      source: "a",
      more: ["b", "c"],
      dryRun: true,
      jobs: 3,
      memory: 2048,
      level: "high",
      sync: false,
      keepGoing: false,
    });
  });

  it("lets the last of two contradicting forms count, and collects what may be repeated", () => {
    expect(parse("a", "--no-sync", "--sync", "--fail-fast", "--keep-going", "--no-asked")).toMatchObject({
      sync: true,
      keepGoing: true,
      asked: false,
    });
    const twice = (...words: string[]) => parseCommandLine(sample, ["a", "--tag", "x", "--tag=-y", ...words]);
    expect(twice("--level", "high", "--level", "low")).toMatchObject({
      options: { tag: ["x", "-y"], level: "low" },
      notes: ["--level is given twice: the last one counts"],
    });
    expect(twice("--level", "low", "--level", "low").notes).toEqual([]);
  });

  it("reads families: a flag for each kind, dashes for underscores", () => {
    const options = parse(
      "a",
      "--import-voxel-spacings",
      "--import-runs",
      "--filter-voxel-spacing-name",
      "13",
      "--filter-run-name",
      "^a",
      "--filter-run-name",
      "b",
    );
    expect(options).toMatchObject({ import: ["voxel_spacings", "runs"], filter: { voxel_spacing: ["13"], run: ["^a", "b"] } });
  });

  it("takes a value that begins with a dash, and everything behind -- as words", () => {
    expect(parse("--filter-run-name", "-1", "--", "-n", "--json")).toMatchObject({
      filter: { run: ["-1"] },
      source: "-n",
      more: ["--json"],
      dryRun: false,
    });
  });

  it.each<[words: string[], says: string]>([
    [[], "USAGE: sample needs SOURCE: first | write emporium sample SOURCE [MORE…]; see emporium sample --help"],
    [["a", "--dryrun"], "USAGE: sample has no option --dryrun | did you mean --dry-run?"],
    [["a", "--import-run"], "USAGE: sample has no option --import-run | did you mean --import-runs?"],
    [["a", "--frobnicate"], "USAGE: sample has no option --frobnicate | see emporium sample --help"],
    [["a", "--short-title=A"], "USAGE: sample has no option --short-title=A | write short_title into the file of --looks"],
    [["a", "-x"], "USAGE: sample has no option -x | see emporium sample --help"],
    [["a", "--jobs"], "USAGE: --jobs needs a value | see emporium sample --help"],
    [["a", "--jobs", "0"], 'USAGE: --jobs: expected a whole number from 1, found "0" | see emporium sample --help'],
    [["a", "--jobs", "1.5"], 'USAGE: --jobs: expected a whole number from 1, found "1.5" | see emporium sample --help'],
    [
      ["a", "--memory", "1 B"],
      'USAGE: --memory: expected an amount of bytes of 1.0 KiB or more, such as 512MiB or 2GB, found "1 B" | see emporium sample --help',
    ],
    [["a", "--level", "hihg"], 'USAGE: --level: expected one of low, high, found "hihg" | did you mean high?'],
  ])("refuses %j", (words, says) => {
    expect(failure(...words)).toBe(says);
  });

  it("refuses a word too many", () => {
    const one = { ...sample, positionals: ["source"] };
    expect(failureOf(one, "a", "b")).toBe(
      'USAGE: unexpected argument "b"; sample takes SOURCE | write emporium sample SOURCE; see emporium sample --help',
    );
    const none = {
      ...sample,
      positionals: [],
      options: z.object({
        yes: z.boolean().default(false).meta({ description: "ask nothing" }),
        from: z.string().optional().meta({ description: "folder", value: "DIR" }),
      }),
    };
    expect(failureOf(none, ".")).toBe(
      'USAGE: unexpected argument "."; sample takes only options | give an option, such as --from DIR; see emporium sample --help',
    );
  });

  it("gives the options that every command has", () => {
    expect(parseCommandLine(sample, ["a", "--json", "-q", "-v", "--log-json", "--workspace", "w"]).globals).toEqual({
      json: true,
      quiet: true,
      verbose: true,
      logJson: true,
      workspace: "w",
    });
  });
});

describe("flagsOf", () => {
  it("shows each kind of option in help", () => {
    expect(Object.fromEntries(flagsOf(sample.options, sample.positionals).map(flagRow))).toEqual({
      "-n, --dry-run": "a switch",
      "--[no-]sync": "on unless told",
      "--keep-going, --fail-fast": "two names",
      "--[no-]asked": "yes, no or nothing",
      "--jobs N": "a number",
      "--memory VALUE": "bytes (default: 4096)",
      "--tag TAG": "again and again; may be repeated",
      "--level low|high": "one of two (default: low)",
      "--looks FILE": "a file",
      "--import-<plural>": "kinds: runs, voxel-spacings",
      "--filter-<NAME>-name RE": "names: run, voxel-spacing; may be repeated",
    });
  });

  it("spells a family out", () => {
    expect(spellings(flagOf("import", sample.options.shape.import as z.ZodType)).map(({ name }) => name)).toEqual([
      "--import-runs",
      "--import-voxel-spacings",
    ]);
  });

  it("insists on a description", () => {
    expect(() => flagOf("x", z.boolean())).toThrow("the option x has no description");
  });
});
