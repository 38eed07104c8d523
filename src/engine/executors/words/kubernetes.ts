import { EmporiumError } from "../../../core/errors.js";
import type { ArrayJob } from "../engine-executor.js";
import type { KubernetesSettings } from "./kubernetes-settings.js";
import { type EngineWords, type ListedJob, mebibytes } from "./words.js";

/** Most completions of an Indexed Job without `maxFailedIndexes` (Job v1 reference, `backoffLimitPerIndex`). */
const COMPLETIONS_MAX = 100_000;
/** Exit status of a worker that was stopped in time: the pod is replaced, and its end does not count. */
const MORE_TO_DO = 75;
/** Seconds between SIGTERM and SIGKILL. */
const GRACE_S = 120;
/** Seconds after which the cluster itself removes jobs that are over. */
const KEPT_S = 7 * 24 * 3600;

const CONTAINER = "emporium";
const OURS = "app.kubernetes.io/managed-by";
/** The name that a job was given by us; the cluster's own has some letters more, so that it can be given twice. */
const NAME = "emporium/job";

/**
 * Kubernetes: an Indexed Job for each array, by kubectl. Written by the documentation of 1.33, and never tried on a cluster.
 *
 * - Manifest: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/. `backoffLimitPerIndex` and `podFailurePolicy`
 *   want `restartPolicy: Never`. A pod whose end the policy ignores is replaced; one that fails otherwise fails its index alone.
 * - Words: https://kubernetes.io/docs/reference/kubectl/generated/ (create, get, delete, auth can-i). `create` and not `apply`, since
 *   `generateName` is for that alone: a run that is begun again gives the same names.
 * - Jobs know nothing of each other, so there is no gate.
 */
export function kubernetesWords(settings: KubernetesSettings): EngineWords {
  const { namespace, context } = settings;
  const where = [
    ...(context === undefined ? [] : ["--context", context]),
    ...(namespace === undefined ? [] : ["--namespace", namespace]),
  ];
  const kubectl = (...words: string[]) => ({ program: "kubectl", words: [...words, ...where] });
  return {
    name: "kubernetes",
    indices: { variable: "JOB_COMPLETION_INDEX", first: 0 },
    waits: false,
    async limits(run) {
      const { program, words } = kubectl("auth", "can-i", "create", "jobs.batch");
      await run(program, words); // it ends with 1 where one may not
      return { arrayMax: COMPLETIONS_MAX };
    },
    submit(job) {
      if ((job.after?.length ?? 0) > 0) {
        throw new EmporiumError("ENGINE_REFUSED", "a job of Kubernetes cannot wait for others", { hint: "add --driver here" });
      }
      return { ...kubectl("create", "-f", "-", "-o", "name"), stdin: JSON.stringify(jobManifest(job, settings)) };
    },
    idOf: ({ stdout }) => /^job\.batch\/(\S+)$/m.exec(stdout)?.[1],
    list: kubectl("get", "jobs.batch", "-l", `${OURS}=emporium`, "-o", "json"),
    parseList: (text) => (JSON.parse(text) as { items: readonly KubernetesJob[] }).items.flatMap(listed),
    silent:
      /Unable to connect to the server|The connection to the server .* was refused|connection refused|i\/o timeout|TLS handshake timeout|etcdserver/i,
    // in the foreground a job is there until its pods are gone
    cancel: (ids) => kubectl("delete", "jobs.batch", ...ids, "--ignore-not-found", "--wait=false", "--cascade=foreground"),
    hintOf(said) {
      if (/namespace/i.test(said)) return "name a namespace in which you may create jobs as kubernetes.namespace of the profile";
      if (/forbidden/i.test(said))
        return "your account needs create, list and delete on jobs.batch; kubectl auth can-i --list tells what it may do";
      if (/quota|exceeded/i.test(said)) return "the namespace's quota allows less: change memory, cpus or slots of the profile";
      return "what kubectl says is what must be changed; the profile holds image, namespace and claims";
    },
  };
}

/** The manifest of a job. */
export function jobManifest({ name, script, indices, resources, slots }: ArrayJob, settings: KubernetesSettings): object {
  const { cpus, memoryBytes, gpus, walltimeMinutes } = resources;
  const completions = indices?.length ?? 1;
  const memory = `${mebibytes(memoryBytes)}Mi`;
  const { image, service_account: account, secrets = [], claims = {} } = settings;
  const volumes = Object.entries(claims).map(([claim, path], i) => ({ name: `claim-${i}`, claim, path }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { generateName: `${name}-`, labels: { [OURS]: "emporium", [NAME]: name } },
    spec: {
      completionMode: "Indexed",
      completions,
      parallelism: Math.min(completions, slots ?? completions),
      backoffLimitPerIndex: 0,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onExitCodes: { containerName: CONTAINER, operator: "In", values: [MORE_TO_DO] } },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      ttlSecondsAfterFinished: KEPT_S,
      template: {
        metadata: { labels: { [OURS]: "emporium", [NAME]: name } },
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: GRACE_S,
          ...(walltimeMinutes === undefined ? {} : { activeDeadlineSeconds: walltimeMinutes * 60 }),
          ...(account === undefined ? {} : { serviceAccountName: account }),
          containers: [
            {
              name: CONTAINER,
              image,
              command: ["/bin/sh", "-c", script],
              resources: {
                requests: { cpu: String(cpus), memory },
                limits: { memory, ...(gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {}) },
              },
              ...(secrets.length === 0 ? {} : { envFrom: secrets.map((secret) => ({ secretRef: { name: secret } })) }),
              ...(volumes.length === 0 ? {} : { volumeMounts: volumes.map((one) => ({ name: one.name, mountPath: one.path })) }),
            },
          ],
          ...(volumes.length === 0
            ? {}
            : { volumes: volumes.map((one) => ({ name: one.name, persistentVolumeClaim: { claimName: one.claim } })) }),
        },
      },
    },
  };
}

interface KubernetesJob {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly completions?: number };
  readonly status?: {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failedIndexes?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Elements of a job that run and that wait. A job that is not over yet is there, whatever its counts say. */
function listed({ metadata, spec, status = {} }: KubernetesJob): ListedJob[] {
  const { ready = 0, succeeded = 0, failedIndexes = "", conditions = [] } = status;
  const job = { id: metadata.name, name: metadata.labels?.[NAME] ?? metadata.name };
  if (conditions.some(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True")) {
    return [{ ...job, state: "over" }];
  }
  const left = (spec.completions ?? 1) - succeeded - countIndices(failedIndexes);
  const waiting = Math.max(left - ready, ready === 0 ? 1 : 0);
  return [
    { ...job, state: "running", count: ready },
    { ...job, state: "waiting", count: waiting },
  ];
}

/** Elements of `1,3-5,7`. */
function countIndices(text: string): number {
  if (text === "") return 0;
  return text.split(",").reduce((sum, part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
}
