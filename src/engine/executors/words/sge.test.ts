import { describe, expect, it } from "vitest";
import type { ArrayJob } from "../engine-executor.js";
import { SGE } from "./sge.js";

const job: ArrayJob = {
  ...{ name: "emporium-0a-1", script: "#!/bin/sh\n", indices: [4, 5, 6] },
  resources: { cpus: 1, memoryBytes: 2 ** 30 + 1, gpus: 0, words: ["-pe", "smp", "4"] },
};
const wordsOf = (more: Partial<ArrayJob> = {}, resources: Partial<ArrayJob["resources"]> = {}) =>
  SGE.submit({ ...job, ...more, resources: { ...job.resources, ...resources } }).words.join(" ");

/** What `qstat -xml` prints of Son of Grid Engine 8.1.9: one `job_list` a job, or a range of its tasks. */
const listed = (...jobs: readonly Record<string, string>[]) =>
  `<?xml version='1.0'?>\n<job_info  xmlns:xsd="http://x">\n  <queue_info>\n${jobs
    .map(
      (fields) =>
        `    <job_list state="running">\n${Object.entries({ JB_job_number: "12", JAT_prio: "0.5", JB_name: "n", ...fields })
          .map(([name, value]) => `      <${name}>${value}</${name}>\n`)
          .join("")}    </job_list>\n`,
    )
    .join("")}  </queue_info>\n</job_info>\n`;

describe("Grid Engine", () => {
  it("gets the words of a job (qsub(1))", () => {
    expect(wordsOf()).toBe(
      "-terse -N emporium-0a-1 -t 1-3 -V -cwd -r y -notify -S /bin/sh -l mem_free=1025M -j y -o /dev/null -pe smp 4",
    );
    expect(
      wordsOf({
        slots: 2,
        logs: "/a:b",
        after: [
          { name: "x", id: "7" },
          { name: "y", id: "8" },
        ],
      }),
    ).toMatch(/-t 1-3 -tc 2 .* -hold_jid 7,8 -j y -o :\/a:b /);
    const more = { gpus: 2, walltimeMinutes: 125, queue: "long.q", account: "lab" };
    expect(wordsOf({ indices: undefined }, more)).toMatch(
      /^-terse -N emporium-0a-1 -V .* -l gpu=2 -l h_rt=2:05:00 -q long.q -P lab -j/,
    );
  });

  it("counts its list by tasks, and tells what waits, runs or is held", () => {
    const states = ["r", "t", "Rr", "dr", "T", "s", "qw", "hqw", "Eqw"];
    const found = SGE.parseList(listed(...states.map((state) => ({ state }))));
    expect(found.map(({ state }) => state)).toEqual([...Array(6).fill("running"), "waiting", "waiting", "held"]);
    expect(found[0]).toEqual({ id: "12", name: "n", state: "running", count: 1 });
    const counts = ["3", "1-10:1", "2-10:2", "4,7", "1-3:1,9", "1-4"].map((tasks) => ({ state: "qw", tasks }));
    expect(SGE.parseList(listed(...counts)).map(({ count }) => count)).toEqual([1, 10, 5, 2, 4, 4]);
    expect(SGE.parseList(listed())).toEqual([]);
  });

  it("names jobs as qsub -terse does", () => {
    const idOf = (stdout: string) => SGE.idOf({ status: 0, stdout, stderr: "" });
    expect([idOf("12.1-3:1\n"), idOf("13\n"), idOf("warning: no access\n14\n"), idOf("no\n")]).toEqual([
      "12",
      "13",
      "14",
      undefined,
    ]);
  });

  it.each([
    ["max_aj_tasks                 500\n", 500],
    ["max_aj_tasks                 0\n", 75_000],
    ["max_u_jobs 0\n", 75_000],
  ])("takes so many tasks: %j", async (stdout, arrayMax) => {
    expect(await SGE.limits(async () => ({ status: 0, stdout, stderr: "" }))).toEqual({ arrayMax });
  });
});
