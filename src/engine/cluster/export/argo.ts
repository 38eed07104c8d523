import { EmporiumError } from "../../../core/errors.js";
import { yamlText } from "../../../formats/yaml/yaml-text.js";
import { type ExportedRun, gateScript, headLines, sliceScript, stagesOf, TRIES } from "./units.js";

/**
 * A run as a Workflow of Argo. Each stage is a step with a pod for each slice, then one with the gate. The target must be a bucket, or a volume
 * that all pods have at the same path.
 *
 * @throws {EmporiumError} USAGE for a prologue that Argo would change
 */
export function argoWorkflow(run: ExportedRun, image: string): string {
  const { ids, prologue, slots } = run.record;
  const broken = prologue.find((line) => line.includes("{{"));
  if (broken !== undefined) {
    throw new EmporiumError("USAGE", `the prologue ${JSON.stringify(broken)} has {{, which Argo replaces`, {
      hint: "write it in another way in the profile, or put it into the image",
    });
  }
  const stages = stagesOf(run);
  const spec = {
    entrypoint: "run",
    ...(slots === undefined ? {} : { parallelism: slots }),
    templates: [
      {
        name: "run",
        steps: stages.flatMap(({ name, slices }) => [
          [
            {
              name,
              template: `work-${name}`,
              arguments: { parameters: [{ name: "slice", value: "{{item}}" }] },
              withSequence: { count: String(slices) },
            },
          ],
          [{ name: `${name}-end`, template: `gate-${name}` }],
        ]),
      },
      ...stages.flatMap(({ name }) => [workTemplate(run, name, image), gateTemplate(run, name, image)]),
    ],
  };
  const workflow = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { generateName: `emporium-${ids.slice(0, 8)}-` },
    spec,
  };
  return yamlText(workflow, headLines(run, "argo submit FILE: the same command goes on."));
}

function workTemplate(run: ExportedRun, stage: string, image: string) {
  const { cpus, memoryBytes, gpus, walltimeMinutes } = run.record.resources;
  const memory = `${Math.ceil(memoryBytes / 2 ** 20)}Mi`;
  const gpu = gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {};
  return {
    name: `work-${stage}`,
    inputs: { parameters: [{ name: "slice" }] },
    retryStrategy: { limit: String(TRIES), retryPolicy: "Always" },
    ...(walltimeMinutes === undefined ? {} : { activeDeadlineSeconds: walltimeMinutes * 60 }),
    container: {
      image,
      ...shellCall(sliceScript(run, stage)),
      env: [
        { name: "EMPORIUM_SLICE", value: "{{inputs.parameters.slice}}" },
        { name: "EMPORIUM_ATTEMPT", value: "{{retries}}" },
      ],
      resources: { requests: { cpu: String(cpus), memory, ...gpu }, limits: { memory, ...gpu } },
    },
  };
}

function gateTemplate(run: ExportedRun, stage: string, image: string) {
  return { name: `gate-${stage}`, container: { image, ...shellCall(gateScript(run, stage)) } };
}

/**
 * Argo replaces `{{…}}` in all texts, and Kubernetes `$(…)` and `$$` in arguments. A word of a script with a brace is in single quotes, which may
 * be closed and opened between two braces.
 */
function shellCall(script: string) {
  return { command: ["sh", "-c"], args: [script.replace(/\{(?=\{)/g, "{''").replaceAll("$", "$$$$")] };
}
