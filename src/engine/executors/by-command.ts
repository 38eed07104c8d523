import { writeFile } from "node:fs/promises";
import { EmporiumError } from "../../core/errors.js";
import { type CommandOutput, type RunCommand, wordsOf } from "./engine-command.js";
import { type EngineExecutor, GONE, type JobState } from "./engine-executor.js";
import { withSlices } from "./slices.js";
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
    waits: engine.waits,
    limits: () => engine.limits(ask),
    async submit(job) {
      const made = withSlices(job, engine);
      const { program, words, stdin = made.script, file } = engine.submit(made);
      if (file) await writeFile(file.path, file.text, { mode: 0o755 });
      const output = await run(program, words, stdin, engine.full);
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
