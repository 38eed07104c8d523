import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Lists of points of one run that are byte for byte one: people copy picks beside what they make of them. A person's stays, else that with the shorter path. */
export async function leaveSameLists(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const lists = [...files.values()].filter(({ role, run }) => (role === "points" || role === "table") && run !== undefined);
  const groups = groupsOf(lists, ({ run, path }) => keyOf(run!, `${laboratory.get(path)?.size ?? 0}`));
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const weight = ({ strength }: Decision) => (strength === "person" ? 2 : Number(strength === "bookkeeping"));
    const kept = new Map<string, Decision>();
    for (const file of [...group].sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length)) {
      const digest = await laboratory.digest(file.path);
      const same = kept.get(digest);
      if (same && file.strength !== "person")
        files.set(file.path, { ...file, role: "left out", because: `a copy of ${same.path}`, details: {} });
      else kept.set(digest, file);
    }
  }
}
