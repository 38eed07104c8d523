import { groupsOf } from "../../../../core/groups.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import { namedBinning } from "../recognisers/common/names.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { leftOut } from "./claim.js";
import { isNear, optionOf, spacingOf } from "./spacings.js";

const BINNING_MAX = 8;

/**
 * Tomograms with a whole part of the voxels of another one of their run along each axis, and its voxel size in their header: binned by a script that copied
 * the header, or a part that was cut out. Where names of files or folders count the binning, `bin4` and `bin8`, these are believed until somebody answers;
 * otherwise nothing but their contents tells which, so they are left out until then.
 */
export function staleQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const doubts = [...groupsOf(tomograms, ({ run }) => run!).values()].flatMap((own) =>
    own.flatMap((file) => {
      const isKnown = file.strength === "person" || file.details.spacingAngstrom !== undefined;
      const [found] = isKnown ? [] : own.flatMap((large) => binningOf(file, large, laboratory) ?? []);
      return found ? [{ file, ...found }] : [];
    }),
  );
  const groups = groupsOf(doubts, ({ file, binning, spacing }) => `${withoutNumbers(file.path)} ${binning} ${spacing}`);
  return [...groups].map(([key, group]): Question => {
    const { large, binning, spacing } = group[0]!;
    const some = group.map(({ file }) => file);
    const paths = some.map(({ path }) => path);
    const named = group.map((one) => namedBinnings(one.file.path, one.large.path));
    const isNamed = named.every((bins) => bins !== undefined && bins[0] === binning * bins[1]);
    const told = (value: number, what: string): Option => {
      const option = optionOf(Number(value.toFixed(3)), some);
      return { ...option, says: `${what}: ${option.says}` };
    };
    const has = some.length === 1 ? "It has" : "They have";
    return {
      id: stableId("stale", key),
      text: `${some.length === 1 ? "Was" : "Were"} ${theseFiles(paths)} binned, or cut out?`,
      why: `${has} 1/${binning} of the voxels of ${large.path}${some.length === 1 ? "" : " and others"} along each axis, but the same voxel size in the header, ${spacing} Å.${isNamed ? ` The paths say bin${named[0]![0]} and bin${named[0]![1]}, which speaks for binning.` : ""}`,
      files: paths,
      ...(isNamed && { guess: `${Number((spacing * binning).toFixed(3))}` }),
      options: [
        told(spacing * binning, "binned, and the header is wrong"),
        told(spacing, "cut out, and the header is right"),
        { answer: "leave-out", says: "not published", claims: some.map((file) => leftOut(file, "a person left it out")) },
      ],
    };
  });
}

/** The binnings that two paths count: `novactf_bin8/TS_01.rec` and `novactf_bin4/TS_01.rec`. */
function namedBinnings(...paths: [string, string]): readonly [number, number] | undefined {
  const [one, other] = paths.map(namedBinning);
  return one === undefined || other === undefined ? undefined : [one, other];
}

function binningOf(
  file: Decision,
  large: Decision,
  laboratory: Laboratory,
): { readonly large: Decision; readonly binning: number; readonly spacing: number } | undefined {
  const [small, whole] = [file, large].map(({ path }) => laboratory.get(path)?.volume?.shape);
  const [spacing, other] = [file, large].map((one) => spacingOf(one, laboratory));
  if (!small || !whole || spacing === undefined || other === undefined || !isNear(spacing, other, 0.01)) return undefined;
  const binning = Math.round(whole[2]! / small[2]!);
  const isBinned = binning >= 2 && binning <= BINNING_MAX && whole.every((n, axis) => Math.abs(n / binning - small[axis]!) < 1);
  return isBinned ? { large, binning, spacing } : undefined;
}
