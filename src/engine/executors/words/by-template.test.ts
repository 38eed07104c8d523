import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../../core/errors.js";
import { readProfile } from "../../cluster/profile.js";
import type { ArrayJob } from "../engine-executor.js";
import { templateWords } from "./by-template.js";

const FILE = "emporium.engines.yaml";
/** An engine whose arrays count from 1, with a file of the script. */
const TEXT = `profiles:
  other:
    engine: command
    templates:
      submit:
        words: [run, "{name}", [-n, "{last}"], [-after, "{after}"], [-q, "{queue}"], "{script}"]
        id: 'job (?<id>\\d+)'
        index: {variable: TASK, first: 1}
      state:
        words: [list]
        line: '^(?<id>\\d+) (?<state>\\w+) (?<name>\\S+) (?<count>\\d+)$'
        running: [R]
        held: [H]
        over: [F]
      cancel: {words: [end, "{ids}"]}
      limits: {words: [limits], array: 'array (?<array>\\d+)'}
`;
const words = () => templateWords(readProfile(TEXT, FILE, undefined).templates!);
const job = (more: Partial<ArrayJob> = {}): ArrayJob => ({
  ...{ name: "j", script: "#!/bin/sh\ntrue\n", logs: "/logs" },
  resources: { cpus: 1, memoryBytes: 2 ** 20, gpus: 0, words: ["-extra"] },
  ...more,
});
function refused(text: string): EmporiumError {
  try {
    readProfile(text, FILE, undefined);
  } catch (error) {
    if (error instanceof EmporiumError) return error;
  }
  throw new Error("it was not refused");
}

describe("an engine by templates", () => {
  it("leaves out what has no value, keeps each word whole, and writes the script where it is wanted", () => {
    expect(words().submit(job())).toEqual({
      ...{ program: "run", words: ["j", "/logs/j.sh", "-extra"] },
      file: { path: "/logs/j.sh", text: "#!/bin/sh\ntrue\n" },
    });
    const after = ["7", "8"].map((id) => ({ name: "x", id }));
    const full = job({ indices: [4, 5, 9], after, resources: { ...job().resources, queue: "a b; c" } });
    expect(words().submit(full).words).toEqual(["j", "-n", "3", "-after", "7,8", "-q", "a b; c", "/logs/j.sh", "-extra"]);
  });
  it("refuses a job whose file would be nowhere, or that lacks a word's value", () => {
    expect(() => words().submit(job({ logs: undefined }))).toThrow(/folder of the logs/);
    const strict = templateWords(readProfile(TEXT.replace('[-q, "{queue}"]', '"{queue}"'), FILE, undefined).templates!);
    expect(() => strict.submit(job())).toThrow(/\{queue\}.*no value/);
  });
  it("reads ids, states and counts", () => {
    expect(words().idOf({ status: 0, stdout: "hello\nthis is job 17, ok\n", stderr: "" })).toBe("17");
    expect(words().parseList("ID STATE NAME\n1 R a 1\n1 Q a 5\n2 H b 1\n3 F c 1\n")).toEqual([
      { id: "1", state: "running", name: "a", count: 1 },
      { id: "1", state: "waiting", name: "a", count: 5 },
      { id: "2", state: "held", name: "b", count: 1 },
      { id: "3", state: "over", name: "c", count: 1 },
    ]);
    expect(words().cancel(["1", "2"])).toEqual({ program: "end", words: ["1", "2"] });
  });
  it("asks for the limit, and says where it looked in vain", async () => {
    const says = (stdout: string) => words().limits(async () => ({ status: 0, stdout, stderr: "" }));
    expect(await says("max array 40\n")).toEqual({ arrayMax: 40 });
    await expect(says("array 0\n")).rejects.toMatchObject({ code: "ENGINE_ABSENT" });
    await expect(says("none\n")).rejects.toMatchObject({ code: "ENGINE_ABSENT", message: expect.stringContaining("limits") });
  });
  it("says whether its jobs can wait for others", () => {
    expect(words().waits).toBe(true);
    const alone = TEXT.replace('[-after, "{after}"], ', "");
    expect(templateWords(readProfile(alone, FILE, undefined).templates!).waits).toBe(false);
  });
  it.each([
    ["an unknown placeholder", '"{script}"', '"{scirpt}"', 6, /\{scirpt\} is not a placeholder; expected one of .*script/],
    [
      "a placeholder of another command",
      "words: [list]",
      'words: [list, "{queue}"]',
      10,
      /\{queue\} is not a placeholder; none is allowed/,
    ],
    ["a submission without a name", '"{name}", ', "", 6, /none of the words contains \{name\}/],
    ["an array that nobody asks for", ', [-n, "{last}"]', "", 6, /\{count\} or \{last\}/],
    ["a cancel without jobs", ', "{ids}"]', "]", 15, /none of the words contains \{ids\}/],
    ["a pattern without its group", "(?<id>\\\\d+)'\n        index", "x'\n        index", 7, /the group \(\?<id>…\) is missing/],
    ["a pattern that is none", "array (?<array>", "array (?<array", 16, /expected a regular expression/],
    ["a template that is missing", '      cancel: {words: [end, "{ids}"]}\n', "", 5, /cancel is missing/],
    ["a field that is unknown", "        held:", "        helt:", 13, /unknown field "helt"/],
    ["a question of no word", "words: [list]", "words: []", 10, /state\.words/],
    ["a question for the limit of no word", "words: [limits]", "words: []", 16, /limits/],
    ["templates without their engine", "engine: command", "engine: slurm", 5, /templates is for engine: command alone/],
  ])("refuses %s where it stands", (_, from, to, line, message) => {
    const text = TEXT.replace(from.replaceAll("\\\\", "\\"), to);
    expect(text).not.toBe(TEXT);
    const error = refused(text);
    expect(error).toMatchObject({ code: "CONFIG_FIELD", facts: { place: { file: FILE, line }, hint: expect.any(String) } });
    expect(error.message).toMatch(message);
  });
  it("refuses the engine without templates", () => {
    expect(refused("profiles:\n  a:\n    engine: command\n")).toMatchObject({
      ...{ code: "CONFIG_FIELD", message: expect.stringContaining("command needs templates") },
      facts: { place: { line: 3 } },
    });
  });
});
