import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { oneOfSeveral } from "./series.js";

/**
 * Of the lists of raw angles of a run the one counts that lies beside its only stack, under the name of that: programs write it with the stack, and stacks
 * of one series may have been made without some of the images. The list that is called as the run may be that of another stack, which is left out.
 */
export function anglesOfStack(files: Map<string, Decision>, undecided: Map<string, string>): void {
  const byRun = groupsOf(
    [...files.values()].filter(({ role, run }) => run !== undefined && (role === "tilt series" || role === "raw tilts")),
    ({ run }) => run!,
  );
  for (const [run, own] of byRun) {
    const [stack, ...others] = own.filter(({ role }) => role === "tilt series");
    if (!stack || others.length > 0) continue;
    const path = stack.path.replace(/\.(?:st|mrcs?)$/i, ".rawtlt");
    const lists = own.filter(({ role }) => role === "raw tilts");
    const known = files.get(path);
    const isOfRun = known ? known.run === run && known.strength !== "person" : undecided.get(path)?.startsWith(oneOfSeveral(run));
    if (path === stack.path || !isOfRun || lists.some((list) => list.path === path || list.strength === "person")) continue;
    const because = `it lies beside ${stack.path}`;
    files.set(path, { ...(known ?? { path, run, details: {} }), role: "raw tilts", because, strength: "contents" });
    undecided.delete(path);
    for (const list of lists) files.set(list.path, { ...list, role: "left out", because: `${path} lies beside ${stack.path}` });
  }
}
