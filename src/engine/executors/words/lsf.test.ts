import { describe, expect, it } from "vitest";
import type { ArrayJob } from "../engine-executor.js";
import { LSF } from "./lsf.js";

const job: ArrayJob = {
  ...{ name: "emporium-0a-1", script: "#!/bin/sh\n", indices: [4, 5, 6] },
  resources: { cpus: 4, memoryBytes: 2 ** 30, gpus: 0, words: ["-q2"] },
};
const wordsOf = (more: Partial<ArrayJob> = {}, resources: Partial<ArrayJob["resources"]> = {}) =>
  LSF.submit({ ...job, ...more, resources: { ...job.resources, ...resources } }).words.join(" ");

describe("LSF", () => {
  it("gets the words of a job (bsub(1))", () => {
    expect(wordsOf()).toBe("-J emporium-0a-1[1-3] -n 4 -M 1024MB -R rusage[mem=1024MB] span[hosts=1] -r -o /dev/null -q2");
    expect(
      wordsOf({
        slots: 2,
        logs: "/l",
        after: [
          { name: "x", id: "7" },
          { name: "y", id: "8" },
        ],
      }),
    ).toMatch(/^-J emporium-0a-1\[1-3\]%2 .* -w ended\(7\) && ended\(8\) -o \/l\/emporium-0a-1\.%J\.%I\.log /);
    const more = { gpus: 2, walltimeMinutes: 125, queue: "long", account: "lab" };
    expect(wordsOf({ indices: undefined, logs: "/l" }, more)).toMatch(
      /^-J emporium-0a-1 .* -gpu num=2 -W 2:05 -q long -P lab -o \/l\/emporium-0a-1\.%J\.log /,
    );
  });

  it("tells what waits, runs, is held or over (bjobs(1), of which other lines are none of a job)", () => {
    const states = ["RUN", "USUSP", "SSUSP", "UNKWN", "PROV", "PEND", "WAIT", "PSUSP", "DONE", "EXIT", "ZOMBI"];
    const text = [...states.map((state) => ` 12 | ${state} | emporium-0a-1[2] `), "", "No more jobs", "x|RUN|y"].join("\n");
    const found = LSF.parseList(text);
    expect(found.map(({ state }) => state)).toEqual([
      ...[...Array(5).fill("running"), "waiting", "waiting", "held"],
      ...Array(3).fill("over"),
    ]);
    expect(new Set(found.map(({ id, name }) => `${id} ${name}`))).toEqual(new Set(["12 emporium-0a-1"]));
  });

  it("names jobs, and says how many an array may have", async () => {
    const said = (stdout: string) => ({ status: 0, stdout, stderr: "" });
    expect([LSF.idOf(said("Job <123> is submitted to queue <normal>.\n")), LSF.idOf(said("refused"))]).toEqual([
      "123",
      undefined,
    ]);
    expect(await LSF.limits(async () => said("MAX_JOB_ARRAY_SIZE = 500\n"))).toEqual({ arrayMax: 500 });
    expect(await LSF.limits(async () => said(""))).toEqual({ arrayMax: 1000 });
  });
});
