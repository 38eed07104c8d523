import { z } from "zod";
import { blockOptions, blockWork } from "./blocks-options.js";
import { command } from "./command.js";
import { printReport } from "./report.js";

export default command({
  name: "blocks plan",
  summary: "Check a graph against its inputs, and show its stages, tasks, memory and outputs; write nothing",
  positionals: ["graph"],
  options: z.object({ graph: z.string().meta({ description: "the graph", value: "GRAPH.yaml" }), ...blockOptions }),
  examples: [{ run: "emporium blocks plan --help", says: "what a plan depends on" }],
  async run({ graph, anonymous, ...options }, io) {
    const [{ planGraph }, { readGraphFile }] = await Promise.all([
      import("../stations/blocks/graph/plan.js"),
      import("../stations/blocks/graph/read-graph.js"),
    ]);
    return printReport(await planGraph(await readGraphFile(graph), { ...blockWork(options), anonymous }), io);
  },
});
