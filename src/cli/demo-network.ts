import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EmporiumError, toErrorRecord } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import { pythonPath } from "../stations/blocks/python-folder.js";
import type { Io } from "./command.js";
import type { DemoResult } from "./demo-steps.js";

const SCRIPT = fileURLToPath(new URL("../../examples/blocks/segment.py", import.meta.url));
/** Prints nothing and ends with 0 where both are installed, without loading them. */
const HAS_PYTORCH = "import importlib.util as u, sys; sys.exit(not (u.find_spec('numpy') and u.find_spec('torch')))";

export interface NetworkOptions {
  readonly tomogram: string;
  readonly mask: string;
  /** The picture to draw. One that is there is kept: it would take the same time again. */
  readonly picture: string;
  readonly seconds: number;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Trains a small network on the blocks of a tomogram, where there is a Python with NumPy and PyTorch: `$EMPORIUM_PYTHON`, or python3. Says why,
 * where nothing is trained.
 */
export async function trainNetwork(options: NetworkOptions, io: Io): Promise<DemoResult> {
  const { tomogram, mask, picture, seconds, env } = options;
  const python = env.EMPORIUM_PYTHON || "python3";
  const unfinished = `${picture}.part`;
  const given = {
    EMPORIUM: join(import.meta.dirname, "main.js"),
    PYTHONPATH: pythonPath(env),
  };
  const words = [python, SCRIPT, tomogram, mask, picture, String(seconds)].map(quoteWord);
  const command = [...Object.entries(given).map(([name, value]) => `${name}=${quoteWord(value)}`), ...words].join(" ");
  const say = io.json ? () => {} : io.out;
  say(`\n# A small network learns the cell's membrane from its blocks, for ${seconds} s\n$ ${command}`);
  const skipped = (reason: string): DemoResult => {
    say(`skipped: ${reason}`);
    return { command, exitStatus: 0, result: { skipped: reason }, errors: [] };
  };
  if (existsSync(picture)) return skipped(`${picture} is there`);
  if ((await run(python, ["-c", HAS_PYTORCH], env, () => {}, io.signal)) !== 0) {
    return skipped("needs Python with NumPy and PyTorch, as python3 or in $EMPORIUM_PYTHON");
  }
  await mkdir(dirname(picture), { recursive: true });
  const lines: string[] = [];
  const heard = (line: string) => {
    lines.push(line);
    say(line);
  };
  const exitStatus = await run(
    python,
    [SCRIPT, tomogram, mask, unfinished, String(seconds)],
    { ...env, ...given },
    heard,
    io.signal,
  );
  io.signal.throwIfAborted();
  if (exitStatus !== 0) {
    const error = toErrorRecord(
      new EmporiumError("TASK_FAILED", `the network was not trained: ${python} ended with ${exitStatus}`, {
        hint: "--train 0 leaves it out",
      }),
    );
    io.fail(error);
    return { command, exitStatus: 1, result: { lines, errors: [error] }, errors: [error] };
  }
  await rename(unfinished, picture);
  say(`What it finds, also below the line, in a part that it has not seen: ${picture}`);
  return { command, exitStatus, result: { lines, picture }, errors: [] };
}

/** @returns the exit status; 127 where the program is not there. A program that is told to stop has time to end its own. */
function run(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "inherit"] });
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    createInterface({ input: child.stdout }).on("line", onLine);
    const over = (status: number) => {
      signal.removeEventListener("abort", stop);
      resolve(status);
    };
    child.once("error", () => over(127));
    child.once("close", (status) => over(status ?? 1));
  });
}
