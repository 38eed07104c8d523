import { z } from "zod";
import { blockWork, graphOptions } from "./blocks-options.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { printReport } from "./report.js";

const { executor, engineProfile, slots } = engineOptions;
const planEngineOptions = { executor, engineProfile, slots };

export default command({
  name: "blocks plan",
  summary: "Check a graph against its inputs, and show its stages, tasks, memory and outputs; write nothing",
  positionals: ["graph"],
  details: [
    "With --executor it also shows how a cluster would get the graph: slices of each stage, memory of a job, processor hours and their price.",
  ],
  options: z.object({
    graph: z.string().meta({ description: "the graph", value: "GRAPH.yaml" }),
    ...graphOptions,
    ...planEngineOptions,
  }),
  examples: [{ run: "emporium blocks plan --help", says: "what a plan depends on" }],
  async run({ graph, anonymous, allowPrivate, jobs, memory, ...engine }, io) {
    // nothing is begun, so nobody has to wait for jobs
    const driver = engine.executor === "local" ? "gate" : "here";
    const cluster = await clusterOf(
      { ...engine, driver, queue: undefined, account: undefined },
      { jobs, memoryBytes: memory },
      io,
    );
    const [{ planGraph }, { readGraphFile }] = await Promise.all([
      import("../stations/blocks/graph/plan.js"),
      import("../stations/blocks/graph/read-graph.js"),
    ]);
    const use = cluster && (await import("../stations/blocks/graph/on-cluster.js")).blocksUse(cluster.cluster);
    const work = use ?? blockWork({ jobs, memory });
    return printReport(await planGraph(await readGraphFile(graph), { ...work, anonymous, allowPrivate }), io);
  },
});
