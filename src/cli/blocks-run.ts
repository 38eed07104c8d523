import { z } from "zod";
import { envOf } from "../engine/env.js";
import { blockWork, graphOptions } from "./blocks-options.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { printReport } from "./report.js";

export default command({
  name: "blocks run",
  summary: "Compute the outputs of a graph, block by block",
  details: [
    "A graph names volumes, operators and outputs. It is checked against its inputs before anything is read or written; then worker processes compute its blocks. The same command resumes a run that was killed. An output can be opened once it is complete.",
    "--executor gives the blocks to a cluster: each stage is cut into slices, and the next one begins when it is over. The run's files are beside the first output; all nodes must see inputs and outputs. --jobs and --memory are those of one job.",
    "Exit status: 0 all done, 3 some blocks failed and all blocks that do not need them are done, 4 a check of the inputs found an error, 1 or 2 nothing was done. Each failed block is named, with the reason and the command that computes it alone.",
  ],
  positionals: ["graph"],
  options: z.object({
    graph: z.string().meta({ description: "the graph", value: "GRAPH.yaml" }),
    ...graphOptions,
    keepGoing: z.boolean().default(true).meta({
      description: "after a failure do everything that does not depend on it (default), or stop at the first failure",
      negative: "fail-fast",
    }),
    only: z
      .array(z.string().regex(/^[a-z0-9-]+\/\d+$/, "a stage and the number of a block, such as smooth/7"))
      .default([])
      .meta({
        description: "do this block of a stage, with what it needs, and nothing else",
        value: "STAGE/NUMBER",
      }),
    stage: z
      .array(z.string())
      .default([])
      .meta({ description: "do this stage, with what it needs, and nothing else", value: "STAGE" }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
      .optional()
      .meta({ description: "run the graph only if its file has this checksum", value: "HEX" }),
    forceOverwrite: z
      .boolean()
      .default(false)
      .meta({ description: "replace outputs of other graphs that have not changed since" }),
    check: z.boolean().default(true).meta({ description: "look at a sample of the inputs before a byte is written (default)" }),
    sync: z.boolean().default(true).meta({ description: "flush each file to the disk before it counts as done (default)" }),
    ...engineOptions,
  }),
  examples: [{ run: "emporium blocks run --help", says: "what a run does when it is killed" }],
  async run(
    { graph, sha256, only, stage, forceOverwrite, keepGoing, check, sync, anonymous, allowPrivate, jobs, memory, ...engine },
    io,
  ) {
    const cluster = await clusterOf(engine, { jobs, memoryBytes: memory }, io, {
      "--only": only.length > 0 && "single blocks are computed on this machine only",
      "--stage": stage.length > 0 && "a part of a graph is computed on this machine only",
      "--fail-fast": !keepGoing && "slices of a stage run in parallel, so the others are not stopped",
    });
    if (cluster) {
      const { runGraphOnCluster } = await import("../stations/blocks/graph/on-cluster.js");
      const { readGraphFile } = await import("../stations/blocks/graph/read-graph.js");
      const given = { ...envOf(io), anonymous, allowPrivate, check, sync, force: forceOverwrite };
      return printReport(await runGraphOnCluster(await readGraphFile(graph, sha256), cluster.cluster, given), io);
    }
    const [{ runGraph }, { readGraphFile }] = await Promise.all([
      import("../stations/blocks/graph/run.js"),
      import("../stations/blocks/graph/read-graph.js"),
    ]);
    const given = {
      ...blockWork({ jobs, memory }),
      anonymous,
      allowPrivate,
      keepGoing,
      check,
      sync,
      force: forceOverwrite,
      only: [...only, ...stage],
      workspace: io.workspace,
      ...envOf(io),
    };
    return printReport(await runGraph(await readGraphFile(graph, sha256), given), io);
  },
});
