import { describe, expect, it } from "vitest";
import type { ArrayJob } from "../engine-executor.js";
import { jobManifest, kubernetesWords } from "./kubernetes.js";

const words = kubernetesWords({ image: "emporium:1", namespace: "cryo", context: "lab" });
const job: ArrayJob = {
  ...{ name: "emporium-0a1b2c3d-runs-0", script: "#!/bin/sh\ntrue\n", indices: [0, 4, 7], slots: 2 },
  resources: { cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: 1, words: [] },
};

/** Rules and fields: Job v1 of the Kubernetes API reference; "Jobs" and "Handling retriable and non-retriable pod failures" of its documentation. */
describe("Kubernetes", () => {
  it("creates an Indexed Job whose pods are replaced when they were stopped in time", () => {
    const { program, words: spoken, stdin } = words.submit(job);
    expect([program, ...spoken].join(" ")).toBe("kubectl create -f - -o name --context lab --namespace cryo");
    expect(JSON.parse(stdin!)).toMatchObject({
      metadata: { generateName: "emporium-0a1b2c3d-runs-0-" },
      spec: {
        ...{ completionMode: "Indexed", completions: 3, parallelism: 2, backoffLimitPerIndex: 0 },
        podFailurePolicy: { rules: [{ action: "Ignore", onExitCodes: { operator: "In", values: [75] } }, { action: "Ignore" }] },
        template: {
          spec: { restartPolicy: "Never", containers: [{ image: "emporium:1", command: ["/bin/sh", "-c", job.script] }] },
        },
      },
    });
  });
  it("counts a pod's index from 0, as JOB_COMPLETION_INDEX says it", () => {
    expect(words.indices).toEqual({ variable: "JOB_COMPLETION_INDEX", first: 0 });
  });
  it("names the container of the policy as it is named in the pod", () => {
    // the API server refuses a rule for a container that is not there
    const { spec } = jobManifest(job, { image: "x" }) as {
      spec: {
        podFailurePolicy: { rules: [{ onExitCodes: { containerName: string } }] };
        template: { spec: { containers: [{ name: string }] } };
      };
    };
    expect(spec.podFailurePolicy.rules[0].onExitCodes.containerName).toBe(spec.template.spec.containers[0].name);
  });
  it("mounts claims at their places, and says nothing of volumes without them", () => {
    const specOf = (claims?: Record<string, string>) =>
      (jobManifest(job, { image: "x", claims } as Parameters<typeof jobManifest>[1]) as { spec: { template: { spec: object } } })
        .spec.template.spec;
    expect(specOf({ raw: "/raw", results: "/results" })).toMatchObject({
      volumes: [
        { name: "claim-0", persistentVolumeClaim: { claimName: "raw" } },
        { name: "claim-1", persistentVolumeClaim: { claimName: "results" } },
      ],
      containers: [
        {
          volumeMounts: [
            { name: "claim-0", mountPath: "/raw" },
            { name: "claim-1", mountPath: "/results" },
          ],
        },
      ],
    });
    for (const spec of [specOf(), specOf({})]) expect(JSON.stringify(spec)).not.toMatch(/volume/i);
  });
  it("reads the name that the cluster gave", () => {
    expect(words.idOf({ status: 0, stdout: "job.batch/emporium-0a1b2c3d-runs-0-x7k2p\n", stderr: "" })).toBe(
      "emporium-0a1b2c3d-runs-0-x7k2p",
    );
  });
  it.each([
    ["just created", 3, {}, { running: 0, waiting: 3 }],
    ["some at work", 8, { active: 3, ready: 2, succeeded: 2, failedIndexes: "1,4-5" }, { running: 2, waiting: 1 }],
    ["the last ones ending", 2, { active: 0, ready: 0, succeeded: 2 }, { running: 0, waiting: 1 }],
    ["complete", 2, { succeeded: 2, conditions: [{ type: "Complete", status: "True" }] }, undefined],
    ["failed", 2, { conditions: [{ type: "Failed", status: "True" }] }, undefined],
    ["about to fail", 2, { active: 1, ready: 1, conditions: [{ type: "Failed", status: "False" }] }, { running: 1, waiting: 1 }],
  ])("counts what is alive of a job that is %s", (_, completions, status, alive) => {
    const item = { metadata: { name: "j-abc", labels: { "emporium/job": "j" } }, spec: { completions }, status };
    const found = words.parseList(JSON.stringify({ items: [item] }));
    expect(found.every(({ id, name }) => id === "j-abc" && name === "j")).toBe(true);
    const count = (state: string) => found.filter((one) => one.state === state).reduce((sum, one) => sum + (one.count ?? 1), 0);
    if (alive === undefined) expect(found.map(({ state }) => state)).toEqual(["over"]);
    else expect({ running: count("running"), waiting: count("waiting") }).toEqual(alive);
  });
  it("deletes jobs so that they are listed until their pods have ended, and never waits for others", () => {
    expect(words.cancel(["a", "b"]).words).toEqual(
      expect.arrayContaining(["delete", "jobs.batch", "a", "b", "--ignore-not-found", "--cascade=foreground"]),
    );
    expect(words.waits).toBe(false);
    expect(() => words.submit({ ...job, after: [{ name: "x", id: "1" }] })).toThrow(/cannot wait/);
  });
});
