import type { Finding } from "../../../../core/finding.js";
import { few, shown } from "../../../../core/finding.js";
import { areTenfold } from "../../../../model/voxel-spacing.js";
import type { Relative, ScaleCase, Statement } from "./case.js";
import { alike, extentSpacing, fieldSpacing, grouped, nearMiss, similarSpacing, wholeBinning } from "./compare.js";

/** Something else than the volume itself that tells its spacing. */
interface Evidence {
  /** `its tilt series`. */
  readonly who: string;
  readonly angstrom: number;
  /** A clause: "its tilt series has pixels of 2.208 Å, …". */
  readonly text: string;
  /** Number of other volumes that support it: two tomograms that contradict each other are as likely wrong. */
  readonly weight: number;
}

/**
 * Whether all sources of a volume's spacing agree, and whether it can be true. Header, arrays, metadata and folder are written
 * from one value, so their agreement proves nothing. The tilt series, the extent of the alignment and the neighbours are compared
 * as well.
 *
 * @returns nothing, or one finding with all values, their sources, and the one that differs.
 */
export function judgeScale(scale: ScaleCase): Finding[] {
  const groups = grouped(scale.statements);
  if (groups.length === 0) return [];
  const evidence = evidenceOf(scale, groups);
  if (groups.length > 1) return [directContradiction(scale, groups, evidence)];
  const [own] = groups as [Statement[]];
  const against = evidence.filter(({ angstrom }) => !alike(angstrom, own[0]!.angstrom));
  return against.length === 0 ? [] : [derivedContradiction(scale, own, against)];
}

/** A warning where a spacing follows from no binning: not wrong by itself. */
export function judgeBinning(scale: ScaleCase): Finding[] {
  const [own] = grouped(scale.statements);
  if (!own) return [];
  const { angstrom, place } = own[0]!;
  const { tiltseries, nominalAngstrom, size } = scale;
  if (scale.kind === "tomogram" && tiltseries) {
    const { pixelAngstrom } = tiltseries;
    const field = size && fieldSpacing(size, tiltseries);
    if (wholeBinning(angstrom, pixelAngstrom) !== undefined || (field !== undefined && alike(field, angstrom, 0.02))) return [];
    const found = `${shown(angstrom)} Å, ${shown(angstrom / pixelAngstrom)} pixels of ${shown(pixelAngstrom)} Å`;
    return [{ found, wanted: "a whole number of pixels, or the field of the tilt series", place }];
  }
  if (scale.kind === "tiltseries" && nominalAngstrom !== undefined) {
    // a microscope's pixel size is nominal until it is measured, and super-resolution halves it
    const isBinned = [1, 2].some((part) => wholeBinning(part * angstrom, nominalAngstrom, 0.06 / part) !== undefined);
    const found = `${shown(angstrom)} Å, ${shown(angstrom / nominalAngstrom)} pixels of ${shown(nominalAngstrom)} Å in the mdoc`;
    return isBinned ? [] : [{ found, wanted: "a whole number of pixels, or half of one", place }];
  }
  return [];
}

