import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { copy, madeOnce } from "../e2e/cluster-template.js";
import { programIdentity } from "../e2e/demo-kit.js";

/**
 * What `emporium demo` leaves in `demo-out`, for a suite that only looks at it: making it is 40 seconds of a processor. The suite of npm's package,
 * which comes first (`vitest.installed.config.ts`), keeps its own; without one, who looks at it makes it.
 */
const ID = `demo-out-${programIdentity(import.meta.url)}`;
const CACHED = join(import.meta.dirname, "../../.cache", `test-${ID}`);

/** @param demo the folder `demo-out`, as the demo has just left it */
export async function keepDemo(demo: string): Promise<void> {
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
