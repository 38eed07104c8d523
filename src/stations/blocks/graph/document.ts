import { z } from "zod";
import { tripleOf, WRITTEN_DTYPES } from "../../../arrays/operators/schemas.js";
import { RESULT_FORMATS } from "./reduce/print-result.js";

/** Names of inputs, nodes and outputs: they become parts of keys and names of stages. */
const NAME = /^[a-z][a-z0-9-]{0,39}$/;
const name = z.string().regex(NAME, "a name of lower-case letters, digits and hyphens, which begins with a letter");
const whole = z.int().min(1);
const triple = tripleOf(whole, "whole numbers from 1");

/** Types that a graph writes. */
export const dtype = z.enum(WRITTEN_DTYPES);

/** Location of an input, alone or with the level and the positions at which it is read. */
const input = z.union([
  z.string(),
  z.strictObject({
    from: z.string(),
    level: z.int().min(0).optional(),
    /** Positions along axes beside z, y and x: `{ c: 1 }`; left out: 0. */
    select: z.record(z.string(), z.int().min(0)).optional(),
  }),
]);

/** Fields that every node has; those of its operator stand beside them. */
const node = z.looseObject({ id: name, op: z.string(), fuse: z.boolean().optional() });

const output = z.strictObject({
  /** The node whose value it is; left out where the output has its name. */
  of: name.optional(),
  to: z.string().min(1),
  format: z.enum(["ome-zarr-0.4", "ome-zarr-0.5", "precomputed", ...RESULT_FORMATS]).default("ome-zarr-0.5"),
  chunk: triple.optional(),
  shard: triple.optional(),
  codec: z.enum(["blosc-lz4", "zstd", "raw", "compressed_segmentation"]).optional(),
  /** Only for precomputed volumes. Default: `segmentation` where voxels are uint32 or uint64, otherwise `image`. */
  type: z.enum(["image", "segmentation"]).optional(),
  dtype: dtype.optional(),
});

/** A graph as a person writes it. */
export const GraphSchema = z.strictObject({
  version: z.literal(1),
  inputs: z.record(name, input),
  grid: z.strictObject({
    of: name,
    /** Level of the input that the grid is of, where it is not given there. */
    level: z.int().min(0).optional(),
    block: z.union([z.literal("auto"), triple]).default("auto"),
  }),
  nodes: z.array(node).default([]),
  outputs: z.record(name, output),
});

/** The same with its defaults. */
export type GraphDocument = z.output<typeof GraphSchema>;
/** The same as a program gives it: fields that have a default may be left out. */
export type GraphGiven = z.input<typeof GraphSchema>;
export type NodeDocument = GraphDocument["nodes"][number];
export type OutputDocument = GraphDocument["outputs"][string];