function evidenceOf(scale: ScaleCase, groups: readonly Statement[][]): Evidence[] {
  if (scale.kind !== "tomogram" || !scale.size) return [];
  const { size, tiltseries, alignment } = scale;
  const values = groups.map(([first]) => first!.angstrom);
  const evidence: Evidence[] = [];
  const isSupported =
    tiltseries !== undefined && values.some((value) => wholeBinning(value, tiltseries.pixelAngstrom) !== undefined);
  if (tiltseries) {
    const { pixelAngstrom } = tiltseries;
    const field = fieldSpacing(size, tiltseries);
    for (const value of values) {
      const binning = wholeBinning(value, pixelAngstrom);
      if (binning === undefined) continue;
      evidence.push({
        who: "its tilt series",
        angstrom: value,
        weight: 1,
        text: `${shown(value)} Å is ${binning} × ${shown(pixelAngstrom)} Å, the pixel of the tilt series`,
      });
    }
    if (field !== undefined && !isSupported && !scale.isBoxChosen && values.some((value) => nearMiss(field, value))) {
      const binning = field / pixelAngstrom;
      const images = `${tiltseries.size![2]}×${tiltseries.size![1]}`;
      const text = `the images of its tilt series (${images} pixels of ${shown(pixelAngstrom)} Å) are ${shown(Number(binning.toPrecision(4)))} times as large as its sections (${size[2]}×${size[1]} voxels), which gives ${spoken(field)} Å`;
      evidence.push({ who: "its tilt series", angstrom: field, weight: 2, text });
    }
  }
  if (alignment) {
    const angstrom = extentSpacing(size, alignment.extentAngstrom);
    if (
      angstrom !== undefined &&
      values.some((value) => nearMiss(angstrom, value) || (values.length > 1 && alike(angstrom, value)))
    ) {
      const extent = [...alignment.extentAngstrom].reverse().map(shown).join(" × ");
      const voxels = [...size].reverse().join(" × ");
      evidence.push({
        who: "its alignment",
        angstrom,
        weight: 1,
        text: `its alignment is for ${extent} Å, over ${voxels} voxels ${spoken(angstrom)} Å`,
      });
    }
  }
  // a spacing that its tilt series bears out is not the odd one, whatever others say of theirs
  return isSupported ? evidence : [...evidence, ...relatives(scale, values)];
}

/** Other tomograms of the same run, then of other runs, that cover the same with another spacing. */
function relatives({ size, others, runKey, tiltseries }: ScaleCase, values: readonly number[]): Evidence[] {
  const predicted = others.flatMap((other) => {
    const angstrom = similarSpacing(size!, other);
    const isOfOne = other.runKey === runKey || samePixel(other, tiltseries?.pixelAngstrom);
    return angstrom === undefined || !isOfOne ? [] : [{ other, angstrom }];
  });
  const evidence: Evidence[] = [];
  for (const isHere of [true, false]) {
    const those = predicted.filter(({ other }) => (other.runKey === runKey) === isHere);
    const apart = those.filter(({ angstrom }) => values.some((value) => nearMiss(angstrom, value)));
    const [first] = apart;
    if (!first) continue;
    const alikeThose = apart.filter(({ angstrom }) => alike(angstrom, first.angstrom));
    const agreeing = those.filter(({ angstrom }) => values.some((value) => alike(angstrom, value))).length + 1;
    const borneOut = alikeThose.some(({ other }) => other.isSupported) ? 1 : 0;
    // where most say the same as this one, the odd ones are elsewhere
    if (alikeThose.length + borneOut < agreeing) continue;
    const names = few(alikeThose.map(({ other }) => other.title));
    const verb = alikeThose.length > 1 ? "have" : "has";
    const where = isHere ? "of the same run" : "of the dataset";
    const borne = borneOut ? `, a whole number of pixels of ${alikeThose.length > 1 ? "their" : "its"} tilt series` : "";
    const text = `${names} ${where} ${verb} such dimensions that this one must have ${spoken(first.angstrom)} Å to cover the same${borne}`;
    evidence.push({ who: names, angstrom: first.angstrom, weight: alikeThose.length + borneOut - agreeing + 1, text });
  }
  return evidence;
}

/** Two tomograms are comparable where nothing tells that they were taken with different pixels. */
function samePixel({ pixelAngstrom }: Relative, own: number | undefined): boolean {
  return pixelAngstrom === undefined || own === undefined || alike(pixelAngstrom, own);
}

