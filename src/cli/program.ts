import type { Clock } from "../core/clock.js";
import { asEmporiumError, EmporiumError, ERRORS, type ErrorRecord, isEmporiumError, toErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { nearest } from "../core/nearest.js";
import { markSecret } from "../core/redact.js";
import type { OnEvent } from "../engine/events.js";
import type { RunRecorder } from "../engine/run-events.js";
import { asKnownError } from "../stores/file/errors.js";
import type { Io } from "./command.js";
import { overview } from "./overview.js";
import { logEvents, makeProgress } from "./progress.js";
import { makePrompt } from "./prompt.js";
import { COMMANDS, type CommandEntry, GROUPS, RESERVED } from "./registry.js";
import { exitStatusOf } from "./signals.js";
import { makeTerminal, type TextSink } from "./terminal.js";
import { version } from "./version.js";

/** The process, as far as the program sees it. */
export interface Host {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Stream of answers to questions. Without it nobody answers. */
  readonly stdin?: NodeJS.ReadableStream | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Id of the run in the workspace, from `RUN_ID_VARIABLE` as the starting program set it. */
  readonly runId?: string | undefined;
}

/** Variables whose values are cut from every line, whichever library reads them. */
const SECRET_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

/** Runs one command line (the words after `emporium`) and returns the exit status. Never throws. */
export async function runProgram(words: readonly string[], host: Host): Promise<number> {
  for (const name of SECRET_VARIABLES) markSecret(host.env[name]);
  const loose = looseFlags(words);
  const progress = makeProgress({ sink: host.stderr, clock: host.clock, silent: loose.quiet, logJson: loose.logJson });
  const terminal = makeTerminal({ ...loose, stdout: host.stdout, stderr: host.stderr, now: host.clock.now, around: progress });
  const tell = logEvents(terminal.log);
  const prompt = makePrompt(host.stdin, host.stderr, host.signal);
  let answered = false;
  let recorder: RunRecorder | undefined;
  let ended: { status: number; error?: ErrorRecord } = { status: 1 };
  const end = (status: number, error?: ErrorRecord) => {
    ended = { status, ...(error && { error }) };
    return status;
  };
  try {
    const asked = dispatch(words);
    if ("text" in asked) {
      terminal.out(asked.text);
      return 0;
    }
    const { default: command } = await asked.entry.load();
    if (asked.help) {
      const { commandHelp } = await import("./help.js");
      terminal.out(commandHelp(command));
      return 0;
    }
    const { parseCommandLine } = await import("./flags.js");
    const { options, globals, notes } = parseCommandLine(command, asked.rest);
    for (const note of notes) terminal.log.warn(note);
    const { refuseOtherFiles, refuseWorkspace } = await import("./written-files.js");
    refuseOtherFiles(command, options);
    const workspace = globals.workspace ?? (host.env.EMPORIUM_WORKSPACE || ".emporium");
    refuseWorkspace(workspace);
    const { runId: id, clock } = host;
    if (!PARTS_OF_RUNS.has(command.name)) recorder = lazyRecorder({ id, workspace, words, clock, log: terminal.log });
    const io: Io = {
      out: terminal.out,
      show: terminal.show,
      reveal: terminal.reveal,
      outJson: (value) => {
        answered = true;
        terminal.outJson(value);
      },
      fail: (record) => {
        terminal.error(record);
        recorder?.told(record);
      },
      json: globals.json,
      attended: host.stdout.isTTY === true,
      log: terminal.log,
      onEvent: (event) => {
        progress.onEvent(event);
        tell(event);
        recorder?.onEvent(event);
      },
      typed: { words, folder: process.cwd() },
      signal: host.signal,
      clock: host.clock,
      env: host.env,
      commands: () => Promise.all(COMMANDS.map(async ({ load }) => (await load()).default)),
      ask: prompt.ask,
      workspace,
    };
    return end(await command.run(options, io));
  } catch (thrown) {
    const error = host.signal.aborted && isAbort(thrown) ? cancelled(host.signal) : asKnownError(thrown);
    progress.stop();
    const record = toErrorRecord(error);
    const others = error.facts.others ?? [];
    terminal.error(record, stackOf(error));
    for (const other of others) terminal.error(other);
    if (loose.json && !answered) terminal.outJson({ status: "failed", errors: [record, ...others] });
    return end(ERRORS[error.code].exit, record);
  } finally {
    progress.stop();
    await recorder?.end(exitStatusOf(ended.status, host.signal), ended.error);
    prompt.close();
  }
}

/**
 * The form of the output, before the command line is parsed: these flags are found anywhere, so that errors of the command line
 * itself also have the requested form.
 */
export function looseFlags(words: readonly string[]) {
  const options = beforeDashes(words);
  const has = (long: string, short?: string) =>
    options.some((word) => word === long || (short !== undefined && /^-[a-z]+$/i.test(word) && word.includes(short)));
  return { json: has("--json"), quiet: has("--quiet", "q"), verbose: has("--verbose", "v"), logJson: has("--log-json") };
}

/** Jobs call them, many at once: what they do is told by the run that they are of. */
const PARTS_OF_RUNS = new Set(["engine work", "engine gate", "engine dead"]);

/** Keeps the events of a command's runs where others see them. Most commands have none: what does it is loaded with the first plan, or for an id. */
function lazyRecorder(of: LazyRecorderOptions): RunRecorder {
  const load = async () => {
    const [{ recordRun }, { everyInterval }] = await Promise.all([
      import("../engine/run-events.js"),
      import("../engine/every.js"),
    ]);
    const { id, workspace, words: command, clock, log } = of;
    return recordRun({ id, workspace, command, folder: process.cwd(), version: version(), clock, every: everyInterval, log });
  };
  let recorder = of.id === undefined ? undefined : load();
  const onEvent: OnEvent = (event) => {
    if (!recorder && event.kind !== "plan" && event.kind !== "waiting") return;
    recorder ??= load();
    void recorder.then((one) => {
      for (const error of before.splice(0)) one.told(error);
      one.onEvent(event);
    });
  };
  const before: ErrorRecord[] = [];
  const told = (error: ErrorRecord) => {
    if (recorder) void recorder.then((one) => one.told(error));
    else before.push(error);
  };
  return { onEvent, told, end: async (status, error) => (await recorder)?.end(status, error) };
}

interface LazyRecorderOptions {
  id: string | undefined;
  workspace: string;
  words: readonly string[];
  clock: Clock;
  log: Log;
}

type Asked = { text: string } | { entry: CommandEntry; rest: string[]; help: boolean };

/** Finds the command that the words name. Options may stand before it. */
function dispatch(words: readonly string[]): Asked {
  const leading: string[] = [];
  let at = 0;
  for (; at < words.length && words[at]!.startsWith("-"); at++) {
    const word = words[at]!;
    if (word === "--version" || word === "-V") return { text: version() };
    leading.push(word);
    if (word === "--workspace" && at + 1 < words.length) leading.push(words[++at]!);
  }
  let named = words.slice(at);
  const asksHelp = named[0] === "help" || [...leading, ...beforeDashes(named)].some((word) => word === "--help" || word === "-h");
  if (named[0] === "help") named = named.slice(1);
  // a command whose name begins with another's stands behind it
  const entry = COMMANDS.findLast(({ name }) => startsWith(named, name));
  if (entry) {
    const rest = [...leading, ...named.slice(entry.name.split(" ").length)];
    return { entry, rest, help: asksHelp };
  }
  const reserved = RESERVED.find((name) => startsWith(named, name));
  if (reserved !== undefined) {
    throw new EmporiumError("NOT_BUILT", `emporium ${version()} has no ${reserved}: it comes with a later version`, {
      hint: "see emporium help for the commands of this version",
    });
  }
  const group = named[0] !== undefined && Object.hasOwn(GROUPS, named[0]) ? named[0] : undefined;
  const wrong = named.slice(group === undefined ? 0 : 1).find((word) => !word.startsWith("-"));
  if (wrong === undefined && asksHelp) return { text: overview(group) };
  if (wrong === undefined) {
    const name = group === undefined ? "emporium" : `emporium ${group}`;
    throw new EmporiumError("USAGE", `${name} needs a subcommand`, { hint: `see ${name} --help for the commands` });
  }
  const unknown = group === undefined ? wrong : `${group} ${wrong}`;
  const meant = namesLike(unknown, wrong).map((name) => `emporium ${name}`);
  throw new EmporiumError("USAGE", `emporium has no command "${unknown}"`, {
    hint: meant.length === 0 ? "see emporium help for the commands" : `did you mean ${meant.join(" or ")}?`,
  });
}

/** Commands by a slip of the pen, else those that end with this word: `validate` is `ingest validate`. */
function namesLike(unknown: string, word: string): string[] {
  const names = COMMANDS.map(({ name }) => name);
  const near = nearest(unknown, [...names, ...Object.keys(GROUPS)]);
  const end = near === undefined ? nearest(word, [...new Set(names.map(lastWord))]) : undefined;
  if (near !== undefined) return [near];
  return names.filter((name) => lastWord(name) === end).sort((a, b) => a.split(" ").length - b.split(" ").length);
}

const lastWord = (name: string): string => name.slice(name.lastIndexOf(" ") + 1);

const startsWith = (words: readonly string[], name: string): boolean => name.split(" ").every((part, i) => words[i] === part);

/** The words before `--`: after it nothing is an option. */
function beforeDashes(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** Whether a cancelled call threw this: the signal's reason, or a library's own form of it. Another failure is not an abort. */
function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === "AbortError" || (isEmporiumError(thrown) && thrown.code === "CANCELLED"));
}

function cancelled(signal: AbortSignal): EmporiumError {
  return asEmporiumError(signal.reason, "CANCELLED", { hint: "run the same command again to resume" });
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
