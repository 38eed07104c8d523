import type { z } from "zod";
import type { Box, Triple } from "../../../core/box.js";
import type { JsonObject } from "../../../core/json.js";
import type { Block } from "../block.js";
import { type InputFacts, readParameters } from "../operator.js";

/**
 * One result of a whole volume, made of one part a block. Parts are plain JSON. `merge` takes them in index order, in groups of any size, and
 * groups of groups: the result has the same bits, since nothing is rounded before `finish`.
 */
export interface Reduction {
  readonly name: string;
  /** Raised with every change of the result. */
  readonly version: number;
  /** @throws {EmporiumError} CONFIG_FIELD, as `Operator.bind` */
  bind(params: unknown, input: InputFacts): BoundReduction;
}

export interface BoundReduction {
  readonly params: JsonObject;
  /** Voxels that `partial` wants on each side of its box, as far as the volume goes. */
  readonly halo: Triple;
  /** Reduces the voxels of a box, which the block holds with its halo. */
  partial(block: Block, core: Box): JsonObject;
  /** @param parts at least one, in index order */
  merge(parts: readonly JsonObject[]): JsonObject;
  /** The result as people and other nodes get it. */
  finish(part: JsonObject): JsonObject;
}

interface Definition<P extends JsonObject, Part> {
  name: string;
  version: number;
  parameters: z.ZodType<P>;
  prepare?(params: P, input: InputFacts): P;
  /** Default: none. */
  halo?(params: P): Triple;
  partial(block: Block, core: Box, params: P): Part;
  merge(parts: readonly Part[], params: P): Part;
  finish(part: Part, params: P, input: InputFacts): JsonObject;
}

/** `Part` is a type alias of plain JSON; parts come from `partial` or `merge`, perhaps by way of a file. */
export function reduction<P extends JsonObject, Part extends JsonObject>(definition: Definition<P, Part>): Reduction {
  const { name, version } = definition;
  return {
    name,
    version,
    bind(raw, input) {
      const written = readParameters(name, definition.parameters, raw);
      const params = definition.prepare?.(written, input) ?? written;
      return {
        params,
        halo: definition.halo?.(params) ?? [0, 0, 0],
        partial: (block, core) => definition.partial(block, core, params),
        merge: (parts) => definition.merge(parts as readonly Part[], params),
        finish: (part) => definition.finish(part as Part, params, input),
      };
    },
  };
}
