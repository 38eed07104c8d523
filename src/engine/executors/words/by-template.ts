import { EmporiumError } from "../../../core/errors.js";
import type { ArrayJob } from "../engine-executor.js";
import { indexRanges } from "./index-ranges.js";
import { type EngineTemplates, PLACEHOLDER, placeholdersOf, type SubmitPlaceholder } from "./templates.js";
import { type EngineCall, type EngineWords, hoursAndMinutes, linesOf, mebibytes } from "./words.js";

/** The words of an engine by the templates of a profile. */
export function templateWords(templates: EngineTemplates): EngineWords {
  const { submit, state, cancel, limits } = templates;
  const used = new Set(submit.words.flat().flatMap(placeholdersOf));
  return {
    name: "command",
    indices: submit.index,
    waits: used.has("after"),
    async limits(run) {
      if (!("words" in limits)) return { arrayMax: limits.array };
      const { program, words } = callOf(limits.words);
      const { stdout } = await run(program, words);
      const found = Number(new RegExp(limits.array, "m").exec(stdout)?.groups?.array);
      if (Number.isInteger(found) && found > 0) return { arrayMax: found };
      throw new EmporiumError("ENGINE_ABSENT", `${program} prints no number where ${limits.array} looks for one`, {
        hint: "correct limits of the profile's templates, or give the number itself: limits: {array: 1000}",
      });
    },
    submit(job) {
      const script = used.has("script") ? scriptFile(job) : undefined;
      const values = submitValues(job, submit, script);
      const words = submit.words.flatMap((word) => {
        if (typeof word === "string") return [filled(word, values, false)!];
        const group = word.map((text) => filled(text, values, true));
        return group.includes(undefined) ? [] : (group as string[]);
      });
      const call = callOf([...words, ...job.resources.words]);
      return script === undefined ? call : { ...call, file: { path: script, text: job.script } };
    },
    idOf: ({ stdout }) => new RegExp(submit.id, "m").exec(stdout)?.groups?.id,
    list: callOf(state.words),
    parseList: (text) =>
      linesOf(text).flatMap((line) => {
        const { id, state: word = "", name, count } = new RegExp(state.line).exec(line)?.groups ?? {};
        if (id === undefined || name === undefined) return [];
        return [{ id, name, state: stateOf(word, state), count: count === undefined ? 1 : Number(count) }];
      }),
    ...(state.none === undefined ? {} : { none: new RegExp(state.none) }),
    cancel: (ids) => callOf(cancel.words.flatMap((word) => (word === "{ids}" ? ids : [word.replaceAll("{ids}", ids.join(","))]))),
    hintOf: () =>
      "what the program says is what must be changed: the templates and settings of the profile, or --queue and --account",
  };
}

function callOf([program = "", ...words]: readonly string[]): EngineCall {
  return { program, words };
}

function stateOf(word: string, { running, held = [], over = [] }: EngineTemplates["state"]) {
  if (running.includes(word)) return "running";
  if (held.includes(word)) return "held";
  return over.includes(word) ? "over" : "waiting";
}

/** @throws {EmporiumError} ENGINE_REFUSED */
function scriptFile({ logs, name }: ArrayJob): string {
  if (logs !== undefined) return `${logs}/${name}.sh`;
  throw new EmporiumError("ENGINE_REFUSED", "{script} is a file in the folder of the logs, and there is none", {
    hint: "name a folder that the nodes see as logs of the profile",
  });
}

function submitValues(
  { name, indices, resources, slots, after = [], logs }: ArrayJob,
  { index, separator = "," }: EngineTemplates["submit"],
  script: string | undefined,
): Partial<Record<SubmitPlaceholder, string>> {
  const { cpus, memoryBytes, gpus, walltimeMinutes, queue, account } = resources;
  const known: Partial<Record<SubmitPlaceholder, string | number | undefined>> = {
    name,
    script,
    ...(indices === undefined
      ? {}
      : {
          indices: indexRanges(indices),
          count: indices.length,
          last: indices.length - 1 + (index.first ?? 0),
          slots: slots ?? indices.length,
        }),
    cpus,
    memory: mebibytes(memoryBytes),
    gpus: gpus > 0 ? gpus : undefined,
    minutes: walltimeMinutes,
    time: walltimeMinutes === undefined ? undefined : `${hoursAndMinutes(walltimeMinutes)}:00`,
    queue,
    account,
    after: after.length === 0 ? undefined : after.map(({ id }) => id).join(separator),
    logs,
  };
  return Object.fromEntries(
    Object.entries(known).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const])),
  );
}

/**
 * A word with its values. @returns undefined where one has none and the word may be left out
 * @throws {EmporiumError} ENGINE_REFUSED where it may not
 */
function filled(word: string, values: Readonly<Record<string, string>>, optional: boolean): string | undefined {
  const missing = placeholdersOf(word).find((name) => values[name] === undefined);
  if (missing === undefined) return word.replace(PLACEHOLDER, (_, name: string) => values[name]!);
  if (optional) return undefined;
  throw new EmporiumError("ENGINE_REFUSED", `{${missing}} of the word ${JSON.stringify(word)} has no value for this job`, {
    hint: `put the word into a list of its own, which is left out then: [${JSON.stringify(word)}]; or set ${missing} in the profile`,
  });
}
