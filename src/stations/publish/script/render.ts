import { EmporiumError } from "../../../core/errors.js";
import { quoteWord, quoteWords } from "../../../core/shell.js";
import type { Plan, PlanItem, Product } from "../plan/plan.js";
import { awsWords, bsubWords, sbatchWords } from "./commands.js";

export interface Script {
  /** `2023-05-10_images.sh` */
  readonly name: string;
  readonly text: string;
  /** Permissions of the file. */
  readonly mode: number;
  /** Transfers that it starts. */
  readonly commands: number;
}

/** `plain`: only the reference's lines. `robust`: stops at the first failure. */
export type ScriptForm = "plain" | "robust";

export interface RenderOptions {
  /** As the reference: the script sends carveouts, to a target without a last `/`; scripts without a command are written too. */
  readonly reference?: boolean | undefined;
}

const CLUSTER: readonly Product[] = ["registration", "segmentation", "tracings"];

/**
 * The scripts of a plan: one for the images, one that submits the cluster's jobs, one that submits the carveouts' jobs. A script
 * without a command is left out. Every word is quoted and sources are absolute. Only a job's own command line is evaluated twice,
 * and it is quoted once more as a whole.
 *
 * @throws {EmporiumError} the error of an item; CONFIG_RULE for a bucket that `aws s3` does not know; NAME_UNSAFE for a name
 *   that a script cannot pass on
 */
export function renderScripts(plan: Plan, form: ScriptForm, { reference = false }: RenderOptions = {}): Script[] {
  const [error] = plan.errors;
  if (error) throw new EmporiumError(error.code, error.message, { hint: "see emporium publish plan" });
  if (!plan.bucket.startsWith("s3://")) {
    throw new EmporiumError("CONFIG_RULE", `the bucket ${plan.bucket} is not s3://…, which is all that scripts can send to`, {
      hint: "emporium publish run sends to any location",
    });
  }
  const has = (product: Product) => plan.products.includes(product);
  const script = (kind: string, says: string, lines: readonly string[]): Script => ({
    name: `${plan.sample}_${kind}.sh`,
    text: [...(form === "robust" ? head(plan, says, lines) : []), ...lines].map((line) => `${line}\n`).join(""),
    mode: form === "robust" ? 0o755 : 0o644,
    commands: lines.filter((line) => !line.startsWith("echo ")).length,
  });
  const cluster = CLUSTER.filter(has);
  const scripts = [
    ...(has("images") ? [script("images", "the images", commandLines(plan, itemsOf(plan, "images")))] : []),
    ...(cluster.length > 0 ? [script("cluster", cluster.join(", "), jobLines(plan, cluster))] : []),
    ...(has("carveouts")
      ? [
          script(
            "carveouts",
            "the carveouts",
            reference ? commandLines(plan, referenceCarveouts(plan)) : jobLines(plan, ["carveouts"]),
          ),
        ]
      : []),
  ];
  return reference ? scripts : scripts.filter(({ commands }) => commands > 0);
}

/** Carveouts as the reference's program names them. */
export function referenceCarveouts(plan: Plan): PlanItem[] {
  return itemsOf(plan, "carveouts").map((item) => ({ ...item, target: item.target.replace(/\/+$/, "") }));
}

function commandLines(plan: Plan, items: readonly PlanItem[]): string[] {
  return items.map((item) => quoteWords(awsWords(item, plan)));
}

function itemsOf({ items }: Plan, product: Product): PlanItem[] {
  return items.filter((item) => item.product === product && item.exists);
}

function jobLines(plan: Plan, products: readonly Product[]): string[] {
  const { kind, order } = plan.cluster;
  const lines: string[] = [];
  let before: string | undefined;
  for (const product of products) {
    lines.push(`echo 'Uploading ${product}'`);
    if (order === "product") before = undefined;
    for (const item of itemsOf(plan, product)) {
      const command = awsWords(item, plan);
      const job = item.job ?? item.id;
      const after = order === "free" ? undefined : before;
      if (kind === "none") lines.push(quoteWords(command));
      else if (kind === "lsf") lines.push(quoteWords(bsubWords(command, { job, after }, plan)));
      else lines.push(sbatchLine(sbatchWords(command, { job }, plan), order !== "free", after !== undefined));
      before = job;
    }
  }
  return lines;
}

/** Slurm's jobs wait for job numbers. Each line of an ordered script stores its own number in a variable for the next line. */
function sbatchLine([program, ...words]: readonly string[], keeps: boolean, waits: boolean): string {
  if (!keeps) return quoteWords([program!, ...words]);
  // `--parsable` gives `number` or `number;cluster`
  const wait = waits ? ` --dependency=afterok:"\${job%%;*}" --kill-on-invalid-dep=yes` : "";
  return `job=$(${quoteWord(program!)} --parsable${wait} ${quoteWords(words)})\necho "$job"`;
}

function head(plan: Plan, says: string, lines: readonly string[]): string[] {
  const { sample, cluster } = plan;
  const jobs = lines.some((line) => line.startsWith("echo ")) && cluster.kind !== "none";
  return [
    "#!/bin/sh",
    `# ${jobs ? "Hands the cluster jobs that send" : "Sends"} ${says} of ${sample}; stops at the first failure.`,
    ...(hasOddNames(plan)
      ? ["# shellcheck disable=SC1003,SC1112,SC2016 # names that look like code are meant as they stand"]
      : []),
    "set -eu",
  ];
}

function hasOddNames(plan: Plan): boolean {
  return plan.items.some((item) => awsWords(item, plan).some((word) => quoteWord(word) !== word));
}
