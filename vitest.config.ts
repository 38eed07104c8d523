import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/longest-first.js";
import { reporters } from "./test/reporters.js";

/** Suites that leave their process as it was, each seen to pass after the others. */
const TOGETHER = [
  "test/foundations/**/*.test.ts",
  "test/faults/{catalog-hostile,catalog-rivals,cluster,cluster-blocks,cluster-gc,http,loader,replaced,store-faults}.test.ts",
  "test/e2e/{annotations,catalog-commands,catalog-export,catalog-frame-values,cli,cli-completion,convert-facts,database-schema}.test.ts",
  "test/e2e/{catalog-facts,catalog-facts-inputs,catalog-facts-splitters,docs-pictures,download-text,facets,search}.test.ts",
  "test/e2e/{curate-line,curate-models,curate-package,curate-run-pattern,graphql-addresses,graphql-answers,graphql-counts,graphql-where}.test.ts",
  "test/e2e/{harvest-compare,harvest-demo,harvest-download-single,harvest-looks,harvest-records}.test.ts",
  "test/e2e/{ingest-check,ingest-files,ingest-new,ingest-portal-output,ingest-plan-*,lab-mini-annotations,points-of-other-programs}.test.ts",
  "test/e2e/{portals-describe,portals-offline,portals-reference,public-configs,publish-neurons,publish-script,publish-tree}.test.ts",
  "test/e2e/{real-configs-rare,real-pixels,serve-places,two-processes,validate-scale,validate-source}.test.ts",
  "test/e2e/seams/{config-run,ingest-told-once,near-names,own-source,placeholders,points-outside,unused-finds}.test.ts",
];

/** The suites of `npm test`. They need nothing but Node; whatever is looked for and absent is skipped with a visible line. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    globalSetup: ["./test/compile.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    // the same run on every machine, whatever the shell of a developer knows
    env: { EMPORIUM_REAL_DATA: "" },
    // more than vitest's own choice, one less than the cores: many tests wait for a process, a server or a disk
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    reporters,
    projects: [
      {
        extends: true,
        test: {
          name: "suites",
          include: ["test/{foundations,conformance,faults,e2e}/**/*.test.ts", "examples/**/*.test.ts"],
          exclude: TOGETHER,
        },
      },
      { extends: true, test: { name: "together", include: TOGETHER, isolate: false } },
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{src,web}/**/*.test.ts", "test/{golden,fuzz,look}/**/*.test.ts"],
          // a process for each of these files costs more than most of them: units keep nothing that another file could see
          isolate: false,
        },
      },
    ],
  },
});
