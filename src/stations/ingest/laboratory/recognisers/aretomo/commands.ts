import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, type TailFinder } from "../common/paths.js";

/** One call of AreTomo, as a script or a log has it. */
export interface Command {
  /** Script or log. */
  readonly from: string;
  /** As it is written. */
  readonly input: string;
  readonly output: string;
}

const TEXT_BYTES_MAX = 1024 * 1024;
const READS_IN_FLIGHT = 16;
const SCRIPT = /\.(?:sh|bash|csh|zsh|slurm|sbatch|job|txt|log|out|cmds?)$|(?:^|\/)[^./]+$/i;
/** Of a loop over stacks nothing is known: `$ts.mrc`. */
const VARIABLE = /[$%*?{`]/;

/**
 * Calls of AreTomo in scripts and logs: `-InMrc X -OutMrc Y` tells of which stack a volume is made, whatever it is called.
 *
 * Source: the help of AreTomo2 and AreTomo3 (https://github.com/czimaginginstitute/AreTomo2)
 */
export async function commandsOf(laboratory: Laboratory): Promise<readonly Command[]> {
  const texts = laboratory.files.filter(
    ({ path, format, size }) => format === "text" && size <= TEXT_BYTES_MAX && SCRIPT.test(path),
  );
  const read = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }) => {
    const text = (await laboratory.text(path)) ?? "";
    if (!text.includes("-OutMrc")) return [];
    const lines = text.replace(/\\\r?\n/g, " ").split(/\r\n|\n|\r/);
    return lines.flatMap((line): Command[] => {
      const [input, output] = ["InMrc", "OutMrc"].map((word) => optionOf(line, word));
      // `$RAW/TS_01.mrc` names the stack all the same
      const isTold = ![input, output].some((one) => one === undefined || VARIABLE.test(baseName(one)));
      return isTold ? [{ from: path, input: input!, output: output! }] : [];
    });
  });
  return read.flat();
}

function optionOf(line: string, option: string): string | undefined {
  const match = new RegExp(`\\s-${option}[\\s=]+(?:"([^"]+)"|'([^']+)'|(\\S+))`, "i").exec(line);
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

/** What people add to the name of an output when they make it again. */
const VERSION = /[_.-]v(?:er(?:sion)?)?\d+$/i;

/** The stack that a volume or an alignment of this name was made of, without its extension; undefined where none, or several, are told. */
export function stackOf(commands: readonly Command[], stem: string): string | undefined {
  const stacksOf = (name: string) =>
    new Set(commands.flatMap(({ input, output }) => (stemOf(output) === name ? [stemOf(input)] : [])));
  const [own, earlier] = [stacksOf(stem), stacksOf(stem.replace(VERSION, ""))];
  const stacks = own.size > 0 ? own : earlier;
  return stacks.size === 1 ? [...stacks][0] : undefined;
}

/** Volumes that a command names, where no `.aln` lies beside them. */
export function claimOutputs(
  laboratory: Laboratory,
  commands: readonly Command[],
  { finder, aligned, runOf }: OutputOptions,
): Claim[] {
  return commands.flatMap(({ from, input, output }): Claim[] => {
    const stem = stemOf(output);
    const path = finder.find(output, folderOf(from), (one) => laboratory.get(one)?.volume !== undefined);
    if (path === undefined || aligned.has(stem) || stackOf(commands, stem) === undefined) return [];
    const { volume } = laboratory.get(path)!;
    if (volume!.says === "picture" || volume!.says === "stack") return [];
    const because = `AreTomo made it of ${baseName(input)}, as ${baseName(from)} says`;
    return [{ path, role: "tomogram", run: runOf(stemOf(input)), because, strength: "bookkeeping" }];
  });
}

interface OutputOptions {
  readonly finder: TailFinder;
  /** Names of outputs that have an `.aln`. */
  readonly aligned: ReadonlySet<string>;
  /** The run of a stack. */
  readonly runOf: (stack: string) => string;
}
