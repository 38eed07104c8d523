import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { type Plan, parsePlan, printPlan } from "../../src/stations/publish/plan/plan.js";
import { parseProfile, printProfile } from "../../src/stations/publish/profile/read-profile.js";
import { renderScripts } from "../../src/stations/publish/script/render.js";
import { FUZZ_CASES } from "../thorough.js";

const plan: Plan = {
  version: 1,
  sample: "2023-05-10",
  date: "2023-05-10",
  mmdd: "0510",
  products: ["segmentation"],
  imagesBase: null,
  root: "/mnt",
  createdAt: "2026-01-02T03:04:05.678Z",
  profile: "mouselight",
  bucket: "s3://b/deep",
  transfer: {
    awsFlags: ["--only-show-errors"],
    awsProfile: "p",
    filters: [{ action: "exclude", pattern: "*" }],
    delete: false,
    checksum: true,
  },
  cluster: { kind: "slurm", slots: 4, project: "p", walltimeMinutes: 90, memoryBytes: 2 ** 30, logs: "/l", order: "product" },
  items: [
    {
      id: "segmentation/a",
      product: "segmentation",
      action: "sync",
      source: "/a/b/",
      target: "s3://b/deep/segmentation/2023-05-10/",
      exists: true,
      files: 1,
      bytes: 2,
      job: "seg0510-1",
      warnings: ["w"],
    },
  ],
  totals: { items: 1, missing: 0, files: 1, bytes: 2 },
  warnings: [],
  errors: [],
};

const PARSERS: Record<string, { read(text: string): unknown; corpus: string[] }> = {
  profiles: {
    read: (text) => parseProfile(text, "fuzz.yaml"),
    corpus: [
      printProfile(),
      "extends: mouselight\ncluster: {kind: slurm, walltime: '1:30', memory: 4GiB, order: sample}\nfilters: [{action: exclude, pattern: '*'}]\n",
      '{"bucket": "s3://b", "endpoint": "http://h:1", "imageFiles": ["a"], "neurons": {"timezone": "UTC"}}',
    ],
  },
  plans: {
    // what can be read can be printed, read again, and made a script of, or is refused
    read: (text) => {
      const read = parsePlan(text, "fuzz.json");
      expect(parsePlan(printPlan(read), "again.json")).toEqual(read);
      return renderScripts(read, "robust");
    },
    corpus: [printPlan(plan)],
  },
};

/** Words that formats react to, put in at random places. */
const TOKENS = [
  "\n",
  " ",
  ":",
  "-",
  "[",
  "]",
  "{",
  "}",
  '"',
  "'",
  "\\",
  "&a",
  "*a",
  "!!x",
  "<<",
  "#",
  "null",
  "1e999",
  "-1",
  "../",
  "\0",
  "\ud800",
  "__proto__",
  "é",
];

describe.each(Object.entries(PARSERS))("%s", (_, { read, corpus }) => {
  it.each(corpus.map((text, at) => [at, text] as const))(
    "any change of document %i gives a value or one of our errors",
    (_, text) => {
      const random = seededRandom(Number(process.env.FUZZ_SEED ?? 20230510));
      expect(() => read(text)).not.toThrow();
      for (let count = 0; count < FUZZ_CASES / 10; count++) {
        let changed = text;
        for (let change = 1 + randomInt(random, 4); change > 0; change--) {
          const at = randomInt(random, changed.length + 1);
          const removed = randomInt(random, 7);
          changed = changed.slice(0, at) + TOKENS[randomInt(random, TOKENS.length)] + changed.slice(at + removed);
        }
        try {
          read(changed);
        } catch (error) {
          if (!isEmporiumError(error) || error.code === "INTERNAL")
            throw new Error(`case ${count}: ${JSON.stringify(changed)}`, { cause: error });
        }
      }
    },
  );
});
