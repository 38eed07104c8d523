import type { ArrayJob } from "./engine-executor.js";
import type { EngineWords } from "./words/words.js";

/** Makes the script look its slice up by the element's place, where an array only counts. */
export function withSlices(
  job: ArrayJob,
  { indices: numbering, singleIsPlain }: Pick<EngineWords, "indices" | "singleIsPlain">,
): ArrayJob {
  const { indices, script } = job;
  if (indices === undefined || numbering === "list") return job;
  const isPlain = singleIsPlain === true && indices.length === 1;
  const lines = isPlain ? [`EMPORIUM_SLICE=${indices[0]}`] : lookUp(indices, numbering);
  const [shebang = "", ...rest] = script.split("\n");
  return {
    ...job,
    indices: isPlain ? undefined : indices,
    script: [shebang, ...lines, "export EMPORIUM_SLICE", ...rest].join("\n"),
  };
}

function lookUp(indices: readonly number[], { variable, first }: Exclude<EngineWords["indices"], "list">): string[] {
  if (first === undefined) return [`EMPORIUM_SLICE=$${variable}`];
  const [start = 0] = indices;
  const inARow = indices.every((index, i) => index === start + i);
  if (inARow) return [`EMPORIUM_SLICE=$((${variable} + ${start} - ${first}))`];
  return [`set -- ${indices.join(" ")}`, `shift $((${variable} - ${first}))`, "EMPORIUM_SLICE=$1", "set --"];
}
