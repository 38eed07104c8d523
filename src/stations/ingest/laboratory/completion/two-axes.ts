import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Recognised } from "../claims.js";
import { ALIGNED } from "../recognisers/common/names.js";
import { baseName, folderOf, within } from "../recognisers/common/paths.js";
import { stemOf } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { isNear } from "./spacings.js";

/** Stacks of two axes, and what was made of both. */
interface TwoAxes {
  readonly a: string;
  readonly b: string;
  readonly name: string;
  readonly run: string;
  readonly tomogram: string;
}

/**
 * Series of two axes of which no bookkeeping is left: stacks `CP_3a` and `CP_3b` in one folder, no stack `CP_3`, and a tomogram of that name that shows what their
 * images show. Letters may tell two places apart, too: what is taken for axes is told.
 */
export function withTwoAxes(laboratory: Laboratory, recognised: readonly Recognised[]): readonly Recognised[] {
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run }) => run !== undefined));
  const { all, byRun } = findAxes(laboratory, claims);
  if (all.length === 0) return recognised;
  const changed = recognised.map((one) => ({
    ...one,
    claims: one.claims.map((claim) => {
      const axes = claim.run === undefined ? undefined : byRun.get(claim.run);
      return axes === undefined ? claim : ofAxes(claim, axes);
    }),
  }));
  const notes = all.map(
    ({ a, b, tomogram }) =>
      `${a} and ${b} seem to be the two axes of ${tomogram}, which has a similar name and shows the same: ${b} is not published.`,
  );
  return [...changed, { software: "", by: [], claims: [], notes }];
}

function ofAxes(claim: Claim, { name, run, tomogram }: TwoAxes): Claim {
  const { path, role } = claim;
  const leave = (because: string): Claim => ({ path, role: "left out", run, because, strength: "contents" });
  const stem = nameOf(path);
  if (role === "left out" || (stem !== `${name}a` && stem !== `${name}b`)) return { ...claim, run };
  if (role === "tomogram") return leave(`of one axis: ${tomogram} is made of both`);
  return stem === `${name}b` ? leave(`of axis b of ${run}: a run is described by its axis a`) : { ...claim, run };
}

const nameOf = (path: string): string => stemOf(baseName(path)).replace(/_rec$/i, "");

interface Axes {
  readonly all: readonly TwoAxes[];
  /** By the runs that their stacks have until now. */
  readonly byRun: ReadonlyMap<string, TwoAxes>;
}

function findAxes(laboratory: Laboratory, claims: readonly Claim[]): Axes {
  const isStack = ({ path, role }: Claim) => role === "tilt series" && !ALIGNED.test(path);
  const stacks = new Map(claims.filter(isStack).map(({ path, run }) => [path, run!]));
  const stacksOf = groupsOf([...stacks.keys()], (path) => stacks.get(path)!);
  const tomograms = groupsOf(
    claims.filter(({ role }) => role === "tomogram"),
    ({ path }) => nameOf(path),
  );
  const all: TwoAxes[] = [];
  const byRun = new Map<string, TwoAxes>();
  for (const [path, ofA] of stacks) {
    const [, name = "", end = ""] = /([^/]+)a(\.(?:st|mrc))$/i.exec(path) ?? [];
    const b = within(folderOf(path), `${name}b${end}`);
    const ofB = name === "" ? undefined : stacks.get(b);
    if (ofB === undefined) continue;
    const isBoth = (one: string) => one === path || one === b;
    // nothing but the two stacks may have been recorded of what was made of both
    const isAlone = (run: string) => (stacksOf.get(run) ?? []).every(isBoth);
    const shows = ({ path: of }: Claim) => [path, b].every((stack) => showsAsMuch(laboratory, of, stack));
    const made = (tomograms.get(name) ?? []).filter((one) => isAlone(one.run!) && shows(one));
    const [run, ...others] = new Set(made.map((one) => one.run!));
    if (run === undefined || others.length > 0 || ![ofA, ofB].every(isAlone)) continue;
    const axes = { a: path, b, name, run, tomogram: made[0]!.path };
    all.push(axes);
    byRun.set(ofA, axes).set(ofB, axes);
  }
  return { all, byRun };
}

/** Whether the sections of a volume have the sides of the images, binned or not. */
function showsAsMuch(laboratory: Laboratory, tomogram: string, stack: string): boolean {
  const [of, images] = [tomogram, stack].map((path) => laboratory.get(path)?.volume?.shape);
  if (!of || !images) return false;
  return [
    [images[1] / of[1], images[2] / of[2]],
    [images[1] / of[2], images[2] / of[1]],
  ].some(([down, across]) => isNear(down!, across!, 0.05));
}
