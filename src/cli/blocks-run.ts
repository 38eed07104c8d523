import { z } from "zod";
import { envOf } from "../engine/env.js";
import { blockOptions, blockWork } from "./blocks-options.js";
import { command } from "./command.js";
import { printReport } from "./report.js";

export default command({
  name: "blocks run",
  summary: "Compute the outputs of a graph, block by block",
  details: [
    "A graph names volumes, operators and outputs. It is checked against its inputs before a byte moves; then worker processes compute its blocks. A run that was killed goes on where it was when the same command is given again. An output can be opened when all of it is there.",
    "Exit status: 0 all done, 3 some blocks failed and all others that do not need them are done, 1 or 2 nothing was done. What was given up is named with the reason and the words that do it alone.",
  ],
  positionals: ["graph"],
  options: z.object({
    graph: z.string().meta({ description: "the graph", value: "GRAPH.yaml" }),
    ...blockOptions,
    keepGoing: z.boolean().default(true).meta({
      description: "after a failure do everything that does not depend on it (default), or stop at the first failure",
      negative: "fail-fast",
    }),
    only: z
      .array(z.string().regex(/^[a-z0-9-]+\/\d+$/, "a stage and the number of a block, as smooth/7"))
      .default([])
      .meta({
        description: "do this block of a stage, with what it needs, and nothing else; may be repeated",
        value: "STAGE/NUMBER",
      }),
    stage: z
      .array(z.string())
      .default([])
      .meta({ description: "do this stage, with what it needs, and nothing else; may be repeated", value: "STAGE" }),
    forceOverwrite: z.boolean().default(false).meta({ description: "replace outputs that other graphs have made" }),
    sync: z.boolean().default(true).meta({ description: "flush each file to the disk before it counts as done (default)" }),
  }),
  examples: [{ run: "emporium blocks run --help", says: "what a run does when it is killed" }],
  async run({ graph, only, stage, forceOverwrite, keepGoing, sync, anonymous, ...options }, io) {
    const [{ runGraph }, { readGraphFile }] = await Promise.all([
      import("../stations/blocks/graph/run.js"),
      import("../stations/blocks/graph/read-graph.js"),
    ]);
    const given = {
      ...blockWork(options),
      anonymous,
      keepGoing,
      sync,
      force: forceOverwrite,
      workspace: io.workspace,
      ...envOf(io),
    };
    return printReport(await runGraph(await readGraphFile(graph), given), io);
  },
});
