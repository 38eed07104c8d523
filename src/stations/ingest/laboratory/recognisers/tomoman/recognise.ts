import { groupsOf } from "../../../../../core/groups.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { numberedLists } from "../common/numbered-lists.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";

/**
 * TOMOMAN: `STACK/STACK.st` as it was recorded, `STACK_dose-filt.st` weighted by dose, of which alignments and tomograms are made and after which they
 * are called. Who takes bad images out of both may have their names go on, such as with `_clean`. What cryoCARE made has the number of the series in the
 * tomolist, which no name has: `2_EVN.rec`, `2_denoised.rec`.
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
    const numbers = await numbersOf(laboratory, stacks);
    const claims = laboratory.files.flatMap(({ path, volume }): Claim[] => {
      const name = baseName(path);
      if (/^tomoman.*\.log$|^tomolist.*\.mat$/i.test(name))
        return [{ path, role: "left out", because: "a project file of TOMOMAN", strength: "bookkeeping" }];
      const [, number, end] = NUMBERED.exec(name) ?? [];
      if (volume && number !== undefined) {
        const own = numbers.get(number);
        if (!own) return [{ path, role: "left out", because: unknownNumber(number), strength: "bookkeeping" }];
        return [{ path, run: runs.get(own)!, strength: "bookkeeping", ...madeByCryocare(end!, number, own) }];
      }
      const stack = stackOf(path, name, stacks);
      const table = ctfOf(path, name, stacks);
      if (table) return [{ path, run: runs.get(table.stack)!, strength: "bookkeeping", ...table.part }];
      // `TS_01.st` may be anybody's, what has TOMOMAN's ending is of it wherever it lies
      const isOwn = stack && (folderOf(path) === stack.folder || name.startsWith(`${stack.name}${WEIGHTED}`));
      const part = isOwn ? partOf(name.slice(stack.name.length), stack) : undefined;
      return part ? [{ path, run: runs.get(stack!)!, strength: "bookkeeping", ...part }] : [];
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
  /** What names of stacks without the bad images have behind those of all: `_clean`. */
  readonly cleaned: readonly string[];
  /** Whether there is a list of the angles of all images. */
  readonly hasAngles: boolean;
}

function stacksOf(laboratory: Laboratory): Stack[] {
  return laboratory.files.flatMap(({ path, volume }): Stack[] => {
    const name = /^(.+)_dose-filt\.(?:st|mrc)$/i.exec(baseName(path))?.[1];
    const folder = folderOf(path);
    if (name === undefined) return [];
    const recorded = [".st", ".mrc"].map((end) => laboratory.get(within(folder, name + end))).find((file) => file !== undefined);
    // the weighted one may have been cut short: its name tells what it was
    if (!recorded || !(volume ?? recorded.volume)) return [];
    const hasAngles = laboratory.get(within(folder, `${name}.rawtlt`)) !== undefined;
    return [{ name, folder, path, cleaned: cleanedOf(laboratory, folder, name), hasAngles }];
  });
}

/** TOMOMAN writes `STACK_clean.rawtlt` beside `STACK_clean.st`, which has fewer images than `STACK.st`; people choose the word. */
function cleanedOf(laboratory: Laboratory, folder: string, name: string): string[] {
  const countOf = (rest: string) =>
    [".st", ".mrc"].map((end) => laboratory.get(within(folder, `${name}${rest}${end}`))?.volume?.shape[0]).find(Boolean);
  const all = countOf("") ?? 0;
  return laboratory.inFolder(folder).flatMap(({ path }) => {
    const file = baseName(path);
    const rest = file.startsWith(name) ? /^(_[^/]+)\.rawtlt$/i.exec(file.slice(name.length))?.[1] : undefined;
    return rest !== undefined && !rest.startsWith(WEIGHTED) && (countOf(rest) ?? all) < all ? [rest] : [];
  });
}

