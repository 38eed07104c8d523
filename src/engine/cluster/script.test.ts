import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import type { RunRecord } from "./run-record.js";
import { jobName, workerScript } from "./script.js";

const run = (script: string) => execFileSync("/bin/sh", ["-s"], { input: script, encoding: "utf8" });

it("runs the profile's lines, then the program with its very words", () => {
  const words = ["it's", "$(id)", "a b", "*", "é"];
  const script = workerScript(
    { prologue: ["X=loaded", "export X"], command: ["sh", "-c", 'printf "%s|" "$X" "$@"', "sh"] },
    words,
  );
  expect(run(script)).toBe(`loaded|engine|${words.join("|")}|`);
});

it("is replaced by the worker, so that an engine's signal reaches it; a gate is tried again", () => {
  expect(
    workerScript({ prologue: [], command: ["emporium"] }, ["work", "r"])
      .trim()
      .split("\n")
      .at(-1),
  ).toBe("exec emporium engine work r");
  const gate = workerScript({ prologue: ["sleep() { :; }", "n=0"], command: ["try"] }, ["gate", "r"]);
  const counted = gate.replace("n=0", 'n=0\ntry() { n=$((n + 1)); echo "$n"; [ "$n" -ge 3 ]; }');
  expect(run(counted)).toBe("1\n2\n3\n");
});

it("a job's name has the run in it, target and all: engines find and cancel by it", () => {
  const of = (id: string) => jobName({ record: { id } as RunRecord }, "runs", "gate");
  expect(of("lab-1-abc")).toMatch(/^emporium-[0-9a-f]{8}-runs-gate$/);
  expect(of("lab-1-abc")).not.toBe(of("lab-2-abc"));
});
