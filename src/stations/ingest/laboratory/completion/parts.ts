import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import { readAcquisitions } from "../acquisition.js";
import type { Decision } from "../decide.js";
import { printsOf } from "../recognisers/common/prints.js";
import type { Laboratory } from "../survey/laboratory.js";

/** What stands behind the name of a series in that of a part of it: `ts_03a`, `ts_03_2`, `ts_03_part1`. */
const PART = /^[_.\- ]?(?:[a-d]|(?:part|p)?[_.\- ]?\d{1,2})$/i;
/** What a part that was only recorded has. */
const RECORDED: readonly Decision["role"][] = ["tilt series", "acquisition", "raw tilts", "frame", "left out"];

/**
 * A series that was recorded in parts, and joined since: the parts beside the joined stack are no runs of their own. They have its name with a letter or a
 * number, fewer images each, and as many together.
 */
export async function leaveParts(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const all = [...files.values()].filter(({ run }) => run !== undefined);
  const byRun = groupsOf(all, ({ run }) => run!);
  const recorded = [...byRun.keys()].filter((run) =>
    byRun.get(run)!.every(({ role, strength }) => RECORDED.includes(role) && strength !== "person"),
  );
  for (const [run, own] of byRun) {
    const stack = own.find(({ role }) => role === "tilt series");
    const names = recorded.filter((name) => name !== run && name.startsWith(run) && PART.test(name.slice(run.length)));
    if (!stack || names.length < 2) continue;
    const parts = names.map((name) => byRun.get(name)!);
    if (!(await partsBeside(stack, parts, laboratory))) continue;
    const images = counted(laboratory.get(stack.path)!.volume!.shape[0], "image");
    for (const file of parts.flat())
      if (file.role !== "left out")
        files.set(file.path, {
          ...file,
          role: "left out",
          run: undefined,
          because: `of a part of ${run}: ${stack.path} has the ${images} of all ${names.length} parts`,
          details: {},
        });
  }
}

async function partsBeside(stack: Decision, parts: readonly (readonly Decision[])[], laboratory: Laboratory): Promise<boolean> {
  const images = laboratory.get(stack.path)?.volume?.shape[0];
  const counts = await Promise.all(parts.map((part) => imagesOfPart(part, laboratory)));
  if (images === undefined || counts.some((count) => count === undefined || count >= images)) return false;
  if (counts.reduce<number>((sum, count) => sum + count!, 0) !== images) return false;
  const whole = await printsOf(laboratory, stack.path);
  for (const { path, role } of parts.flat()) {
    const own = role === "tilt series" ? await printsOf(laboratory, path) : undefined;
    // another stack of its size may have such a name, too
    if (whole?.some(Boolean) && own?.some(Boolean) && !own.some((print) => print !== undefined && whole.includes(print)))
      return false;
  }
  return true;
}

async function imagesOfPart(part: readonly Decision[], laboratory: Laboratory): Promise<number | undefined> {
  const stack = part.find(({ role }) => role === "tilt series");
  if (stack) return laboratory.get(stack.path)?.volume?.shape[0];
  const mdocs = part.flatMap(({ role, path }) => (role === "acquisition" ? [path] : []));
  return (await readAcquisitions(laboratory, mdocs)).get(mdocs[0] ?? "")?.count;
}
