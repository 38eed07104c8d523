import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { RunRecord } from "../run-record.js";
import { groovyText } from "./nextflow.js";
import { pythonText } from "./snakemake.js";
import { workflowText } from "./workflow.js";

const record: RunRecord = {
  format: 1,
  program: "1",
  id: "ingest-x",
  name: "ingest x",
  station: "ingest",
  params: {},
  source: { url: "file:///in", anonymous: false },
  target: { url: "file:///out", anonymous: false, sync: false },
  createdMs: 0,
  ids: "0123456789abcdef",
  tasks: 3,
  bytes: 0,
  stages: [
    { name: "runs", slices: [0, 1, 2] },
    { name: "runs-2", slices: [2, 3] },
  ],
  locks: [],
  engine: "local",
  resources: { cpus: 2, memoryBytes: 2 ** 30, gpus: 0, walltimeMinutes: 90, words: [] },
  prologue: [],
  command: ["printf", "%s|"],
};

/** As Kubernetes' expansion reads an argument (k8s.io/kubernetes third_party/forked/golang/expansion): `$$` is `$`, `$(NAME)` a variable. */
function expanded(argument: string): string {
  return argument.replace(/\$\$|\$\(([A-Za-z_]\w*)\)/g, (found, name?: string) =>
    name === undefined ? "$" : `expanded ${found}`,
  );
}

describe("a run as a workflow", () => {
  it("Python: escapes quotes, backslashes, line ends and all beyond ASCII", () => {
    expect(pythonText('a"b\\c\nd\té\u{1f9ec}{x}$')).toBe('"a\\"b\\\\c\\nd\\U00000009\\U000000e9\\U0001f9ec{x}$"');
  });
  it("Groovy: single quotes, in which $ has no meaning; other characters by their UTF-16 numbers", () => {
    expect(groovyText("a'b\\c\nd$(e)\u{1f9ec}")).toBe("'a\\'b\\\\c\\nd$(e)\\ud83e\\uddec'");
  });
  it("Argo: braces and dollars of names reach the shell as they are", () => {
    const url = "file:///a{{item}}b{{{c$(HOME)$$d'e";
    const { spec } = parse(workflowText({ record, url }, "argo", "i")) as {
      spec: { templates: { name: string; container?: { args: string[] } }[] };
    };
    const [argument = ""] = spec.templates.find(({ name }) => name === "gate-runs-2")!.container!.args;
    expect(argument).not.toContain("{{");
    const printed = execFileSync("sh", ["-c", expanded(argument)], { encoding: "utf8" });
    expect(printed).toBe(`engine|gate|${url}|--stage|runs-2|`);
  });
  it("Argo: a prologue that it would change is refused, with the line", () => {
    const odd = { ...record, prologue: ["echo {{x}}"] };
    expect(() => workflowText({ record: odd, url: "u" }, "argo", "i")).toThrow("echo {{x}}");
  });
  it("a name with a line end ends no comment", () => {
    for (const name of ["snakemake", "nextflow", "argo", "sh"] as const) {
      const text = workflowText(
        { record, url: "file:///a\nharm\r\u2028harm" },
        name,
        name === "sh" || name === "snakemake" ? undefined : "i",
      );
      const head = text.split(/[\n\r\u2028]/).slice(0, 5);
      expect(head.filter((line) => line.startsWith("harm"))).toEqual([]);
    }
  });
  it("a word of the profile alone is said too, to the engine that it is of", () => {
    const of = (engine: string, words: string[]) =>
      workflowText({ record: { ...record, engine, resources: { ...record.resources, words } }, url: "u" }, "snakemake");
    expect(of("slurm", ["--exclusive"])).toContain('slurm_extra="--exclusive"');
    expect(of("slurm", [])).not.toContain("slurm_extra");
    expect(of("sge", ["--exclusive"])).not.toContain("slurm_extra");
  });
  it("a slice asks for what the profile says, in each program's words", () => {
    const run = {
      record: { ...record, engine: "slurm", resources: { ...record.resources, queue: "cpu", account: "lab" } },
      url: "u",
    };
    expect(workflowText(run, "snakemake")).toMatch(
      /threads: 2\n[\s\S]*mem_mb=1024,\n +runtime=90,\n +slurm_partition="cpu",\n +slurm_account="lab"/,
    );
    expect(workflowText(run, "nextflow")).toMatch(
      /cpus 2\n +memory '1024 MB'\n +time '90 min'\n +queue 'cpu'\n +clusterOptions '--account=lab'/,
    );
    expect(workflowText(run, "argo", "i")).toContain("activeDeadlineSeconds: 5400");
  });
});
