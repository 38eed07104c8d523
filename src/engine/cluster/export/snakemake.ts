import { quoteWords } from "../../../core/shell.js";
import { type ExportedRun, gateScript, headLines, sliceScript, stagesOf, TRIES, wordOf } from "./units.js";

/**
 * A run as a Snakefile (Snakemake 8 and newer). What is done is told by empty files beside it. Scripts are values of functions, in which
 * Snakemake replaces nothing, and reach the shell as one word.
 */
export function snakefile(run: ExportedRun): string {
  const stages = stagesOf(run);
  const last = wordOf(stages.at(-1)!.name);
  return [
    ...headLines(run, "snakemake --snakefile FILE --cores 4 (--executor slurm, …): the same command goes on.").map(
      (line) => `# ${ascii(line)}`,
    ),
    "",
    `DONE = ${pythonText(`emporium-${run.record.id}`)}`,
    ...scripts("WORK", stages, (stage) => sliceScript(run, stage)),
    ...scripts("GATE", stages, (stage) => gateScript(run, stage)),
    "",
    "wildcard_constraints:",
    '    slice=r"\\d+"',
    "",
    "rule all:",
    "    input:",
    `        f"{DONE}/${last}.end"`,
    ...stages.flatMap(({ name, slices }, i) => [...workRule(run, name, stages[i - 1]?.name), ...gateRule(name, slices)]),
    "",
    `localrules: all, ${stages.map(({ name }) => `gate_${wordOf(name)}`).join(", ")}`,
    "",
  ].join("\n");
}

function scripts(variable: string, stages: readonly { name: string }[], scriptOf: (stage: string) => string): string[] {
  return [`${variable} = {`, ...stages.map(({ name }) => `    ${pythonText(name)}: ${pythonText(scriptOf(name))},`), "}"];
}

function workRule(run: ExportedRun, stage: string, before: string | undefined): string[] {
  return [
    "",
    `rule work_${wordOf(stage)}:`,
    ...(before === undefined ? [] : ["    input:", `        f"{DONE}/${wordOf(before)}.end"`]),
    "    output:",
    `        touch(DONE + "/${wordOf(stage)}.{slice}")`,
    "    params:",
    `        script=lambda wildcards: WORK[${pythonText(stage)}]`,
    `    threads: ${run.record.resources.cpus}`,
    `    retries: ${TRIES}`,
    "    resources:",
    ...resourceLines(run).map((line) => `        ${line},`),
    "    shell:",
    '        "EMPORIUM_SLICE={wildcards.slice} EMPORIUM_ATTEMPT={resources.earlier} sh -c {params.script:q}"',
  ];
}

function gateRule(stage: string, slices: number): string[] {
  return [
    "",
    `rule gate_${wordOf(stage)}:`,
    "    input:",
    `        expand(DONE + "/${wordOf(stage)}.{slice}", slice=range(${slices}))`,
    "    output:",
    `        touch(f"{DONE}/${wordOf(stage)}.end")`,
    "    params:",
    `        script=lambda wildcards: GATE[${pythonText(stage)}]`,
    "    shell:",
    '        "sh -c {params.script:q}"',
  ];
}

/** Names that Snakemake's plugins for clusters know; the words of a profile are of its own engine. */
function resourceLines({ record: { resources, engine } }: ExportedRun): string[] {
  const { memoryBytes, walltimeMinutes, gpus, queue, account, words } = resources;
  const isSlurm = engine === "slurm";
  return [
    "earlier=lambda wildcards, attempt: attempt - 1",
    `mem_mb=${Math.ceil(memoryBytes / 2 ** 20)}`,
    ...(walltimeMinutes === undefined ? [] : [`runtime=${walltimeMinutes}`]),
    ...(gpus > 0 ? [`gpu=${gpus}`] : []),
    ...(isSlurm && queue !== undefined ? [`slurm_partition=${pythonText(queue)}`] : []),
    ...(isSlurm && account !== undefined ? [`slurm_account=${pythonText(account)}`] : []),
    ...(isSlurm && words.length > 0 ? [`slurm_extra=${pythonText(quoteWords(words))}`] : []),
  ];
}

/** A literal of Python in printable ASCII. */
export function pythonText(text: string): string {
  let literal = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === "\n") literal += "\\n";
    else if (character === '"' || character === "\\") literal += `\\${character}`;
    else if (code >= 0x20 && code < 0x7f) literal += character;
    else literal += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${literal}"`;
}

const ascii = (line: string) => line.replace("…", "...");
