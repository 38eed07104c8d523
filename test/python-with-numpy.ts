import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../.cache/venv-peers/bin/python", import.meta.url));

/** A Python that has NumPy: this machine's, or that of the suites which ask other programs. Without one its tests are skipped and say so. */
export const pythonWithNumpy = (): string | undefined => pythonWith("numpy");

/** The same of other modules. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  // by its whole path: whoever puts a `python3` of their own first on the PATH would otherwise start themselves
  const ask = `import sys, ${modules.join(", ")}; print(sys.executable)`;
  const found = ["python3", ...(existsSync(own) ? [own] : [])]
    .map((program) => spawnSync(program, ["-c", ask], { encoding: "utf8" }))
    .find(({ status }) => status === 0)
    ?.stdout.trim();
  if (!found) console.warn(`skipped: no Python with ${modules.join(", ")} (node scripts/python-env.mjs peers)`);
  return found;
}
