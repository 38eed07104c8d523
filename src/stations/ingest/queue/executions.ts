import { createHash } from "node:crypto";
import type { JsonObject } from "../../../core/json.js";
import { quoteWords } from "../../../core/shell.js";
import { compilePattern } from "../../../engine/pattern.js";
import type { RunPlace } from "../tree.js";

/** What all executions of one call have in common. */
export interface QueueFacts {
  /** Seconds since 1970, the beginning of each name. */
  readonly unix: number;
  readonly region: string;
  /** `<registry>/<repo>:<tag>` */
  readonly image: string;
  readonly config: string;
  readonly inputBucket: string;
  readonly outputPath: string;
  /** Words for every job, without filters of datasets and runs. */
  readonly flags: readonly string[];
  readonly commsBucket: string;
  readonly wdlBucket: string;
  readonly wdlKey: string;
  readonly memoryMegabytes: number;
  readonly stateMachine: string;
}

export interface Execution extends RunPlace {
  readonly name: string;
  readonly input: JsonObject;
}

const NAME_MAX = 80;
/** Of a name that another run has too: so many digits tell it apart. */
const HASH_DIGITS = 8;

/** The executions of some runs, as the portal's own queueing starts them. Every name is valid, and another's nowhere. */
export function executionsOf(runs: readonly RunPlace[], facts: QueueFacts): Execution[] {
  const taken = new Set<string>();
  return runs.map((place) => {
    const usual = executionName(facts.unix, place);
    const name = taken.has(usual) ? executionName(facts.unix, place, fingerprint(place)) : usual;
    taken.add(name);
    return { ...place, name, input: inputOf(name, place, runs, facts) };
  });
}

/** `<unix>-dep<D>-ds<S>-run<R>`: of a long name of a run its end is kept. */
function executionName(unix: number, { deposition, dataset, run }: RunPlace, mark = ""): string {
  const prefix = `${unix}-dep${deposition}-ds${dataset}-run${mark}`;
  const room = Math.max(0, NAME_MAX - prefix.length);
  return clean(`${prefix}${room === 0 ? "" : run.slice(-room)}`).slice(0, NAME_MAX);
}

const clean = (text: string): string => text.replace(/[^0-9a-zA-Z-]/g, "-");

const fingerprint = ({ deposition, dataset, run }: RunPlace): string =>
  `${createHash("sha256").update([deposition, dataset, run].join("\n")).digest("hex").slice(0, HASH_DIGITS)}-`;

function inputOf(name: string, { dataset, run }: RunPlace, runs: readonly RunPlace[], facts: QueueFacts): JsonObject {
  const { region, image, config, inputBucket, outputPath, commsBucket, wdlBucket, wdlKey, memoryMegabytes, stateMachine } = facts;
  const datasets = [...new Set(runs.map((place) => place.dataset))];
  const names = runs.filter((place) => place.dataset === dataset).map((place) => place.run);
  const only = [...["--filter-dataset-name", exactly(dataset, datasets)], ...["--filter-run-name", exactly(run, names)]];
  return {
    Input: {
      Run: {
        aws_region: region,
        docker_image_id: image,
        config_file: config,
        input_bucket: inputBucket,
        output_path: outputPath,
        flags: quoteWords([...facts.flags, ...only]),
      },
    },
    OutputPrefix: `s3://${commsBucket}/swipe/swipe-job-output/${name}/results`,
    RUN_WDL_URI: `s3://${wdlBucket}/${wdlKey}`,
    RunEC2Memory: memoryMegabytes,
    RunEC2Vcpu: 1,
    RunSPOTMemory: memoryMegabytes,
    RunSPOTVcpu: 1,
    StateMachineArn: stateMachine,
  };
}

/** An expression that matches one name of several. The reference's `^NAME$` where it does so; elsewhere with its signs escaped. */
function exactly(name: string, names: readonly string[]): string {
  const plain = `^${name}$`;
  try {
    const pattern = compilePattern(plain, { path: "--filter-run-name" });
    if (names.every((other) => (pattern.atStart(other) !== undefined) === (other === name))) return plain;
  } catch {
    // a name that is no expression
  }
  return `^${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
}
