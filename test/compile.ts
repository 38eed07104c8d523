import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { isCompiled } from "../scripts/compiled.mjs";

/** Worker threads, and the program as tests start it, run what was compiled: it is compiled before any test, and again when a watched file has changed. */
export default function compileSources(project: TestProject): void {
  compile();
  project.onTestsRerun(compile);
}

function compile(): void {
  if (isCompiled()) return;
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/build.mjs", import.meta.url))], { stdio: "inherit" });
}
