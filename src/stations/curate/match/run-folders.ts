import type { Archive } from "../inventory/archive.js";
import { isSkipped } from "../inventory/place.js";
import { looseRunName, parseRunName, runNaming } from "../inventory/run-name.js";
import type { RunFolder } from "./match-runs.js";
import type { PortalRun } from "./portal-run.js";
import { archiveKeys, portalKeys } from "./rules.js";

/**
 * Folders that may be runs: those whose name has a run's form, and those that any rule brings together with a run of the portal. Other folders, most of
 * an archive, are not kept. Folders below `figures`, `paper`, `mk_application` and `peet` hold copies, and are left out.
 *
 * @param compat leaf folders alone, whatever they are called, and the four words anywhere in a name
 */
export async function runFolders(
  archive: Archive,
  runs: readonly PortalRun[],
  compat: boolean,
  signal?: AbortSignal,
): Promise<RunFolder[]> {
  const namings = new Map(archive.roots.map(({ path, head }) => [path, runNaming(head.runPatterns)]));
  const asked = new Set(runs.flatMap(({ name }) => portalKeys(name).flat()));
  const known = new Map<string, { candidate: boolean; looksLikeRun: boolean }>();
  const judge = (name: string) => {
    let judged = known.get(name);
    if (!judged) {
      const looksLikeRun = parseRunName(name) !== undefined || looseRunName(name) !== undefined;
      judged = { looksLikeRun, candidate: looksLikeRun || archiveKeys(name).some((keys) => keys.some((key) => asked.has(key))) };
      if (known.size < 100_000) known.set(name, judged);
    }
    return judged;
  };
  const found: RunFolder[] = [];
  for await (const { root, path, rel, folders } of archive.folders({ signal })) {
    if (isSkipped(rel, compat) || (compat && folders.length > 0)) continue;
    const folder = path.slice(path.lastIndexOf("/") + 1);
    const named = compat ? undefined : namings.get(root)?.(folder);
    const name = named?.run ?? folder;
    const { candidate, looksLikeRun } = named ? { candidate: true, looksLikeRun: true } : judge(name);
    if (compat || candidate) found.push({ name, path, looksLikeRun });
  }
  return found;
}
