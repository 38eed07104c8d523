import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.js";
import { asEmporiumError, EmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { newRunId } from "../engine/run-id.js";
import type { ComparedArchive } from "../model/compared-archive.js";
import type { Vocabulary } from "../stations/curate/labels/vocabulary.js";
import type { Answers } from "../stations/ingest/laboratory/answers.js";
import type { DecisionsDocument } from "../stations/ingest/laboratory/decisions-file.js";
import type { Known, Project } from "../stations/ingest/laboratory/know.js";
import type { NewConfig, openSource } from "../stations/ingest/laboratory/new-config.js";
import type { WrittenConfig } from "../stations/ingest/laboratory/write-new.js";
import { checkJobLocation, type JobRoot } from "./job-locations.js";

const loadKnow = () => import("../stations/ingest/laboratory/know.js");
const loadConfig = () => import("../stations/ingest/laboratory/new-config.js");
const loadFiles = () => import("../stations/ingest/laboratory/decisions-file.js");
const loadGiven = () => import("../stations/ingest/laboratory/given-files.js");

/** Folders that are kept at once, and the files in all of them. */
const KEPT_MAX = 8;
const FILES_MAX = 1_000_000;
const SURVEYS_MAX = 2;
const UNDO_MAX = 50;

/** What a person has said so far. Nothing of it is in a file before it is written. */
export interface Told {
  readonly decisions: DecisionsDocument;
  /** Facts as they were typed, by their keys. */
  readonly facts: Readonly<Record<string, string>>;
}

/** A folder that is made ready for ingest. */
export interface OpenSubmission {
  readonly id: string;
  readonly folder: string;
  state: "surveying" | "ready" | "failed";
  progress?: { readonly done: number; readonly of: number } | undefined;
  error?: EmporiumError | undefined;
  told: Told;
  readonly before: Told[];
  profile?: { readonly path: string; readonly answers: Answers } | undefined;
  /** What else was given with the folder, as `ingest new` calls it. */
  readonly given: Pick<SubmissionWanted, "decisions" | "matches" | "vocabulary" | "anonymous">;
  readonly vocabulary: Vocabulary;
  readonly archive: ComparedArchive | undefined;
  surveyed?: Surveyed | undefined;
  /** Absent before the folder is known. */
  now?: SubmissionNow | undefined;
  written?:
    | { readonly config: string; readonly decisions: string; readonly at: string; readonly text: WrittenConfig }
    | undefined;
  readonly stopping: AbortController;
  /** The survey, or the change, that is under way. */
  work: Promise<void>;
}

/** A folder as it is known with what a person has said. */
export interface SubmissionNow {
  readonly etag: string;
  readonly known: Known;
  readonly config: NewConfig;
}

interface Surveyed {
  readonly laboratory: Known["laboratory"];
  readonly source: Awaited<ReturnType<typeof openSource>>;
  readonly projects: readonly Project[];
}

export interface SubmissionWanted {
  readonly folder: string;
  /** Files of this machine, read once. */
  readonly decisions?: string | undefined;
  readonly profile?: string | undefined;
  /** Default: the table that the file of decisions names. */
  readonly matches?: string | undefined;
  readonly vocabulary?: string | undefined;
  /** Sends unsigned requests to buckets. */
  readonly anonymous?: boolean | undefined;
}

/** Folders that pages make ready for ingest. They are kept in memory, the latest ones. */
export interface Submissions {
  readonly roots: readonly JobRoot[];
  /** The latest first. */
  list(): readonly OpenSubmission[];
  /** Begins to look at a folder. @throws {EmporiumError} STORE_DENIED, STORE_THROTTLED, CONFIG_FIELD, USAGE */
  open(wanted: SubmissionWanted): Promise<OpenSubmission>;
  /** @throws {EmporiumError} NOT_FOUND for one that is unknown, or was put away for others */
  get(id: string): OpenSubmission;
  /**
   * Takes what a person says, after what others say at the same time.
   *
   * @throws {EmporiumError} CHANGED_MEANWHILE where it is not any more as the person has seen it; what `say` throws, and where no configuration is left
   */
  change(id: string, etag: string, say: (of: OpenSubmission, known: Known) => Told | Promise<Told>): Promise<OpenSubmission>;
  /** Takes the last thing back that was said. */
  undo(id: string, etag: string): Promise<OpenSubmission>;
  /** Reads a profile; an empty path: without one. */
  useProfile(id: string, etag: string, path: string): Promise<OpenSubmission>;
  /** Writes the configuration and its file of decisions. @throws {EmporiumError} STORE_DENIED, USAGE where a file is there, CHANGED_MEANWHILE */
  write(id: string, etag: string, config: string): Promise<OpenSubmission>;
  /** Ends the survey. */
  stop(id: string): OpenSubmission;
  close(): Promise<void>;
}

interface SubmissionsOptions {
  readonly roots: readonly JobRoot[];
  readonly workspace: string;
  readonly clock: Clock;
}

export function openSubmissions({ roots, workspace, clock }: SubmissionsOptions): Submissions {
  const kept = new Recent<string, OpenSubmission>(KEPT_MAX + 1);
  const check = (name: string, text: string, use: "read" | "write") => checkJobLocation({ name, text, use }, roots, workspace);

  function get(id: string): OpenSubmission {
    const found = kept.get(id);
    if (found) return found;
    throw new EmporiumError(
      "NOT_FOUND",
      `there is no submission ${id.slice(0, 40)}: the server was started anew, or has put it away`,
      {
        hint: "look at the folder again; a file of decisions that was written can be given",
      },
    );
  }

  async function begin(wanted: SubmissionWanted): Promise<OpenSubmission> {
    const { folder, decisions, profile, matches, vocabulary } = wanted;
    check("folder", folder, "read");
    for (const [name, text] of Object.entries({ decisions, profile, matches, vocabulary }))
      if (text !== undefined) check(name, text, "read");
    if ([...kept.values()].filter(({ state }) => state === "surveying").length >= SURVEYS_MAX) {
      throw new EmporiumError("STORE_THROTTLED", `${SURVEYS_MAX} folders are already being looked at`, {
        retry: "later",
        retryAfterMs: 5_000,
      });
    }
    const one = await unknown(wanted, clock, (text) => check("matches", text, "read"));
    kept.set(one.id, one);
    putAway(kept);
    one.work = look(one).then(() => putAway(kept));
    return one;
  }

  /** One thing after another, each on what the person has seen. */
  function inTurn(
    id: string,
    etag: string,
    work: (one: OpenSubmission, now: SubmissionNow) => Promise<void>,
  ): Promise<OpenSubmission> {
    const one = get(id);
    const done = one.work.then(async () => {
      const { now } = one;
      if (!now) throw new EmporiumError("USAGE", "the folder is not known yet", { hint: "wait until it was looked at" });
      if (now.etag !== etag) throw changedMeanwhile();
      await work(one, now);
      return one;
    });
    one.work = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  return {
    roots,
    list: () => [...kept.values()].sort((a, b) => (a.id < b.id ? 1 : -1)),
    get,
    open: begin,
    change: (id, etag, told) =>
      inTurn(id, etag, async (one, now) => {
        const before = one.told;
        await say(one, await told(one, now.known));
        one.before.push(before);
        if (one.before.length > UNDO_MAX) one.before.shift();
      }),
    undo: (id, etag) =>
      inTurn(id, etag, async (one) => {
        const last = one.before.at(-1);
        if (!last) throw new EmporiumError("USAGE", "there is nothing to take back");
        await say(one, last);
        one.before.pop();
      }),
    useProfile: (id, etag, path) =>
      inTurn(id, etag, async (one) => {
        if (path !== "") check("profile", path, "read");
        await readProfileOf(one, path);
      }),
    write: (id, etag, config) =>
      inTurn(id, etag, async (one, { config: { yaml, decisions, refusal } }) => {
        if (refusal) throw refusal;
        checkName(config);
        check("config", config, "write");
        const at = new Date(clock.now()).toISOString();
        one.written = { config, at, ...(await writtenTo(config, { yaml, decisions }, one.written)) };
      }),
    stop(id) {
      const one = get(id);
      if (one.state === "surveying") one.stopping.abort();
      return one;
    },
    async close() {
      const all = [...kept.values()];
      for (const { stopping } of all) stopping.abort();
      await Promise.allSettled(all.map(({ work }) => work));
    },
  };
}

/** A submission before its folder is looked at. */
async function unknown(
  { folder, decisions, profile, ...more }: SubmissionWanted,
  clock: Clock,
  checkMatches: (path: string) => void,
): Promise<OpenSubmission> {
  const [{ NO_DECISIONS }, { readDecisionsFile, readProfile }, { vocabularyOf }, { comparedArchive }] = await Promise.all([
    loadFiles(),
    loadGiven(),
    import("../stations/curate/labels/vocabulary.js"),
    import("../stations/curate/missing/compared-archive.js"),
  ]);
  const said = decisions === undefined ? NO_DECISIONS : await readDecisionsFile(decisions);
  const vocabulary = await vocabularyOf(more.vocabulary);
  const matches = more.matches ?? said.matches;
  if (matches !== undefined) checkMatches(matches);
  return {
    ...{ id: newRunId(clock.now()), folder, state: "surveying", before: [], stopping: new AbortController() },
    told: { decisions: said, facts: {} },
    given: { decisions, ...more },
    vocabulary,
    archive: matches === undefined ? undefined : await comparedArchive(matches, folder, vocabulary),
    profile: profile === undefined ? undefined : { path: profile, answers: await readProfile(profile) },
    work: Promise.resolve(),
  };
}

/** Looks at the folder of a submission. What goes wrong is its state. */
async function look(one: OpenSubmission): Promise<void> {
  const { signal } = one.stopping;
  try {
    const [{ openSource }, { survey }, { inSmallHeap, recognisedIn }] = await Promise.all([
      loadConfig(),
      import("../stations/ingest/laboratory/survey/survey.js"),
      loadKnow(),
    ]);
    const source = await openSource(one.folder, { anonymous: one.given.anonymous });
    const onProgress = (done: number, of: number) => {
      one.progress = { done, of };
    };
    await inSmallHeap(async () => {
      const laboratory = await survey(source.store, { signal, onProgress });
      one.surveyed = { laboratory, source, projects: await recognisedIn(laboratory, signal) };
      await say(one, one.told);
    });
    one.state = "ready";
  } catch (thrown) {
    one.state = "failed";
    one.error = signal.aborted ? new EmporiumError("CANCELLED", "looking at the folder was stopped") : asEmporiumError(thrown);
  }
}

/** Takes what a person says, if a configuration is left. Which files there are is not read twice. */
async function say(one: OpenSubmission, told: Told): Promise<void> {
  const { laboratory, source, projects } = one.surveyed!;
  const [{ decisionsOf }, { configOf }, { givenOf }, { answersOf, answersWith }, { objectsOf }] = await Promise.all([
    loadKnow(),
    loadConfig(),
    loadFiles(),
    import("../stations/ingest/laboratory/answers.js"),
    import("../stations/curate/labels/objects.js"),
  ]);
  const decisions = await decisionsOf(
    laboratory,
    projects,
    one.stopping.signal,
    givenOf(told.decisions, laboratory, one.archive),
  );
  const answers = answersWith(one.profile?.answers ?? {}, answersOf(told.facts));
  const known = { laboratory, decisions };
  const { sourcePrefix, input } = source;
  const config = await configOf(known, { sourcePrefix, input, answers, objects: objectsOf(one.vocabulary) });
  one.now = { etag: etagOf(config), known, config };
  one.told = told;
}

async function readProfileOf(one: OpenSubmission, path: string): Promise<void> {
  const before = one.profile;
  one.profile = path === "" ? undefined : { path, answers: await (await loadGiven()).readProfile(path) };
  await say(one, one.told).catch((error: unknown) => {
    one.profile = before;
    throw error;
  });
}

/** Writes both files; over what was written before, while nobody has changed it. */
async function writtenTo(config: string, text: WrittenConfig, last: OpenSubmission["written"]) {
  const { writeConfig } = await import("../stations/ingest/laboratory/write-new.js");
  const before = last?.config === config ? last.text : undefined;
  return { decisions: (await writeConfig(config, text, { before }))!, text };
}

/** Puts away those that were used longest ago, but never the latest one. */
function putAway(kept: Recent<string, OpenSubmission>): void {
  const filesOf = ({ surveyed }: OpenSubmission) => surveyed?.laboratory.files.length ?? 0;
  for (const [id, one] of [...kept]) {
    const files = [...kept.values()].reduce((sum, other) => sum + filesOf(other), 0);
    if (kept.size === 1 || (kept.size <= KEPT_MAX && files <= FILES_MAX)) return;
    one.stopping.abort();
    kept.delete(id);
  }
}

/** Hash of everything that would be written. */
const etagOf = ({ yaml, decisions }: NewConfig): string =>
  createHash("sha256").update(`${yaml}\0${decisions}`).digest("hex").slice(0, 24);

/** A configuration is written into a file of this machine that is called as one. */
function checkName(config: string): void {
  if (config.startsWith("/") && /[^/]\.ya?ml$/i.test(config) && !/\.decisions\.ya?ml$/i.test(config)) return;
  throw new EmporiumError("USAGE", `config: ${config} is not the absolute path of a .yaml file`, { place: { path: "config" } });
}

const changedMeanwhile = (): EmporiumError =>
  new EmporiumError("CHANGED_MEANWHILE", "somebody has decided something else meanwhile, perhaps in another tab", {
    hint: "look at it as it is now, and decide again; nothing was changed",
  });
