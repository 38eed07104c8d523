import { EmporiumError } from "../../../core/errors.js";
import { argoWorkflow } from "./argo.js";
import { nextflowScript } from "./nextflow.js";
import { shellScript } from "./shell-script.js";
import { snakefile } from "./snakemake.js";
import type { ExportedRun } from "./units.js";

/** Programs that can do the slices of a run. */
export const WORKFLOWS = ["snakemake", "nextflow", "argo", "sh"] as const;
export type WorkflowName = (typeof WORKFLOWS)[number];

/**
 * A run as a file for another workflow program: every slice is one `emporium engine work`, every stage ends with `emporium engine gate`, and
 * the last gate ends the run.
 *
 * @param image container for the pods or processes; Argo needs one
 * @throws {EmporiumError} USAGE; NAME_UNSAFE for a name that no script can pass on
 */
export function workflowText(run: ExportedRun, name: WorkflowName, image?: string): string {
  if (image !== undefined && name !== "argo" && name !== "nextflow") {
    throw new EmporiumError("USAGE", `--image: ${name} has no use for it`, { hint: "leave it out" });
  }
  if (name === "snakemake") return snakefile(run);
  if (name === "nextflow") return nextflowScript(run, image);
  if (name === "sh") return shellScript(run);
  if (image !== undefined) return argoWorkflow(run, image);
  throw new EmporiumError("USAGE", "argo begins containers, and no image is named", {
    hint: "add --image REGISTRY/NAME:TAG, an image with emporium in it; command of the profile starts the program there",
  });
}
