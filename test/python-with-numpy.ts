import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../.cache/venv-peers/bin/python", import.meta.url));

/** A Python that has NumPy: this machine's, or that of the suites which ask other programs. Without one its tests are skipped and say so. */
export function pythonWithNumpy(): string | undefined {
  const found = ["python3", ...(existsSync(own) ? [own] : [])].find(
    (program) => spawnSync(program, ["-c", "import numpy"]).status === 0,
  );
  if (!found) console.warn("skipped: no Python with NumPy (node scripts/python-env.mjs peers)");
  return found;
}
