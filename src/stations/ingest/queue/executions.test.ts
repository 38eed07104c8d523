import { describe, expect, it } from "vitest";
import { executionsOf, type QueueFacts } from "./executions.js";
import { jobFlags } from "./job-flags.js";
import { runJobs } from "./run-jobs.js";

/** Written down by hand from the formula of the portal's `enqueue_runs.py` (spec/ingest.md 4.2), not from what this program prints. */
const facts: QueueFacts = {
  unix: 1_790_000_000,
  region: "us-west-2",
  image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
  commsBucket: "org-staging-swipe-comms",
  wdlBucket: "org-staging-swipe-wdl",
  wdlKey: "standardize_dirs.wdl-v0.0.1.wdl",
  memoryMegabytes: 24_000,
  stateMachine: "arn:aws:states:us-west-2:123456789012:stateMachine:cryoet-ingestion-staging-default-wdl",
};
const told = {
  config: "dataset_configs/10301.yaml",
  inputBucket: "cryoetportal-rawdatasets-dev",
  outputPath: "cryoet-data-portal-staging",
  flags: ["--import-everything", "--https-prefix", "https://files.cryoetdataportal.cziscience.com"],
};
const at = (run: string, dataset = "10401") => ({ deposition: "10301", dataset, run });
const namesOf = (...runs: string[]) =>
  executionsOf(
    runJobs(
      runs.map((run) => at(run)),
      told,
    ),
    facts,
  ).map(({ name }) => name);

describe("executions of the portal's state machine", () => {
  it("have the input of the portal's own queueing", () => {
    const [first] = executionsOf(runJobs([at("TS_1"), at("TS_2")], told), facts);
    expect(first!.name).toBe("1790000000-dep10301-ds10401-runTS-1");
    expect(JSON.stringify(first!.input)).toBe(
      '{"Input":{"Run":{"aws_region":"us-west-2",' +
        '"docker_image_id":"123456789012.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",' +
        '"config_file":"dataset_configs/10301.yaml","input_bucket":"cryoetportal-rawdatasets-dev",' +
        '"output_path":"cryoet-data-portal-staging","flags":"--import-everything ' +
        "--https-prefix https://files.cryoetdataportal.cziscience.com " +
        "--filter-dataset-name '^10401$' --filter-run-name '^TS_1$'\"}}," +
        '"OutputPrefix":"s3://org-staging-swipe-comms/swipe/swipe-job-output/1790000000-dep10301-ds10401-runTS-1/results",' +
        '"RUN_WDL_URI":"s3://org-staging-swipe-wdl/standardize_dirs.wdl-v0.0.1.wdl",' +
        '"RunEC2Memory":24000,"RunEC2Vcpu":1,"RunSPOTMemory":24000,"RunSPOTVcpu":1,' +
        '"StateMachineArn":"arn:aws:states:us-west-2:123456789012:stateMachine:cryoet-ingestion-staging-default-wdl"}',
    );
  });

  it("keep the end of a long run's name: 80 characters in all", () => {
    const [name] = namesOf(`${"a".repeat(90)}_the.end`);
    // 1790000000-dep10301-ds10401-run has 31 characters, 49 are left
    expect(name).toBe(`1790000000-dep10301-ds10401-run${"a".repeat(41)}-the-end`);
    expect(name).toHaveLength(80);
  });

  it("have names of their own where two runs would have one", () => {
    const names = namesOf("TS_1", "TS-1", "TS.1", `x${"b".repeat(60)}`, `y${"b".repeat(60)}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe("1790000000-dep10301-ds10401-runTS-1");
    for (const name of names) expect(name).toMatch(/^[0-9a-zA-Z-]{1,80}$/);
  });

  it("match their own run alone: a name whose signs mean something is escaped, where it matters", () => {
    const flagsOf = (...runs: string[]) =>
      executionsOf(
        runJobs(
          runs.map((run) => at(run)),
          told,
        ),
        facts,
      ).map(({ input }) => /--filter-run-name (.*)$/.exec((input as { Input: { Run: { flags: string } } }).Input.Run.flags)![1]);
    expect(flagsOf("TS.1", "other")).toEqual(["'^TS.1$'", "'^other$'"]);
    expect(flagsOf("TS.1", "TSx1")).toEqual(["'^TS\\.1$'", "'^TSx1$'"]);
    expect(flagsOf("a+b(1)", "it's")).toEqual(["'^a\\+b\\(1\\)$'", "'^it'\\''s$'"]);
  });

  it("are told the flags of the call, but no filter of datasets and runs", () => {
    expect(
      jobFlags({
        selection: {
          items: ["voxel_spacings"],
          metadata: ["tiltseries"],
          filter: { run: ["TS"], dataset: ["1"], voxel_spacing: ["13"] },
          exclude: { run: ["bad"], annotation: ["old draft"] },
        },
        ...{ writeMrc: false, writeZarr: true, forceOverwrite: true, httpsPrefix: "https://files.test" },
      }),
    ).toEqual([
      ...["--import-voxel-spacings", "--import-tiltseries-metadata", "--filter-voxel-spacing-name", "13"],
      ...[
        "--exclude-annotation-name",
        "old draft",
        "--no-write-mrc",
        "--force-overwrite",
        "--https-prefix",
        "https://files.test",
      ],
    ]);
  });
});
