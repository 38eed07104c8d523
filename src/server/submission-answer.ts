import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { toErrorRecord } from "../core/errors.js";
import type { Submission, SubmissionAccount, SubmissionFile, SubmissionFiles } from "../model/page-api.js";
import type { unusedGroups } from "../stations/ingest/laboratory/account.js";
import type { Question, saidOf } from "../stations/ingest/laboratory/answers.js";
import { ROLES } from "../stations/ingest/laboratory/claims.js";
import type { Known } from "../stations/ingest/laboratory/know.js";
import { nestingOf } from "../stores/nesting.js";
import type { JobRoot } from "./job-locations.js";
import { briefError } from "./job-watch.js";
import { type Place, refOfPath } from "./places.js";
import type { OpenSubmission, SubmissionNow, Submissions } from "./submissions.js";

/** Files that a question does not name itself and that are named beside it. */
const NAMED_MAX = 3;

/** As the command takes what was given with the folder. */
function optionsOf({ given: { anonymous, ...files }, profile }: OpenSubmission): string[] {
  const named = Object.entries({ ...files, profile: profile?.path }).flatMap(([name, path]) =>
    path === undefined ? [] : [`--${name}`, path],
  );
  return [...named, ...(anonymous ? ["--anonymous"] : [])];
}

/** What the page of a submission shows. */
export async function submissionAnswer(one: OpenSubmission, { roots }: Pick<Submissions, "roots">): Promise<Submission> {
  const { id, folder, state, progress, error, now } = one;
  return {
    ...{ id, folder, state, progress, options: optionsOf(one) },
    error: error && briefError(toErrorRecord(error)),
    account: now && (await accountOf(one, now, roots)),
  };
}

/** It is told where the configuration would be written: until then there is none. */
const refusalOf = ({ refusal }: SubmissionNow["config"]) =>
  refusal ? [{ ...toErrorRecord(refusal), hint: "answer the questions above" }] : [];

async function accountOf(one: OpenSubmission, now: SubmissionNow, roots: readonly JobRoot[]): Promise<SubmissionAccount> {
  const [account, { QUESTIONS, saidOf: said }] = await Promise.all([
    import("../stations/ingest/laboratory/account.js"),
    import("../stations/ingest/laboratory/answers.js"),
  ]);
  const { etag, config, known } = now;
  const { decisions, laboratory } = known;
  return {
    ...{ etag, input: config.input!, files: laboratory.files.length, software: config.software, roles: ROLES },
    ...account.runTable(decisions),
    unused: account.unusedGroups(decisions).map(({ id, fate, because, paths }) => {
      return { id, fate, because, files: paths.length, example: paths[0]! };
    }),
    questions: decisions.questions.map((question) => {
      const { id, text, why, options, answer, isAnswered, files } = question;
      return {
        ...{ id, text, why, answer, isAnswered, files: files.length },
        unnamed: account.unnamedFiles(question).slice(0, NAMED_MAX),
        options: options.map(({ answer: word, says }) => ({ answer: word, says })),
      };
    }),
    notes: config.account.notes,
    facts: QUESTIONS.map((question) => factOf(question, one, said)),
    profile: one.profile?.path,
    ...{ toFill: config.toFill, toCheck: config.toCheck, errors: [...refusalOf(config), ...config.errors].map(briefError) },
    canUndo: one.before.length > 0,
    suggested: suggestedFor(one, roots),
    written: one.written && {
      ...{ config: one.written.config, decisions: one.written.decisions, at: one.written.at },
      isCurrent: one.written.text.yaml === config.yaml && one.written.text.decisions === config.decisions,
    },
  };
}

function factOf(
  { key, text, choices }: Question,
  { told, profile }: OpenSubmission,
  said: typeof saidOf,
): SubmissionAccount["facts"][number] {
  const before = profile && said(profile.answers, key);
  return { key, text, choices, value: told.facts[key], inProfile: before === undefined ? undefined : String(before) };
}

/** Names in the first folder that may be written and is not in the sources. Empty where there is none. */
function suggestedFor({ folder, written }: OpenSubmission, roots: readonly JobRoot[]): SubmissionAccount["suggested"] {
  const root = roots.find(
    ({ location, writable }) =>
      writable &&
      location.startsWith("/") &&
      !(folder.startsWith("/") && ["same", "inside"].includes(nestingOf(location, folder))),
  );
  if (!root) return { config: "", output: "" };
  const name = basename(folder).replace(/[^\w.-]+/g, "_") || "submission";
  const free = [name, ...Array.from({ length: 98 }, (_, i) => `${name}-${i + 2}`)];
  const isFree = (one: string) => ["yaml", "decisions.yaml"].every((end) => !existsSync(join(root.location, `${one}.${end}`)));
  const config = written?.config ?? join(root.location, `${free.find(isFree) ?? name}.yaml`);
  return { config, output: join(root.location, "portal") };
}

interface Wanted {
  readonly run?: string | undefined;
  readonly is?: string | undefined;
  /** Id of a reason. */
  readonly group?: string | undefined;
  readonly question?: string | undefined;
  readonly pattern?: string | undefined;
}

/** Paths of the files that fit everything that is wanted, in the order of the folder. An empty run: those of none. */
export async function pathsOf(known: Known, { run, is, group, question, pattern }: Wanted): Promise<string[]> {
  const { decisions, laboratory } = known;
  const among = await sets();
  return laboratory.files.flatMap(({ path }) => {
    const file = decisions.files.get(path);
    if (!among.every((set) => set.has(path))) return [];
    if (is !== undefined && file?.role !== is) return [];
    return run !== undefined && (file?.run ?? "") !== run ? [] : path;
  });

  async function sets(): Promise<ReadonlySet<string>[]> {
    const account: { unusedGroups: typeof unusedGroups } = await import("../stations/ingest/laboratory/account.js");
    const { pathsOfPattern } = await import("../stations/ingest/laboratory/decide-files.js");
    return [
      ...(group === undefined ? [] : [new Set(account.unusedGroups(decisions).find(({ id }) => id === group)?.paths)]),
      ...(question === undefined ? [] : [new Set(decisions.questions.find(({ id }) => id === question)?.files)]),
      ...(pattern === undefined ? [] : [new Set(pathsOfPattern(known, pattern))]),
    ];
  }
}

/** A part of the files that fit. */
export async function filesAnswer(
  { now }: OpenSubmission,
  { offset, limit, ...wanted }: Wanted & { readonly offset: number; readonly limit: number },
  places: readonly Place[],
): Promise<SubmissionFiles> {
  const paths = now ? await pathsOf(now.known, wanted) : [];
  return { total: paths.length, offset, files: paths.slice(offset, offset + limit).map((path) => fileOf(now!, path, places)) };
}

function fileOf({ known: { laboratory, decisions } }: SubmissionNow, path: string, places: readonly Place[]): SubmissionFile {
  const { size, volume, format } = laboratory.get(path)!;
  const file = decisions.files.get(path);
  const { local } = laboratory.store;
  const isImage = volume !== undefined || (format !== undefined && format !== "text" && format !== "empty");
  return {
    ...{ path, size, is: file?.role, run: file?.run, shape: volume?.shape },
    because: file?.because ?? decisions.undecided.get(path) ?? "nobody knows it",
    isDecided: file?.strength === "person",
    voxelSizeAngstrom: file?.details.spacingAngstrom ?? volume?.spacingsAngstrom[1],
    ref: local && isImage ? refOfPath(local.path(path), places) : undefined,
  };
}
