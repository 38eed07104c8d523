import { parse } from "yaml";
import { z } from "zod";
import { EmporiumError } from "../../../core/errors.js";
import { matchesGlob, parseGlob } from "../../../core/glob.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import { yamlText } from "../../../formats/yaml/yaml-text.js";
import { type Claim, type Details, ROLES } from "./claims.js";
import { filledIn, globOf, literal } from "./configuration/globs.js";
import type { Decision, Decisions, Given } from "./decide.js";
import type { Laboratory } from "./survey/laboratory.js";

const reading = z.strictObject({
  format: z.string(),
  shape: z.enum(["Point", "OrientedPoint", "InstanceSegmentation"]),
  delimiter: z.string().optional(),
  rowName: z.string().optional(),
  unit: z.enum(["voxels", "pixels", "Å", "format"]).optional(),
  pixelAngstrom: z.number().positive().optional(),
  binning: z.number().positive().optional(),
  isReversed: z.boolean().optional(),
  of: z.string().optional(),
  inSpacingAngstrom: z.number().positive().optional(),
});

const details = z.strictObject({
  spacingAngstrom: z.number().positive().optional(),
  spacingFrom: z.string().optional(),
  processing: z.enum(["raw", "filtered", "denoised"]).optional(),
  processingSoftware: z.string().optional(),
  reconstructionSoftware: z.string().optional(),
  reconstructionMethod: z.string().optional(),
  ctfCorrected: z.boolean().optional(),
  fiducial: z.boolean().optional(),
  format: z.string().optional(),
  methodType: z.string().optional(),
  alignmentType: z.enum(["GLOBAL", "LOCAL"]).optional(),
  points: reading.optional(),
  object: z.string().optional(),
  label: z.number().int().optional(),
  isInstances: z.boolean().optional(),
});

const document = z.strictObject({
  runs: z.array(z.string()).default([]),
  questions: z
    .array(
      z.strictObject({
        id: z.string(),
        question: z.string().optional(),
        answers: z.record(z.string(), z.string()).optional(),
        answer: z
          .union([z.string(), z.number().transform(String)])
          .nullable()
          .default(null),
      }),
    )
    .default([]),
  files: z
    .array(
      z.strictObject({
        files: z.string(),
        is: z.enum(ROLES),
        run: z.string().optional(),
        of_runs: z.array(z.string()).optional(),
        because: z.string().default("a person decided it"),
        details: details.optional(),
      }),
    )
    .default([]),
});

/** What a file of decisions says, before the files of a folder are known. */
export type DecisionsDocument = z.output<typeof document>;

export const NO_DECISIONS: DecisionsDocument = { runs: [], questions: [], files: [] };

/**
 * What was decided, as a file for a person: what each file is, by globs with `{run_name}` where files of several runs are alike, with the evidence; and
 * the questions with their answers. Given again it is obeyed, and files that it does not name are decided anew.
 */
export function writeDecisions({ files }: Laboratory, { runs, files: decided, questions }: Decisions): string {
  const own = files.flatMap(({ path }) => decided.get(path) ?? []).filter(({ question }) => question === undefined);
  const groups = groupsOf(own, (file) =>
    keyOf(familyOf(file), file.role, withoutNames(file.because), JSON.stringify(file.details), file.runs?.join("\0") ?? ""),
  );
  const rows = [...groups.values()].map((group) => {
    const { role, run, runs: several, because, details: known, path } = group[0]!;
    const isOne = group.length === 1;
    return {
      files: familyOf(group[0]!),
      is: role,
      ...(run !== undefined && !familyOf(group[0]!).includes("{run_name}") ? { run } : {}),
      ...(several ? { of_runs: several } : {}),
      because: isOne ? because : `${because} (${counted(group.length, "file")}, such as ${path})`,
      ...(hasAny(known) ? { details: plain(known) } : {}),
    };
  });
  return yamlText(
    {
      runs,
      questions: questions.map(({ id, text, options, answer, isAnswered }) => ({
        id,
        question: text,
        answers: Object.fromEntries(options.map((option) => [option.answer, option.says])),
        answer: isAnswered ? answer : null,
      })),
      files: rows,
    },
    [
      "What ingest new takes each file for, and why. Edit it, and give it again with --decisions: what it says is obeyed, and files that it",
      "does not name are decided anew. files: a path, or a glob with {run_name}; * stands for any letters of a name.",
      `is: one of ${ROLES.join(", ")}.`,
    ],
  );
}

