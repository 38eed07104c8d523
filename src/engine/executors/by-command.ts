import { EmporiumError } from "../../core/errors.js";
import { type CommandOutput, type RunCommand, wordsOf } from "./engine-command.js";
import { type ArrayJob, type EngineExecutor, GONE, type JobState } from "./engine-executor.js";
import type { EngineCall, EngineWords, ListedJob } from "./words/words.js";

/** An engine that is asked through its own programs. */
export function commandExecutor(engine: EngineWords, run: RunCommand): EngineExecutor {
  /** @throws {EmporiumError} ENGINE_ABSENT */
  async function ask(program: string, words: readonly string[]): Promise<CommandOutput> {
    const output = await run(program, words);
    if (output.status === 0 || engine.none?.test(output.stderr + output.stdout)) return output;
    throw silent(program, output);
  }
  function silent(program: string, output: CommandOutput): EmporiumError {
    return new EmporiumError("ENGINE_ABSENT", `${program}: ${wordsOf(output)}`, {
      hint: `${engine.name} does not answer; try again when ${program} does`,
    });
  }
  async function list(): Promise<readonly ListedJob[]> {
    const { program, words } = engine.list;
    const { status, stdout } = await ask(program, words);
    return status === 0 ? engine.parseList(stdout).filter(({ state }) => state !== "over") : [];
  }
  const call = ({ program, words }: EngineCall) => run(program, words);
  return {
    name: engine.name,
    limits: () => engine.limits(ask),
    async submit(job) {
      const made = withSlices(job, engine);
      const { program, words } = engine.submit(made);
      const output = await run(program, words, made.script);
      const id = output.status === 0 ? engine.idOf(output) : undefined;
      if (id !== undefined) return { name: job.name, id };
      if (engine.silent?.test(output.stderr)) throw silent(program, output);
      const said = wordsOf(output);
      throw new EmporiumError("ENGINE_REFUSED", `${program}: ${said}`, { hint: engine.hintOf(said) });
    },
    async find(name) {
      const ids = (await list()).filter((job) => job.name === name).map(({ id }) => id);
      return [...new Set(ids)].map((id) => ({ name, id }));
    },
    async states(jobs) {
      const states = new Map<string, JobState>();
      if (jobs.length === 0) return states;
      const wanted = new Set(jobs.map(({ id }) => id));
      for (const { id, state, count = 1, why } of await list()) {
        if (!wanted.has(id) || state === "over") continue;
        const before = states.get(id) ?? GONE;
        states.set(id, { ...before, [state]: before[state] + count, ...(why === undefined ? {} : { why }) });
      }
      return states;
    },
    ...(engine.release
      ? {
          async release(jobs) {
            for (const { id } of jobs) await call(engine.release!(id));
          },
        }
      : {}),
    async cancel(jobs) {
      if (jobs.length > 0) await call(engine.cancel(jobs.map(({ id }) => id)));
    },
  } satisfies EngineExecutor;
}

/** Where an array only counts, the script looks its slice up by the element's place. */
function withSlices(job: ArrayJob, { indices: numbering, singleIsPlain }: EngineWords): ArrayJob {
  const { indices, script } = job;
  if (indices === undefined || numbering === "list") return job;
  const isPlain = singleIsPlain === true && indices.length === 1;
  const place = isPlain ? [] : [`shift $((${numbering.variable} - ${numbering.first}))`];
  const lookup = [`set -- ${indices.join(" ")}`, ...place, "EMPORIUM_SLICE=$1", "export EMPORIUM_SLICE", "set --"];
  const [shebang = "", ...rest] = script.split("\n");
  return { ...job, indices: isPlain ? undefined : indices, script: [shebang, ...lookup, ...rest].join("\n") };
}
