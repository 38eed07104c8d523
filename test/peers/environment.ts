import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** Environments that `scripts/python-env.mjs` makes. */
export type PythonEnvironment = "peers" | "serve" | "zarr3" | "neuroglancer" | "workflows" | "torch" | "wheel" | "notebooks";

export interface Verdict {
  case: string;
  check: string;
  passed: boolean;
  detail: string;
}

/** Whether the environment was made; where it was not, the suites that need it are skipped and say so. */
export function hasEnvironment(name: PythonEnvironment): boolean {
  const there = existsSync(`${root}.cache/venv-${name}/requirements.sha256`);
  if (!there) console.warn(`skipped: no Python environment "${name}" (node scripts/python-env.mjs ${name})`);
  return there;
}

/** Standard output of a script: a path from test/peers/python. */
export async function python(
  environment: PythonEnvironment,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const interpreter = `${root}.cache/venv-${environment}/bin/python`;
  const { stdout } = await run(interpreter, ["-W", "ignore", resolve(root, "test/peers/python", script), ...args], {
    maxBuffer: OUTPUT_BYTES_MAX,
    // libraries of linear algebra wait for work by turning round, on every core
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", ...env },
  });
  return stdout;
}

/** Runs the built program. Resolves whatever its exit status. */
export async function emporium(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [`${root}dist/cli/main.js`, ...args], {
      maxBuffer: OUTPUT_BYTES_MAX,
      env: { ...process.env, ...env },
    });
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    if (typeof code !== "number") throw error;
    return { status: code, stdout, stderr };
  }
}