const hasAny = (known: Details): boolean => Object.values(known).some((value) => value !== undefined);
const plain = (known: Details): object => JSON.parse(JSON.stringify(known)) as object;
const withoutNames = (text: string): string => text.replace(/\S*[\d/]\S*/g, "#");

/** A glob of the files of all runs that are called alike, counters left open. */
function familyOf({ path, run }: Decision): string {
  if (run === undefined) return literal(path);
  const glob = globOf(path, run);
  if (!glob.includes("{run_name}")) return glob;
  const slash = glob.lastIndexOf("/") + 1;
  return (
    glob.slice(0, slash) +
    glob
      .slice(slash)
      .replace(/\[[^\]]*\]|\{run_name\}|\.[A-Za-z]\w*$|-?\d+(?:\.\d+)?/g, (part) => (/^[[{.]/.test(part) ? part : "*"))
  );
}

/** Reads a file of decisions. @throws {EmporiumError} CONFIG_FIELD, with the place */
export function readDecisions(text: string, name: string): DecisionsDocument {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw wrong(name, error instanceof Error ? error.message.split("\n")[0]! : "no YAML can be read in it");
  }
  const read = document.safeParse(value ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw wrong(name, `${issue!.path.join(".")}: ${issue!.message}`);
}

const wrong = (name: string, what: string): EmporiumError =>
  new EmporiumError("CONFIG_FIELD", `${name}: ${what}`, {
    place: { file: name },
    hint: "ingest new writes such a file beside each configuration: change only what follows is, run, answer and details",
  });

/** What a file of decisions says of the files of a folder. The first row that names a file counts. */
export function givenOf({ runs, questions, files }: DecisionsDocument, { files: all }: Pick<Laboratory, "files">): Given {
  const decided = new Map<string, Pick<Claim, "role" | "run" | "runs" | "details" | "because">>();
  const paths = new Set(all.map(({ path }) => path));
  for (const { files: glob, is, run, of_runs, because, details: known } of files) {
    const claim = { role: is, because, ...(of_runs ? { runs: of_runs } : {}), ...(known ? { details: known } : {}) };
    const plain = pathOf(glob);
    if (plain !== undefined) {
      if (paths.has(plain) && !decided.has(plain)) decided.set(plain, { ...claim, run });
      continue;
    }
    const patterns = glob.includes("{run_name}")
      ? runs.map((one) => ({ parts: partsOf(filledIn(glob, one)), run: one }))
      : [{ parts: partsOf(glob.replace(/\{\{|\}\}/g, (two) => two[0]!)), run }];
    for (const { path } of all) {
      if (decided.has(path)) continue;
      const segments = path.split("/");
      // of two runs the one with the longer name: TS_1 is the beginning of TS_1_2
      const fitting = patterns
        .filter(({ parts }) => parts.length === segments.length && parts.every((part, at) => matchesGlob(part, segments[at]!)))
        .sort((a, b) => (b.run?.length ?? 0) - (a.run?.length ?? 0));
      if (fitting[0]) decided.set(path, { ...claim, run: fitting[0].run });
    }
  }
  const answers = new Map(questions.flatMap(({ id, answer }) => (answer === null ? [] : [[id, answer] as const])));
  return { files: decided, answers };
}

/** The path that a glob without a sign stands for: there may be one for each of many files, and it needs no search. */
const pathOf = (glob: string): string | undefined => (/[*?[{}]/.test(glob) ? undefined : glob);

const partsOf = (glob: string) => glob.split("/").map((segment) => parseGlob(segment));
