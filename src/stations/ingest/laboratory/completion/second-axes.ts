import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Recognised } from "../claims.js";
import { folderOf, within } from "../recognisers/common/paths.js";
import { findDatasets } from "../recognisers/imod/datasets.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

const MADE: readonly Claim["role"][] = ["tomogram", "alignment"];

/**
 * Series of two axes of which the second was given up: etomo knows `axo_09a` as a series of one axis, and nothing was made of `axo_09b` beside it. Letters
 * behind a name may tell two places apart, too: they are axes where etomo knows two axes of a series that is called alike, `axo_07`.
 */
export async function withSecondAxes(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const { datasets } = await findDatasets(laboratory);
  const dual = new Map(datasets.filter(({ isDual }) => isDual).map(({ name }) => [withoutNumbers(name), name]));
  if (dual.size === 0) return recognised;
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run }) => run !== undefined));
  const byRun = groupsOf(claims, ({ run }) => run!);
  const stacks = new Map(claims.flatMap(({ path, role, run }) => (role === "tilt series" ? [[path, run!] as const] : [])));
  const firstOf = new Map<string, string>();
  const notes: string[] = [];
  for (const [path, run] of stacks) {
    const [, name, end] = /([^/]+)b(\.(?:st|mrc))$/i.exec(path) ?? [];
    const alike = name === undefined ? undefined : dual.get(withoutNumbers(name));
    const first = alike === undefined ? undefined : stacks.get(within(folderOf(path), `${name}a${end}`));
    if (alike === undefined || first === undefined || first === run || alike === name) continue;
    if (byRun.get(run)!.some(({ role }) => MADE.includes(role))) continue;
    firstOf.set(run, first);
    notes.push(
      `${path} seems to be the second axis of ${first}, since ${alike}, which has a similar name, has two: it is not published.`,
    );
  }
  if (firstOf.size === 0) return recognised;
  const ofAxis = (claim: Claim): Claim => {
    const run = claim.run === undefined ? undefined : firstOf.get(claim.run);
    if (run === undefined) return claim;
    const because = `of axis b of ${run}: a run is described by its axis a`;
    return { path: claim.path, role: "left out", run, because, strength: "bookkeeping" };
  };
  const changed = recognised.map((one) => ({
    ...one,
    claims: one.claims.map(ofAxis),
    missingFrames: one.missingFrames?.filter(({ run }) => !firstOf.has(run)),
  }));
  return [...changed, { software: "", by: [], claims: [], notes }];
}