/** Finding for a volume whose own documents contradict each other. */
function directContradiction(scale: ScaleCase, groups: readonly Statement[][], evidence: readonly Evidence[]): Finding {
  const scored = groups
    .map((group) => {
      const borneOut = evidence.filter(({ angstrom }) => alike(angstrom, group[0]!.angstrom));
      const isConfigured = group.some((statement) => statement.isConfigured);
      return { group, isConfigured, weight: borneOut.reduce((sum, { weight }) => sum + weight, 0) };
    })
    .toSorted((a, b) => b.weight - a.weight || b.group.length - a.group.length);
  const [best, second] = scored as [(typeof scored)[0], (typeof scored)[0]];
  // sources outside of the volume's own files decide; among these the majority, but copies do not outvote a person
  const isMost = best.group.length > second.group.length && best.isConfigured === second.isConfigured;
  const isClear = best.weight > second.weight || isMost;
  const said = groups.map(
    (group) => `${joined(group.map(({ who }) => who))} ${group.length > 1 ? "say" : "says"} ${shown(group[0]!.angstrom)} Å`,
  );
  const sentences = [`${titled(scale)}: ${said.join("; ")}.`, ...evidence.map(({ text }) => sentence(text))];
  const odd = scored.slice(1).flatMap(({ group }) => group);
  const names = joined(odd.map(({ who }) => who));
  sentences.push(
    isClear
      ? `${capital(names)} ${odd.length > 1 ? "are the odd ones out" : "is the odd one out"}.`
      : areTenfold(best.group[0]!.angstrom, second.group[0]!.angstrom)
        ? "One is ten times the other: nm were probably written for Å. The data do not show which is right."
        : "The data do not show which is right: check the calibration of the microscope.",
  );
  const [wrong] = odd;
  return {
    found: `${wrong!.who} says ${shown(wrong!.angstrom)} Å`,
    wanted: `${shown(best.group[0]!.angstrom)} Å, as ${joined(best.group.map(({ who }) => who))} ${best.group.length > 1 ? "say" : "says"}`,
    place: wrong!.place,
    explanation: sentences.join(" "),
    sources: sourcesOf(scale.statements, isClear ? odd : [], evidence),
  };
}

/** The volume's own documents agree, and what they say cannot be. */
function derivedContradiction(scale: ScaleCase, own: readonly Statement[], against: readonly Evidence[]): Finding {
  const [{ angstrom, place }] = own as [Statement];
  const strongest = against.toSorted((a, b) => b.weight - a.weight)[0]!;
  const isClear = strongest.weight > 1 || against.length > 1;
  const who = joined(own.map((statement) => statement.who));
  const off = `${shown(Number((Math.abs(strongest.angstrom / angstrom - 1) * 100).toPrecision(3)))} %`;
  const sentences = [
    `${titled(scale)}: ${who} ${own.length > 1 ? "say" : "says"} ${shown(angstrom)} Å.`,
    ...against.map(({ text }) => sentence(`but ${text}`)),
    isClear
      ? `The ${shown(angstrom)} Å are the odd ones out, by ${off}: a wrong pixel size was probably carried through all of its files.`
      : `They differ by ${off}, and the data do not show which is wrong: check the calibration of the microscope.`,
  ];
  return {
    found: `a spacing of ${shown(angstrom)} Å`,
    wanted: `${spoken(strongest.angstrom)} Å`,
    place,
    explanation: sentences.join(" "),
    sources: sourcesOf(own, isClear ? own : [], against),
  };
}

function sourcesOf(
  statements: readonly Statement[],
  odd: readonly Statement[],
  evidence: readonly Evidence[],
): NonNullable<Finding["sources"]> {
  return [
    ...statements.map((statement) => ({ who: statement.who, angstrom: statement.angstrom, isOdd: odd.includes(statement) })),
    ...evidence.map(({ who, angstrom }) => ({ who, angstrom: Number(angstrom.toPrecision(5)), isOdd: false })),
  ];
}

function titled({ title, size }: ScaleCase): string {
  return size ? `${capital(title)} (${[...size].reverse().join(" × ")} voxels)` : capital(title);
}

/** A length that was computed, without false digits. */
function spoken(angstrom: number): string {
  return shown(Number(angstrom.toPrecision(5)));
}

function joined(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length < 2 ? unique.join("") : `${unique.slice(0, -1).join(", ")} and ${unique.at(-1)}`;
}

function sentence(text: string): string {
  return `${capital(text)}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
