import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { ALIGNED, knownBeginning } from "../recognisers/common/names.js";
import { baseName } from "../recognisers/common/paths.js";
import { showTheSame } from "../recognisers/common/prints.js";
import { stemOf } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

const FACTOR_LEAST = 2;

/**
 * Stacks that somebody has binned to look at them, `ts_02_bin4_look.st` beside `ts_02.st`: the word behind the name makes no series of its own, where the images
 * look alike and the larger ones are as many. Only what has nothing else is such a copy, or what lies in the run of the larger ones under whatever name, as
 * programs that align bin a stack for themselves.
 */
export async function leaveBinnedStacks(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const used = [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out");
  const ofRun = groupsOf(used, ({ run }) => run!);
  const stacks = used.filter(({ role, path }) => role === "tilt series" && !ALIGNED.test(path));
  const byStem = groupsOf(stacks, ({ path }) => stemOf(baseName(path)));
  for (const file of stacks) {
    const own = ofRun.get(file.run!)!;
    if (file.strength === "person") continue;
    const stem = stemOf(baseName(file.path));
    const { begin } = knownBeginning(stem, (name) => name !== stem && byStem.has(name)) ?? {};
    const called = begin === undefined || own.length > 1 ? [] : byStem.get(begin)!;
    const ofOneRun = isOfBookkeeping(file, own)
      ? []
      : own.filter(({ role, path }) => role === "tilt series" && !ALIGNED.test(path));
    for (const other of [...called, ...ofOneRun]) {
      if (!isBinnedSize(file, other, laboratory) || !(await showTheSame(laboratory, file.path, other.path))) continue;
      const because = `the same images as ${other.path}, binned`;
      files.set(file.path, { ...file, role: "left out", run: undefined, because, details: {} });
      break;
    }
  }
}

/** An alignment beside a stack numbers its pixels. */
function isOfBookkeeping({ path, strength }: Decision, own: readonly Decision[]): boolean {
  const stem = path.replace(/\.\w+$/, "");
  return strength === "bookkeeping" || own.some((one) => one.role === "alignment" && one.path.replace(/\.\w+$/, "") === stem);
}

/** As many images, of which both sides are shorter by one whole number. */
function isBinnedSize({ path: one }: Decision, { path: other }: Decision, laboratory: Laboratory): boolean {
  const [small, large] = [one, other].map((path) => laboratory.get(path)?.volume?.shape);
  if (!small || !large || small[0] !== large[0]) return false;
  const factor = Math.round(large[2] / small[2]);
  return factor >= FACTOR_LEAST && [1, 2].every((axis) => Math.abs(large[axis]! / factor - small[axis]!) < 1);
}