/** Of several stacks of one name that whose folder is nearest above, for what lies elsewhere the only one. */
function stackOf(path: string, name: string, stacks: readonly Stack[]): Stack | undefined {
  const called = stacks.filter((stack) => name.startsWith(stack.name) && /^[._]/.test(name.slice(stack.name.length)));
  const longest = Math.max(0, ...called.map((stack) => stack.name.length));
  const own = called.filter((stack) => stack.name.length === longest);
  return own.length === 1 ? own[0] : own.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** What TOMOMAN calls by the number of the series. */
const NUMBERED = /^(\d+)_(EVN|ODD|denoised)\.(?:rec|mrc)$/;

const unknownNumber = (number: string): string =>
  `called by the number ${number} of TOMOMAN's tomolist.mat, which is not read: write tomolist.txt, a number and the name of a tomogram in each line`;

function madeByCryocare(end: string, number: string, { name }: Stack): Pick<Claim, "role" | "because" | "details" | "software"> {
  const because = `${number} is ${name} in the list of tomograms`;
  if (end !== "denoised") return { role: "half map", because };
  return { role: "tomogram", because, software: "cryoCARE", details: { processing: "denoised", processingSoftware: "cryoCARE" } };
}

/** Numbers of the series: by lists of tomograms, and by links that are called by the number. What two of them contradict nobody knows. */
async function numbersOf(laboratory: Laboratory, stacks: readonly Stack[]): Promise<ReadonlyMap<string, Stack>> {
  const listed = (await numberedLists(laboratory)).flatMap(({ named }) => [...named]);
  const tags = groupsOf(
    laboratory.files.filter(({ volume, etag }) => volume !== undefined && etag !== undefined),
    ({ etag }) => etag!,
  );
  const linked = laboratory.files.flatMap(({ path, etag }) => {
    const number = /^(\d+)\.(?:rec|mrc)$/.exec(baseName(path))?.[1];
    const others = number === undefined || etag === undefined ? [] : (tags.get(etag) ?? []);
    return others.flatMap((other) => (other.path === path ? [] : [[number!, other.path] as const]));
  });
  const told = new Map<string, Set<Stack | undefined>>();
  for (const [number, path] of [...listed, ...linked]) {
    const name = baseName(path.replaceAll("\\", "/"));
    told.set(number, (told.get(number) ?? new Set()).add(stackOf(path, name, stacks)));
  }
  return new Map([...told].flatMap(([number, [own, ...others]]) => (own && others.length === 0 ? [[number, own] as const] : [])));
}

/** CTFFIND's table of a stack, in its folder: of one without the bad images it has not the sections of the series. */
function ctfOf(
  path: string,
  name: string,
  stacks: readonly Stack[],
): { readonly stack: Stack; readonly part: Pick<Claim, "role" | "because" | "details"> } | undefined {
  const of = /^diagnostic_(.+)\.txt$/.exec(name)?.[1];
  const stack = of === undefined ? undefined : stackOf(path, `${of}.txt`, stacks);
  if (!stack || folderOf(path) !== within(stack.folder, "ctffind4")) return undefined;
  const rest = of!.slice(stack.name.length);
  if (rest !== "" && rest !== WEIGHTED)
    return { stack, part: { role: "left out", because: `the CTF of other images than ${stack.name}.st has` } };
  return { stack, part: { role: "ctf", because: `CTFFIND fitted the images of ${of}`, details: { format: "CTFFIND" } } };
}

/** @param rest what follows the name of the stack */
function partOf(
  rest: string,
  { name: stack, cleaned, hasAngles }: Stack,
): Pick<Claim, "role" | "because" | "details"> | undefined {
  if (/^\.(?:st|mrc)$/i.test(rest)) return { role: "tilt series", because: "TOMOMAN made it of the frames" };
  if (/^\.rawtlt$/i.test(rest)) return { role: "raw tilts", because: `TOMOMAN sorted the tilts of ${stack} so` };
  const weighted = rest.startsWith(WEIGHTED) ? WEIGHTED : "";
  const word = cleaned.find(
    (one) => rest.startsWith(`${weighted}${one}`) && /^[._]/.test(rest.slice(weighted.length + one.length)),
  );
  if (weighted === "" && word === undefined) return undefined;
  const end = rest.slice(weighted.length + (word ?? "").length);
  const of = `${stack}${weighted}${word ?? ""}`;
  if (/^\.rawtlt$/i.test(end))
    return hasAngles ? { role: "left out", because: `${stack}.rawtlt has the angles of all images` } : undefined;
  if (/^\.(?:st|mrc)$/i.test(end) && weighted === "")
    return { role: "left out", because: `without the images that were taken out: ${stack}.st has all of them` };
  if (/^\.(?:st|mrc)$/i.test(end))
    return { role: "left out", because: `weighted by dose: ${stack}.st is the series as recorded` };
  if (/^_bin\d+\.st$/i.test(end))
    return { role: "left out", because: `binned for the alignment: ${stack}.st is the series as recorded` };
  if (/^(?:_ali\.mrc|\.ali)$/i.test(end)) return { role: "left out", because: "the aligned stack" };
  // an alignment counts the sections of its own stack: behind an image that was taken out it would be of the wrong ones
  if (/^\.(?:xf|tlt|xtilt|aln)$/i.test(end) && word !== undefined)
    return { role: "left out", because: `an alignment of ${of}, and ${stack}.st has more images than that` };
  if (/^\.(?:xf|tlt|xtilt)$/i.test(end)) return { role: "alignment", because: `it aligns ${of}`, details: { format: "IMOD" } };
  if (/^\.aln$/i.test(end)) return { role: "alignment", because: `AreTomo aligned ${of}`, details: { format: "ARETOMO3" } };
  // a tomogram of weighted images is not filtered for that
  return /^\.rec$/i.test(end)
    ? { role: "tomogram", because: `it is reconstructed of ${of}`, details: { processing: "raw" } }
    : undefined;
}
