import { writeFile } from "node:fs/promises";
import { EmporiumError } from "../../core/errors.js";
import { engineTitle } from "../cluster/engine-names.js";
import { COMMAND_MS, type CommandOptions, type CommandOutput, type RunCommand, wordsOf } from "./engine-command.js";
import { type EngineExecutor, GONE, type JobState } from "./engine-executor.js";
import { withSlices } from "./slices.js";
import type { EngineCall, EngineWords, ListedJob } from "./words/words.js";

/** Milliseconds for a question of a person. Slurm's own programs give up after nine seconds. */
const ASK_MS = 10_000;

/**
 * An engine that is asked through its own programs.
 *
 * @param askMs time for the answer to a question
 */
export function commandExecutor(engine: EngineWords, run: RunCommand, askMs = ASK_MS): EngineExecutor {
  /** A question of which nothing depends but what is told. @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT */
  async function ask(program: string, words: readonly string[]): Promise<CommandOutput> {
    const output = await answered(program, words, { timeoutMs: askMs });
    if (output.status === 0) return output;
    if (engine.silent?.test(output.stderr + output.stdout)) throw silent(program, wordsOf(output));
    throw new EmporiumError(
      "ENGINE_ABSENT",
      `${engineTitle(engine.name)} cannot be asked here: ${program} says ${wordsOf(output)}`,
      {
        hint: `run the command where ${program} works, such as a login node, or correct your account or the profile as it says`,
      },
    );
  }
  /** @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT */
  async function answered(program: string, words: readonly string[], options: CommandOptions): Promise<CommandOutput> {
    const output = await run(program, words, options);
    if (output.timedOut) throw silent(program, `no answer in ${(options.timeoutMs ?? COMMAND_MS) / 1000} s`);
    return output;
  }
  function silent(program: string, said: string): EmporiumError {
    return new EmporiumError("ENGINE_SILENT", `${engineTitle(engine.name)} does not answer (${program}: ${said})`, {
      hint: `jobs that it has may still be running; try again when ${program} answers`,
    });
  }
  /** Lists the jobs that are not over. Whatever hinders the list is ENGINE_SILENT: nobody knows then which jobs are alive. */
  async function list(): Promise<readonly ListedJob[]> {
    const { program, words } = engine.list;
    const output = await answered(program, words, { timeoutMs: askMs });
    if (output.status !== 0) {
      if (engine.none?.test(output.stderr + output.stdout)) return [];
      throw silent(program, wordsOf(output));
    }
    return engine.parseList(output.stdout).filter(({ state }) => state !== "over");
  }
  const call = ({ program, words }: EngineCall) => answered(program, words, {});
  return {
    name: engine.name,
    waits: engine.waits,
    limits: () => engine.limits(ask),
    async submit(job) {
      const made = withSlices(job, engine);
      const { program, words, stdin = made.script, file } = engine.submit(made);
      if (file) await writeFile(file.path, file.text, { mode: 0o755 });
      const output = await answered(program, words, { stdin, gaveUp: engine.full });
      const id = output.status === 0 ? engine.idOf(output) : undefined;
      if (id !== undefined) return { name: job.name, id };
      if (engine.silent?.test(output.stderr)) throw silent(program, wordsOf(output));
      const said = wordsOf(output);
      throw new EmporiumError("ENGINE_REFUSED", `${program}: ${said}`, { hint: engine.hintOf(said) });
    },
    async find(...names) {
      const found = new Map((await list()).filter(({ name }) => names.includes(name)).map(({ id, name }) => [id, name]));
      return [...found].map(([id, name]) => ({ name, id }));
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
