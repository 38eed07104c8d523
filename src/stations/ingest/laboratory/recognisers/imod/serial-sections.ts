import { groupsOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { idOf, stemOf } from "../common/names.js";
import { baseName, folderOf, within } from "../common/paths.js";

export interface SerialSections {
  readonly claims: readonly Claim[];
  readonly questions: readonly Question[];
  /** Command files that show them. */
  readonly by: readonly string[];
}

/** One step of the alignment: the stack that it reads and the one that it writes. */
interface Step {
  readonly command: string;
  readonly input: string;
  readonly output: string;
}

const TEXT_BYTES_MAX = 64 * 1024;
const READS_IN_FLIGHT = 16;
/** What the alignment of sections leaves beside its stacks, by extension. */
const LEAVINGS: Readonly<Record<string, string>> = {
  xg: "the alignment of serial sections, one to another",
  xf: "the alignment of serial sections, one to another",
  prexf: "the alignment of serial sections, one to another",
  prexg: "the alignment of serial sections, one to another",
  pl: "where the pieces of a montage are",
  ecd: "where the pieces of a montage are",
  xef: "edges between the pieces of a montage",
  yef: "edges between the pieces of a montage",
  ess: "a project file of etomo",
};

/**
 * Serial sections that etomo has aligned to one another: `newst.com` or `blend.com` moves the sections of a stack by the `.xg` of `xftoxg`. Such a stack is
 * called `.rec` or `.st` as tomograms and tilt series are, and may be neither.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/serialalign.html, https://bio3d.colorado.edu/imod/doc/man/xftoxg.html
 */
export async function serialSections(laboratory: Laboratory, known: ReadonlySet<string>): Promise<SerialSections> {
  const files = laboratory.files.filter(
    ({ path, format, size }) =>
      /(?:^|\/)(?:pre)?(?:newst|blend)\.com$/i.test(path) && format === "text" && size <= TEXT_BYTES_MAX && !known.has(path),
  );
  const steps = (await mapLimit(files, READS_IN_FLIGHT, ({ path }) => stepOf(laboratory, path))).filter(
    (step) => step !== undefined,
  );
  const claims: Claim[] = [];
  const questions: Question[] = [];
  const leave = (path: string, because: string) => {
    if (!known.has(path)) claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  };
  const outputs = new Set(steps.map(({ output }) => output));
  for (const [input, own] of groupsOf(steps, (step) => step.input)) {
    const [folder, run] = [folderOf(input), stemOf(input)];
    for (const { command, output } of own) {
      leave(command, "a project file of etomo");
      leave(output, `aligned serial sections: ${baseName(command)} makes them of ${baseName(input)}`);
    }
    for (const [end, because] of Object.entries(LEAVINGS)) {
      const path = within(folder, `${run}.${end}`);
      if (laboratory.get(path)) leave(path, because);
    }
    if (!known.has(input) && !outputs.has(input)) questions.push(questionOf(input, run, own[0]!));
  }
  return { claims, questions, by: steps.map(({ command }) => command) };
}

async function stepOf(laboratory: Laboratory, command: string): Promise<Step | undefined> {
  const text = (await laboratory.text(command, TEXT_BYTES_MAX)) ?? "";
  if (!/^\$\s*(?:newstack|colornewst|blendmont)\b/m.test(text) || !/\S\.xg\b/.test(text)) return undefined;
  const named = (form: RegExp) => form.exec(text)?.[1];
  // without options in lines of their own the last two words are input and output
  const words = text.split(/\s+/).filter((word) => laboratory.get(within(folderOf(command), word))?.volume);
  const input = named(/^\s*(?:ImageInputFile|InputFile)\s+(\S+)/im) ?? words.at(-2);
  const output = named(/^\s*(?:ImageOutputFile|OutputFile)\s+(\S+)/im) ?? words.at(-1);
  const [from, to] = [input, output].map((name) => (name === undefined ? undefined : within(folderOf(command), name)));
  const isThere = [from, to].every((path) => path !== undefined && laboratory.get(path)?.volume);
  return isThere && from !== to ? { command, input: from!, output: to! } : undefined;
}

function questionOf(path: string, run: string, { command }: Step): Question {
  const because = `${baseName(command)} aligns its sections one to another`;
  return {
    id: `imod-sections-${idOf(run)}`,
    text: `Is ${path} a tomogram?`,
    why: `${baseName(command)} aligns its sections to each other, as is done with serial sections.`,
    files: [path],
    options: [
      {
        answer: "leave-out",
        says: "no, serial sections: not published",
        claims: [{ path, role: "left out", because: `serial sections: ${because}`, strength: "bookkeeping" }],
      },
      {
        answer: "tomogram",
        says: "yes: published",
        claims: [{ path, role: "tomogram", run, because, strength: "bookkeeping" }],
      },
    ],
    guess: "leave-out",
  };
}
