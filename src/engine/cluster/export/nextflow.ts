import { type ExportedRun, gateScript, headLines, sliceScript, stagesOf, TRIES, wordOf } from "./units.js";

/** A run as a Nextflow script (DSL 2). Scripts are values of functions, in which nothing is replaced. Written by the manual, never run. */
export function nextflowScript(run: ExportedRun, image?: string): string {
  const stages = stagesOf(run);
  return [
    ...headLines(run, "nextflow run FILE -resume: the same command goes on.").map((line) => `// ${line}`),
    "",
    "nextflow.enable.dsl = 2",
    ...stages.flatMap(({ name }) => [
      ...(["work", "gate"] as const).flatMap((kind) => [
        "",
        `def ${kind}_${wordOf(name)}_script() {`,
        `    return ${groovyText(kind === "work" ? sliceScript(run, name) : gateScript(run, name))}`,
        "}",
      ]),
      ...workProcess(run, name, image),
      ...gateProcess(name, image),
    ]),
    "",
    "workflow {",
    ...stages.flatMap(({ name, slices }, i) => {
      const word = wordOf(name);
      const before = i === 0 ? "0" : `gate_${wordOf(stages[i - 1]!.name)}.out`;
      return [`    work_${word}(Channel.of(0..${slices - 1}), ${before})`, `    gate_${word}(work_${word}.out.collect())`];
    }),
    "}",
    "",
  ].join("\n");
}

function workProcess({ record: { resources, engine } }: ExportedRun, stage: string, image: string | undefined): string[] {
  const { cpus, memoryBytes, walltimeMinutes, queue, account } = resources;
  const options = [...(engine === "slurm" && account !== undefined ? [`--account=${account}`] : [])];
  return [
    "",
    `process work_${wordOf(stage)} {`,
    "    tag { slice }",
    `    cpus ${cpus}`,
    `    memory '${Math.ceil(memoryBytes / 2 ** 20)} MB'`,
    ...(walltimeMinutes === undefined ? [] : [`    time '${walltimeMinutes} min'`]),
    ...(queue === undefined ? [] : [`    queue ${groovyText(queue)}`]),
    ...(options.length === 0 ? [] : [`    clusterOptions ${groovyText(options.join(" "))}`]),
    ...(image === undefined ? [] : [`    container ${groovyText(image)}`]),
    "    errorStrategy { task.exitStatus == 75 || task.attempt <= 3 ? 'retry' : 'finish' }",
    `    maxRetries ${TRIES}`,
    "",
    "    input:",
    "    val slice",
    "    val ready",
    "",
    "    output:",
    "    val slice",
    "",
    "    script:",
    `    'export EMPORIUM_SLICE=' + slice + ' EMPORIUM_ATTEMPT=' + (task.attempt - 1) + '\\n' + work_${wordOf(stage)}_script()`,
    "}",
  ];
}

function gateProcess(stage: string, image: string | undefined): string[] {
  return [
    "",
    `process gate_${wordOf(stage)} {`,
    "    executor 'local'",
    ...(image === undefined ? [] : [`    container ${groovyText(image)}`]),
    "",
    "    input:",
    "    val slices",
    "",
    "    output:",
    "    val true",
    "",
    "    script:",
    `    gate_${wordOf(stage)}_script()`,
    "}",
  ];
}

/** A literal of Groovy in printable ASCII, between single quotes, where `$` has no meaning. */
export function groovyText(text: string): string {
  const body = text.replace(/[^ -~]|['\\]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "'" || character === "\\") return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `'${body}'`;
}
