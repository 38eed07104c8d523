import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { journalName } from "../../engine/journal.js";
import type { GivenId } from "./identifiers.js";

export interface IdMemory {
  read(): Promise<GivenId[]>;
  write(ids: readonly GivenId[]): Promise<void>;
}

/** Ids that plans for this target and config have given out, in the workspace. Losing the file costs the ids of an interrupted run at most. */
export function idMemory(workspace: string, targetUrl: string, name: string): IdMemory {
  const folder = join(workspace, "ids");
  const path = join(folder, `${journalName(targetUrl, name)}.json`);
  return {
    async read(): Promise<GivenId[]> {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) return [];
      try {
        const ids: unknown = JSON.parse(text);
        return Array.isArray(ids)
          ? (ids as GivenId[]).filter(({ container, key, id }) => container && key && Number.isInteger(id))
          : [];
      } catch {
        return [];
      }
    },
    async write(ids: readonly GivenId[]): Promise<void> {
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, JSON.stringify(ids));
      await rename(`${path}.part`, path);
    },
  };
}
