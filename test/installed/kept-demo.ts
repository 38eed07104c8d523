import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copy, madeOnce } from "../e2e/cluster-template.js";
import { programIdentity } from "../e2e/demo-kit.js";

/**
 * What `emporium demo` leaves in `demo-out`, for a suite that only looks at it: making it is 40 seconds of a processor. The suite of npm's package,
 * which comes first (`vitest.installed.config.ts`), keeps its own; without one, who looks at it makes it.
 */
const ID = `demo-out-${programIdentity(import.meta.url)}`;
const CACHED = join(import.meta.dirname, "../../.cache", `test-${ID}`);

/**
 * Where the suite of npm's package makes its demo: with its workspace, which knows where all of it lies, so that the guides, which come last, go on in
 * this place and type no demo of their own. It ends with the run.
 */
export const PLACE = join(tmpdir(), "stranger");
export const WORKED_IN = join(PLACE, "clone", "emporium");
const MADE = join(PLACE, "made");
/** Whether a demo and its workspace are in `WORKED_IN`. */
export const hasDemo = (): boolean => existsSync(MADE);

/** @param demo the folder `demo-out` of `WORKED_IN`, as the demo has just left it */
export async function keepDemo(demo: string): Promise<void> {
  writeFileSync(MADE, "");
  await madeOnce(ID, "demo-out", (folder) => {
    mkdirSync(join(folder, "demo-out"));
    copy(`${demo}/.`, join(folder, "demo-out"));
  });
}

/** @returns the folder `demo-out` that was kept, if one was */
export function keptDemo(): string | undefined {
  const demo = join(CACHED, "demo-out");
  return existsSync(demo) ? demo : undefined;
}
