import type { TestProject } from "vitest/node";
import { runFolders } from "./temporary.js";

/** Folders of the run's own as `temporary.ts` has them, for suites of other programs, which write much: all on the disk, with the same keeper. */
export default (project: TestProject): Promise<(() => Promise<void>) | undefined> => runFolders(project, { inMemory: false });
