import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";

/**
 * TOMOMAN: `STACK/STACK.st` as it was recorded, `STACK_dose-filt.st` weighted by dose, of which alignments and tomograms are made and after which they
 * are called.
 *
 * Source: the tasks of https://github.com/wan-lab-vanderbilt/TOMOMAN
 */
export const tomoman: Recogniser = {
  id: "tomoman",
  software: "TOMOMAN",
  async recognise(laboratory) {
    const stacks = stacksOf(laboratory);
    if (stacks.length === 0) return undefined;
    const names = distinctNames(stacks);
    const runs = new Map(stacks.map((stack, at) => [stack, names[at]!]));
    const claims = laboratory.files.flatMap(({ path }): Claim[] => {
      const name = baseName(path);
      if (/^tomoman.*\.log$|^tomolist.*\.mat$/i.test(name))
        return [{ path, role: "left out", because: "bookkeeping of TOMOMAN", strength: "bookkeeping" }];
      const stack = stackOf(path, name, stacks);
      const part = stack && partOf(name.slice(stack.name.length), stack.name);
      return part ? [{ path, run: runs.get(stack)!, strength: "bookkeeping", ...part }] : [];
    });
    return { software: "TOMOMAN", by: stacks.slice(0, 3).map(({ path }) => path), claims };
  },
};

const WEIGHTED = "_dose-filt";

interface Stack {
  readonly name: string;
  readonly folder: string;
  /** The stack that is weighted by dose. */
  readonly path: string;
}

function stacksOf(laboratory: Laboratory): Stack[] {
  return laboratory.files.flatMap(({ path, volume }): Stack[] => {
    const name = /^(.+)_dose-filt\.(?:st|mrc)$/i.exec(baseName(path))?.[1];
    const folder = folderOf(path);
    const isPair = name !== undefined && [".st", ".mrc"].some((end) => laboratory.get(within(folder, name + end)));
    return volume && isPair ? [{ name, folder, path }] : [];
  });
}

/** Of several stacks of one name that whose folder is nearest above, for what lies elsewhere the only one. */
function stackOf(path: string, name: string, stacks: readonly Stack[]): Stack | undefined {
  const called = stacks.filter((stack) => name.startsWith(stack.name) && /^[._]/.test(name.slice(stack.name.length)));
  const longest = Math.max(0, ...called.map((stack) => stack.name.length));
  const own = called.filter((stack) => stack.name.length === longest);
  return own.length === 1 ? own[0] : own.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** @param rest what follows the name of the stack */
function partOf(rest: string, stack: string): Pick<Claim, "role" | "because" | "details"> | undefined {
  if (/^\.(?:st|mrc)$/i.test(rest)) return { role: "tilt series", because: "TOMOMAN made it of the frames" };
  if (/^\.rawtlt$/i.test(rest)) return { role: "raw tilts", because: `TOMOMAN sorted the tilts of ${stack} so` };
  if (!rest.startsWith(WEIGHTED)) return undefined;
  const end = rest.slice(WEIGHTED.length);
  if (/^\.(?:st|mrc)$/i.test(end))
    return { role: "left out", because: `weighted by dose: ${stack}.st is the series as recorded` };
  if (/^(?:_ali\.mrc|\.ali)$/i.test(end)) return { role: "left out", because: "the aligned stack" };
  if (/^\.(?:xf|tlt|xtilt)$/i.test(end))
    return { role: "alignment", because: `it aligns ${stack}${WEIGHTED}`, details: { format: "IMOD" } };
  if (/^\.aln$/i.test(end))
    return { role: "alignment", because: `AreTomo aligned ${stack}${WEIGHTED}`, details: { format: "ARETOMO3" } };
  // a tomogram of weighted images is not filtered for that
  return /^\.rec$/i.test(end)
    ? { role: "tomogram", because: `it is reconstructed of ${stack}${WEIGHTED}`, details: { processing: "raw" } }
    : undefined;
}
