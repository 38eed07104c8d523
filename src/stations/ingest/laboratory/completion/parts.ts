import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import { readAcquisitions } from "../acquisition.js";
import type { Decision } from "../decide.js";
import { baseName } from "../recognisers/common/paths.js";
import { printsOf } from "../recognisers/common/prints.js";
import { stemOf } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

/** What stands behind the name of a series in that of a part of it: `ts_03a`, `ts_03_2`, `ts_03_part1`. */
const PART = /^[_.\- ]?(?:[a-d]|(?:part|p)?[_.\- ]?\d{1,2})$/i;
/** What stands behind the name in that of the joined stack, where its first part has the name alone. */
const JOINED = /[_.\- ]?(?:joined|all|full|merged|combined|complete|whole|both)$/i;
/** What a part that was only recorded has. */
const RECORDED: readonly Decision["role"][] = ["tilt series", "acquisition", "raw tilts", "frame", "left out"];

/** A run that was recorded, by the name of its stack or its acquisition file. */
interface Recorded {
  readonly stem: string;
  readonly files: readonly Decision[];
}

/**
 * A series that was recorded in parts, and joined since: the parts beside the joined stack are no runs of their own. They have its name with a letter or a
 * number, or the first one has the name alone and the joined one a word for it; they have fewer images each, and as many together.
 */
export async function leaveParts(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const all = [...files.values()].filter(({ run }) => run !== undefined);
  const byRun = groupsOf(all, ({ run }) => run!);
  const recorded = [...byRun.values()].flatMap((own): Recorded[] => {
    const isAlone = own.every(({ role, strength }) => RECORDED.includes(role) && strength !== "person");
    const named = own.find(({ role }) => role === "tilt series") ?? own.find(({ role }) => role === "acquisition");
    return isAlone && named ? [{ stem: stemOf(baseName(named.path)), files: own }] : [];
  });
  const stacks = all.filter(({ role }) => role === "tilt series");
  for (const stack of stacks) {
    const own = byRun.get(stack.run!)!;
    const stem = stemOf(baseName(stack.path));
    const name = stem.replace(JOINED, "");
    const isPart = (one: string) => (one === name ? name !== stem : one.startsWith(name) && PART.test(one.slice(name.length)));
    // the joined stack may have the very name of its first part, in another folder
    const isNamesake = (one: Recorded) => one.stem === stem && one.files.some(({ role }) => role === "tilt series");
    const inside = stacks.flatMap((other): Recorded[] => {
      if (other === stack || other.run !== stack.run || other.strength === "person") return [];
      const beside = own.filter(({ path }) => path === other.path || path === `${other.path}.mdoc`);
      return [{ stem: stemOf(baseName(other.path)), files: beside }];
    });
    const beside = recorded.filter((one) => one.files !== own && isPart(one.stem));
    const called = [...beside, ...inside.filter((one) => isPart(one.stem) || isNamesake(one))];
    const parts = called.length < 2 ? [] : await partsBeside(stack, called, laboratory);
    const images = counted(laboratory.get(stack.path)?.volume?.shape[0] ?? 0, "image");
    for (const file of parts.flatMap((one) => one.files))
      if (file.role !== "left out")
        files.set(file.path, {
          ...file,
          role: "left out",
          run: undefined,
          because: `of a part of ${stack.run}: ${stack.path} has the ${images} of all ${parts.length} parts`,
          details: {},
        });
  }
}

/** Those that are parts of the stack; empty where they have not its images together. */
async function partsBeside(stack: Decision, called: readonly Recorded[], laboratory: Laboratory): Promise<readonly Recorded[]> {
  const images = laboratory.get(stack.path)?.volume?.shape[0];
  const whole = await printsOf(laboratory, stack.path);
  const parts: Recorded[] = [];
  let sum = 0;
  for (const one of called) {
    const path = one.files.find(({ role }) => role === "tilt series")?.path;
    const own = path === undefined ? undefined : await printsOf(laboratory, path);
    // stacks of other series may have such names, too
    const isShared = own?.some((print) => print !== undefined && whole?.includes(print)) === true;
    const isOther = whole?.some(Boolean) && own?.some(Boolean) && !isShared;
    const isNamesake = one.stem === stemOf(baseName(stack.path));
    if (isOther || (isNamesake && !isShared)) continue;
    const count = await imagesOfPart(one.files, laboratory);
    if (images === undefined || count === undefined || count >= images) return [];
    parts.push(one);
    sum += count;
  }
  return parts.length > 1 && sum === images ? parts : [];
}

async function imagesOfPart(part: readonly Decision[], laboratory: Laboratory): Promise<number | undefined> {
  const stack = part.find(({ role }) => role === "tilt series");
  if (stack) return laboratory.get(stack.path)?.volume?.shape[0];
  const mdocs = part.flatMap(({ role, path }) => (role === "acquisition" ? [path] : []));
  return (await readAcquisitions(laboratory, mdocs)).get(mdocs[0] ?? "")?.count;
}
