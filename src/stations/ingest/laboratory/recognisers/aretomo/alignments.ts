import { type AretomoAlignment, aretomoSections, parseAln } from "../../../../../formats/alignment/aretomo.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { mdocsOf } from "../common/mdocs.js";
import { knownBeginning, stemOf } from "../common/names.js";
import { distinctNames, folderOf } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { type Command, stackOf } from "./commands.js";

/** One aligned series by its `.aln`. */
export interface Aligned {
  readonly path: string;
  readonly folder: string;
  /** Name of the stack that was aligned, without its extension: all files are called after it. */
  readonly stem: string;
  /** Name of the stack itself, where a command line tells that the output was given another one. */
  readonly stack: string;
  readonly run: string;
  readonly alignment: AretomoAlignment;
  /** Why it does not describe a series, where it does not. */
  readonly fault?: string | undefined;
  /** Written for the even or odd frames alone. */
  readonly isHalf: boolean;
}

const READS_IN_FLIGHT = 16;
/** What scripts add to the name of a stack before they align it: `_st`, `_bin4`, `_stack_DW`; numbers alone are a part of a name. */
const ADDED = /^(?:[_.-](?:st|stack|bin\d*|b\d+|dw|newst|orig|raw|ali|fixed|sorted|mc\d*|mrc))+$/i;
const HALF = /[_.-](?:EVN|ODD|even|odd)$/i;

/** Every alignment of AreTomo, and sentences on those that cannot be read. Other programs have files called `.aln` too. */
export async function alignmentsOf(
  laboratory: Laboratory,
  commands: readonly Command[],
): Promise<{ all: Aligned[]; broken: readonly string[]; notes: string[] }> {
  const notes: string[] = [];
  const broken: string[] = [];
  const files = laboratory.files.filter(({ path, format }) => /\.aln$/i.test(path) && format === "text");
  const read = await mapLimit(files, READS_IN_FLIGHT, async ({ path }) => {
    const text = (await laboratory.text(path)) ?? "";
    if (!/^\s*#\s*(?:AreTomo|SEC\b)/im.test(text)) return undefined;
    const found = await orReason(() => parseAln(text, path));
    if ("value" in found) {
      const checked = await orReason(() => aretomoSections(found.value));
      const fault = "reason" in checked ? checked.reason : undefined;
      return { path, folder: folderOf(path), stem: stemOf(path), alignment: found.value, fault };
    }
    notes.push(`${found.reason}. The alignment is left out.`);
    broken.push(path);
    return undefined;
  });
  const found = read.filter((one) => one !== undefined);
  const stems = new Set(found.map(({ folder, stem }) => `${folder}\0${stem}`));
  const acquired = new Set((await mdocsOf(laboratory)).all.map(({ stem }) => stem));
  const names = found.map(({ stem, folder }) => {
    return { name: plainName(stackOf(commands, stem) ?? stem, acquired), folder };
  });
  const halves = found.map(({ folder, stem }) => HALF.test(stem) && stems.has(`${folder}\0${stem.replace(HALF, "")}`));
  const runs = distinctNames(names.filter((_, at) => !halves[at]));
  let next = 0;
  const all = found.map((one, at): Aligned => {
    const isHalf = halves[at]!;
    return {
      ...one,
      stack: stackOf(commands, one.stem) ?? one.stem,
      isHalf,
      run: isHalf ? one.stem.replace(HALF, "") : runs[next++]!,
    };
  });
  return { all, broken, notes };
}

/** The name of a series by that of the stack that was aligned. @param acquired names that mdocs have */
export function plainName(stack: string, acquired: ReadonlySet<string>): string {
  const { begin, rest } = knownBeginning(stack, (name) => acquired.has(name)) ?? { begin: stack, rest: "" };
  return ADDED.test(rest) ? begin : stack;
}

/** The program by what its files have: version 1 has no size of the stack, AreTomo3 writes the offsets of the tilts. */
export function programOf({ rawSize, alphaOffsetDegrees }: AretomoAlignment): string {
  return alphaOffsetDegrees !== undefined ? "AreTomo3" : rawSize ? "AreTomo2" : "AreTomo";
}
