import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { refuseGone } from "../../../stores/gone.js";
import type { Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { isUrl, readConfigFile, readExclusions } from "../check/config-file.js";
import { readConfig } from "../check/read-config.js";
import { accountLines } from "../laboratory/account.js";
import type { Answers } from "../laboratory/answers.js";
import type { Role } from "../laboratory/claims.js";
import type { DecisionsDocument } from "../laboratory/decisions-file.js";
import { type NewConfig, newConfigFor } from "../laboratory/new-config.js";
import { runFinder } from "../laboratory/run-names.js";
import { writeConfig } from "../laboratory/write-new.js";
import { imagesNamedIn, missingText } from "./holds.js";
import { lacking, type Rest, restOf } from "./rest.js";
import { endOfNothing, type WatchReport } from "./watch-report.js";

/** A folder with one tilt series alone: nothing may come for so many times `restMs` before that series counts as whole. */
const QUIET_RESTS = 5;
/** Between two looks at the heads of all files is ten times the time that one takes. */
const PAUSE = 10;
const PLACEHOLDERS_SHOWN = 3;
/** Without one of these, a folder has nothing yet that a configuration could be made of. */
const SERIES: ReadonlySet<string> = new Set<Role>(["tilt series", "acquisition", "tomogram"]);

export interface FirstConfigOptions extends GivenEnv {
  /** Path of the configuration that is to be written. */
  config: string;
  /** Folder or bucket of the acquisition: the configuration is made for it as INPUT. */
  input: string;
  anonymous: boolean;
  /** Facts that only a person knows. */
  answers: Answers;
  /** The file of decisions that lies beside the configuration already, such as that of an earlier session. */
  given?: { readonly path: string; readonly document: DecisionsDocument } | undefined;
  /** Placeholders are used as they are: nothing is waited for but the files. Default false. */
  allowPlaceholders?: boolean | undefined;
  /** As of `ingest`: what the rules let pass. */
  exclusions?: string | undefined;
  compat?: boolean | undefined;
  restMs: number;
  intervalMs: number;
  idleMs?: number | undefined;
}

/**
 * Waits until a folder, which may be empty at first, holds a whole tilt series, and writes the configuration of it as `ingest new` does: from the files
 * that are complete. Then waits until no line of the configuration is left to fill in.
 *
 * A tilt series is whole when the frames that its mdoc names are there, if frames are kept here at all, and another one has begun or nothing has come
 * for a while: what a microscope writes last of it, such as its angles, would otherwise be in no line.
 *
 * @returns undefined when the configuration can be used; a report where the wait has ended before
 * @throws {EmporiumError} USAGE for a configuration that is no file of this machine, CONFIG_… for one that is there and is none
 */
export async function awaitFirstConfig(options: FirstConfigOptions): Promise<WatchReport | undefined> {
  const { config, input, anonymous, restMs, intervalMs, idleMs } = options;
  const { clock, log, signal, onEvent } = envOf(options);
  if (isUrl(config))
    throw new EmporiumError("USAGE", `--profile writes a configuration, and ${config} is no file of this machine`, {
      hint: "give the name of a file, or leave --profile out",
    });
  const isThere = async () => (await stat(config).catch(() => undefined)) !== undefined;
  if (await isThere()) log.info(`${config} is there already: --profile is not read`);
  else log.info(`${config} is written when the first tilt series is complete`);
  const store = await openStore(input, { anonymous, readOnly: true });
  await refuseGone(store, "INPUT");
  const rest = restOf(store, "", restMs, clock);
  const looks = looksAt(store, rest, options);
  let told = "";
  let problem: ErrorRecord | undefined;
  // what a person edits may be no configuration for a moment
  let isEdited = !(await isThere());
  for (;;) {
    let isEnd = false;
    try {
      await rest.look(signal);
      const quietMs = clock.monotonic() - rest.changedMs;
      isEnd = idleMs !== undefined && quietMs >= Math.max(idleMs, restMs);
      if (!(await isThere())) problem = await looks(isEnd || quietMs >= QUIET_RESTS * restMs);
      if (await isThere()) {
        problem = await toFillIn(options);
        if (!problem) return undefined;
        isEdited = true;
      }
    } catch (thrown) {
      const error = asEmporiumError(thrown);
      if (signal?.aborted || error.code === "CANCELLED") break;
      // the drive or the network is away for a while
      const passes = /^(?:STORE_|NETWORK$|SOURCE_)/.test(error.code) || (isEdited && error.code.startsWith("CONFIG_"));
      if (!passes) throw error;
      problem = toErrorRecord(error);
    }
    const text = problem?.message ?? "";
    if (text !== told) {
      log.info(`waiting: ${text}`);
      onEvent({ kind: "waiting", atMs: clock.monotonic(), taken: 0, count: 1, lines: [text] });
      told = text;
    }
    if (isEnd) break;
    try {
      await clock.sleep(intervalMs, signal);
    } catch {
      break;
    }
  }
  return endOfNothing(problem);
}

/** Looks at the files that are complete, when they are others than at the last time, and writes the configuration where it can be told. */
function looksAt(store: Store, rest: Rest, { config, input, answers, given, ...options }: FirstConfigOptions) {
  const { clock, log, signal = new AbortController().signal } = envOf(options);
  let version = -1;
  let notBeforeMs = 0;
  let made: NewConfig | undefined;
  const know = async () => {
    const beginMs = clock.monotonic();
    const folder = { sourcePrefix: "", input, answers, given: given?.document, signal };
    made = await newConfigFor(onlyComplete(store, rest), folder).catch((thrown: unknown) => {
      const error = asEmporiumError(thrown);
      if (error.code !== "CONFIG_EMPTY" && error.code !== "STORE_ABSENT") throw error;
      return undefined;
    });
    const endMs = clock.monotonic();
    notBeforeMs = endMs + PAUSE * (endMs - beginMs);
    version = rest.version;
  };
  return async (isQuiet: boolean): Promise<ErrorRecord | undefined> => {
    if (rest.version !== version && (isQuiet || clock.monotonic() >= notBeforeMs)) await know();
    const isEmpty = !made || made.refusal || !made.files.some(({ role = "" }) => SERIES.has(role));
    const lacks = isEmpty ? lacking(store, "", "tilt series") : await lackOf(made!, store, rest, isQuiet);
    if (lacks !== undefined)
      return toErrorRecord(
        new EmporiumError("SOURCE_INCOMPLETE", `${config} is not written yet: ${lacks}`, {
          hint: "run the command again when the session goes on",
        }),
      );
    const { runs, toFill, toCheck, account } = made!;
    const beside = await writeConfig(config, made!, { given: given?.path });
    for (const line of accountLines(account)) if (line !== "") log.info(line);
    const left = `${counted(toFill.length, "line")} to fill in, ${counted(toCheck.length, "guess to check", "guesses to check")}`;
    log.info(`${config} is written, of ${counted(runs.length, "run")}: ${left}`);
    if (beside !== undefined) log.info(`${beside}: what each file is taken for, and why`);
    return undefined;
  };
}

/** What a folder lacks before its first tilt series counts as whole. */
async function lackOf({ files, runs }: NewConfig, store: Store, rest: Rest, isQuiet: boolean): Promise<string | undefined> {
  if (isQuiet) return undefined;
  if (runs.length < 2 && !hasOtherBegun(files, runs, rest))
    return `more of ${runs[0]} may come, since no other tilt series has begun`;
  if (!files.some(({ role }) => role === "frame")) return undefined;
  const lacks: string[] = [];
  for (const { path } of files.filter(({ role }) => role === "acquisition")) {
    const { frames } = await imagesNamedIn(store, path);
    const absent = frames.filter((name) => !rest.hasName(name));
    if (absent.length === 0) return undefined;
    lacks.push(missingText(path, absent, frames.length));
  }
  return lacks[0];
}

/** Whether a file of another series is being written: one of no run that is known, and of a kind that those have. */
function hasOtherBegun(files: NewConfig["files"], runs: readonly string[], rest: Rest): boolean {
  const runOf = runFinder(runs);
  const kinds = new Set(files.flatMap(({ path, run }) => (run === undefined ? [] : [extname(path)])));
  return rest.pending().some(({ key }) => kinds.has(extname(key)) && runOf(key) === undefined);
}

/** The folder as if what is still written were not there. */
function onlyComplete(store: Store, rest: Rest): Store {
  return {
    ...store,
    async *list(prefix, options) {
      for await (const entry of store.list(prefix, options)) if (rest.why(entry.key, entry) === undefined) yield entry;
    },
  };
}

/** Why a configuration cannot be used yet: values that nobody has given. @throws {EmporiumError} CONFIG_… */
async function toFillIn(options: FirstConfigOptions): Promise<ErrorRecord | undefined> {
  const { config, anonymous, compat, allowPlaceholders } = options;
  const exclusions = await readExclusions(options.exclusions, anonymous);
  const { placeholders = [] } = readConfig(await readConfigFile(config, anonymous), config, { exclusions, compat });
  if (allowPlaceholders) return undefined;
  const open = placeholders.filter(({ kind }) => kind !== "guess");
  if (open.length === 0) return undefined;
  const shown = open.slice(0, PLACEHOLDERS_SHOWN).map(({ place, what }) => `${what} (line ${place.line})`);
  const more = open.length > shown.length ? ` and ${open.length - shown.length} more` : "";
  return toErrorRecord(
    new EmporiumError("CONFIG_PLACEHOLDER", `${config} waits for ${shown.join(", ")}${more}`, {
      place: open[0]!.place,
      hint: "fill them in while the command waits, or run it again after that; --allow-placeholders takes them as they are",
    }),
  );
}
