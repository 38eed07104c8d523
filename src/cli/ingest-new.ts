import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { few } from "../core/finding.js";
import { quoteWords } from "../core/shell.js";
import { counted } from "../core/units.js";
import { tellNowAndThen } from "../core/waiting.js";
import type { Vocabulary } from "../stations/curate/labels/vocabulary.js";
import type { Answers } from "../stations/ingest/laboratory/answers.js";
import { command } from "./command.js";
import { wholeNumber } from "./option-types.js";

export default command({
  name: "ingest new",
  summary: "Write a configuration from the contents of a folder, or from answers to questions",
  details: [
    "With --from, looks at every file of a folder: the bookkeeping of the software that worked there, headers and names tell what each file is and of which run. The folder is not changed; from 2,000 files on, the workspace keeps what their heads say, so that a look that was stopped goes on. Without --from, the command asks questions; --yes takes the defaults.",
    "What became of the files is told: what is used, what is left out and why, and what nobody knows. What the folder itself does not answer is asked as a question: its files are left out until somebody decides.",
    "Unknown values get a valid placeholder with the comment # please fill in; inferred values have # please check. ingest check accepts the configuration and counts these lines; ingest run warns about them, and about questions that are open; a bucket, and data whose voxel size, pixel size or tilt range is a placeholder, need --allow-placeholders.",
    "Beside the configuration that --out names, NAME.decisions.yaml says what was decided of each file and why. Edit it, answer its questions, and give it again with --decisions: it is obeyed, and new files are added.",
    "--matches, a table of curate match, makes the configuration of the runs of an archive that the portal lacks, as curate missing lists them: folders of runs that it has, or may have, are left out, run folders keep their names, and a model's file name is its label. The file of decisions names the table, and it is read anew each time.",
    "Options give what only a person knows: the numbers of the deposition and the dataset at the portal, title, author, date. --profile reads these and more from a file that many configurations share.",
    "The configuration goes to standard output, or to the file that --out names, with the commands that come next. A folder DIR is the INPUT of ingest plan and ingest run, as the first lines of the configuration say; of a bucket it is the bucket.",
  ],
  options: z.object({
    from: z.string().optional().meta({ description: "folder or bucket to inspect", value: "DIR" }),
    out: z
      .string()
      .optional()
      .meta({ description: "write to this file; an existing file is not changed", value: "FILE", written: true }),
    decisions: z.string().optional().meta({ description: "obey this file of decisions", value: "FILE" }),
    matches: z
      .string()
      .optional()
      .meta({ description: "leave out the runs that the portal has by this table of curate match", value: "FILE" }),
    profile: z.string().optional().meta({ description: "take author, microscope and the like from this file", value: "FILE" }),
    vocabulary: z
      .string()
      .optional()
      .meta({ description: "take names and identifiers of objects from this vocabulary of curate", value: "FILE" }),
    yes: z.boolean().default(false).meta({ description: "ask nothing", short: "y" }),
    deposition: wholeNumber(1).optional().meta({ description: "number of the deposition at the portal", value: "ID" }),
    dataset: wholeNumber(1)
      .optional()
      .meta({ description: "number of the dataset, which is also the name of its folder", value: "ID" }),
    title: z.string().optional().meta({ description: "title of the deposition and the dataset" }),
    author: z.string().optional().meta({ description: "first author, the one to write to", value: "NAME" }),
    date: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, "a day such as 2026-02-01")
      .optional()
      .meta({ description: "day of the release, such as 2026-02-01", value: "DAY" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    { run: "emporium ingest new --from demo-out/lab/input/lab/imod", says: "what the demo's first laboratory holds" },
    {
      run: "emporium ingest new --from demo-out/lab/input/lab/sim --json",
      says: "with the runs, files and open questions as data",
    },
    { run: "emporium ingest new --yes", says: "a form to fill in" },
  ],
  async run(options, io) {
    const { newConfig } = await import("../stations/ingest/laboratory/new-config.js");
    const { answersWith, askAll, QUESTIONS, saidOf } = await import("../stations/ingest/laboratory/answers.js");
    const { from, anonymous, out, yes, deposition, dataset, title, author, date, decisions, profile, vocabulary } = options;
    const own: Answers = { depositionId: deposition, datasetId: dataset, title, author, releaseDate: date };
    const { readDecisionsFile, readProfile } = await import("../stations/ingest/laboratory/given-files.js");
    const { vocabularyOf } = await import("../stations/curate/labels/vocabulary.js");
    const { objectsOf } = await import("../stations/curate/labels/objects.js");
    const words = await vocabularyOf(vocabulary);
    const document = decisions === undefined ? undefined : await readDecisionsFile(decisions);
    const archive = await archiveOf(options.matches ?? document?.matches, from, words);
    const given = answersWith(profile === undefined ? {} : await readProfile(profile), own);
    const open = QUESTIONS.filter(({ key }) => saidOf(given, key) === undefined);
    const answers = answersWith(given, yes || from !== undefined ? {} : await askAll(open, io.ask));
    const tell = tellNowAndThen(io.log, io.clock);
    const config = await newConfig({
      from,
      answers,
      given: document,
      archive,
      objects: objectsOf(words),
      anonymous,
      workspace: io.workspace,
      onProgress: (done, of) => tell(() => `${done} of ${counted(of, "file")} looked at`),
      signal: io.signal,
    });
    const { accountLines, questionLines, waitingText } = await import("../stations/ingest/laboratory/account.js");
    const { writeConfig } = await import("../stations/ingest/laboratory/write-new.js");
    const beside = out === undefined ? undefined : await writeConfig(out, config, { given: decisions });
    if (config.refusal) {
      if (!io.json) for (const line of [...accountLines(config.account), ...questionLines(config)]) io.out(line);
      throw toBeAnswered(config.refusal, beside, from!, out);
    }
    for (const error of config.errors) io.fail(error);
    if (io.json) io.outJson({ ...config, account: accountLines(config.account), written: out ?? null });
    else if (out === undefined) io.out(config.yaml.trimEnd());
    else {
      const { runs, toFill, toCheck, account, questions } = config;
      for (const line of [...accountLines(account), ...questionLines(config), ""]) io.out(line);
      const left = [
        waitingText(config) ?? [],
        `${counted(toFill.length, "line")} to fill in`,
        counted(toCheck.length, "guess to check", "guesses to check"),
      ].flat();
      io.out(`${out}: ${[counted(runs.length, "run"), ...left].join(", ")}`);
      const asked = questions.filter(({ isAnswered }) => !isAnswered);
      if (beside !== undefined) {
        const more = asked.length === 0 ? "" : `, and ${counted(asked.length, "question")}`;
        io.out(`${beside}: what each file was taken for, and why${more}`);
      }
      const names = { out, beside, again: out.replace(/(?:\.ya?ml)?$/i, "-2.yaml") };
      for (const line of await nextSteps(asked, names, config.input, from)) io.out(line);
    }
    const asked = new Map(config.questions.map((question) => [question.id, question]));
    const isOpen = ({ id, answer }: { readonly id: string; readonly answer: string | null }) =>
      answer !== null && asked.get(id)?.isAnswered === false;
    return config.errors.length > 0 || document?.questions.some(isOpen) ? 1 : 0;
  },
});

interface Written {
  readonly out: string;
  /** The file of decisions. */
  readonly beside: string | undefined;
  /** The configuration that is written with the answers. */
  readonly again: string;
}

/** What a person does now, in the order in which it is done, with the commands ready to be typed. */
async function nextSteps(
  asked: readonly { readonly id: string; readonly answer: string | undefined }[],
  { out, beside, again }: Written,
  input: string | undefined,
  from: string | undefined,
): Promise<string[]> {
  const config = asked.length === 0 ? out : again;
  const fill = `in ${config}, replace what is marked "please fill in", and look at what is marked "please check"`;
  const commands = (await nextCommands(config, input, from)).map((line) => `     ${line}`);
  const run =
    commands.length > 1
      ? `check it, look at what would be written, and write it into the folder ${TREE} (nothing is uploaded):`
      : "check it:";
  if (beside === undefined || from === undefined) return ["", "next:", `  1. ${fill}`, `  2. ${run}`, ...commands];
  const write = `     ${commandAgain(from, beside, again)}`;
  if (asked.length === 0)
    return [
      ...["", "next:"],
      ...[`  1. ${fill}`, `  2. ${run}`, ...commands],
      `where a file was taken for the wrong thing, correct that in ${beside}, and write the configuration again:`,
      write,
    ];
  const without = asked.filter(({ answer }) => answer === undefined).map(({ id }) => id);
  const defaults = without.length === asked.length ? "" : " (where there is none, the default counts)";
  const skip = `where ${counted(asked.length, "the default is", "all defaults are").replace(/^\d+ /, "")} right, skip 1 and 2, and use ${out}`;
  const open = `${out} is WITHOUT the files of ${counted(without.length, "question")} that ${without.length === 1 ? "has" : "have"} no default: ${few(without, 6)}`;
  return [
    ...["", "next:", without.length === 0 ? `  (${skip})` : `  ${open}`],
    `  1. in ${beside}, write your answer after "answer:" of each question${defaults}`,
    ...["  2. write the configuration with your answers; new questions may come up:", write],
    ...[`  3. ${fill}`, `  4. ${run}`, ...commands],
  ];
}

const commandAgain = (from: string, decisions: string, out: string): string =>
  quoteWords(["emporium", "ingest", "new", "--from", from, "--decisions", decisions, "--out", out]);

/** What to do where only questions are left: their file is there, and the configuration is not. */
function toBeAnswered(refusal: EmporiumError, beside: string | undefined, from: string, out: string | undefined): EmporiumError {
  if (beside === undefined || out === undefined) return refusal;
  return new EmporiumError(refusal.code, `${refusal.message}: ${beside} asks, and ${out} is not written`, {
    place: refusal.facts.place,
    hint: `write your answers into it behind answer:, then: ${commandAgain(from, beside, out)}`,
  });
}

/** What the comparison of an archive tells of the folder. */
async function archiveOf(matches: string | undefined, from: string | undefined, vocabulary: Vocabulary) {
  if (matches === undefined) return undefined;
  if (from === undefined) throw new EmporiumError("USAGE", "--matches needs --from", { hint: "name a folder of the drives" });
  const { comparedArchive } = await import("../stations/curate/missing/compared-archive.js");
  return comparedArchive(matches, from, vocabulary);
}

/** The next commands, ready to be typed: their output is a new folder outside of the sources. */
async function nextCommands(config: string, source: string | undefined, from: string | undefined): Promise<string[]> {
  const check = quoteWords(["emporium", "ingest", "check", config]);
  if (source === undefined || from === undefined) return [check];
  const [{ nestingOf }, { parseLocation }] = await Promise.all([import("../stores/nesting.js"), import("../stores/url.js")]);
  const { path } = parseLocation(from);
  const input = path === undefined ? source : from; // a folder as the person wrote it
  const isInside = path !== undefined && ["same", "inside"].includes(nestingOf(TREE, input));
  const output = isInside ? relative("", join(dirname(path), TREE)) : TREE;
  return [
    check,
    ...["plan", "run"].map((verb) => quoteWords(["emporium", "ingest", verb, config, input, output, "--import-everything"])),
  ];
}

const TREE = "portal";
