import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../.cache/venv-peers/bin/python", import.meta.url));

/** A Python that has NumPy: this machine's, or that of the suites which ask other programs. Without one its tests are skipped and say so. */
export const pythonWithNumpy = (): string | undefined => pythonWith("numpy");

/** The same of other modules. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const found = ["python3", ...(existsSync(own) ? [own] : [])].find(
    (program) => spawnSync(program, ["-c", `import ${modules.join(", ")}`]).status === 0,
  );
  if (!found) console.warn(`skipped: no Python with ${modules.join(", ")} (node scripts/python-env.mjs peers)`);
  return found;
}
