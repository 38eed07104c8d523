import { quoteWords } from "../../../core/shell.js";
import { compilePattern } from "../../../engine/pattern.js";
import type { RunPlace } from "../tree.js";
import { cleaned, type Job, NAME_MAX } from "./executions.js";

/** Inputs that all jobs of an import share. */
export interface ImportFacts {
  readonly config: string;
  readonly inputBucket: string;
  readonly outputPath: string;
  /** Words for every job, without filters of datasets and runs. */
  readonly flags: readonly string[];
}

/** The jobs of `enqueue_runs.py queue`: one for each run. */
export function runJobs(runs: readonly RunPlace[], { config, inputBucket, outputPath, flags }: ImportFacts): Job[] {
  return runs.map((place) => {
    const datasets = [...new Set(runs.map(({ dataset }) => dataset))];
    const names = runs.filter(({ dataset }) => dataset === place.dataset).map(({ run }) => run);
    const only = [
      ...["--filter-dataset-name", exactly(place.dataset, datasets)],
      ...["--filter-run-name", exactly(place.run, names)],
    ];
    return {
      place,
      name: (unix, mark) => runName(unix, place, mark),
      told: {
        config_file: config,
        input_bucket: inputBucket,
        output_path: outputPath,
        flags: quoteWords([...flags, ...only]),
      },
    };
  });
}

/** `<unix>-dep<D>-ds<S>-run<R>`: of a long name of a run its end is kept. */
function runName(unix: number, { deposition, dataset, run }: RunPlace, mark?: string): string {
  const prefix = `${unix}-dep${deposition}-ds${dataset}-run${mark === undefined ? "" : `${mark}-`}`;
  const room = Math.max(0, NAME_MAX - prefix.length);
  return cleaned(`${prefix}${room === 0 ? "" : run.slice(-room)}`).slice(0, NAME_MAX);
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
