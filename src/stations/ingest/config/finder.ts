import type { Place } from "../../../core/errors.js";
import type { Pattern } from "../../../engine/pattern.js";
import type { ConfigNode, ScalarNode } from "./nodes.js";

/** The way in which a source finds its files or gives its names. */
export type Finder =
  | { kind: "source_glob" | "destination_glob"; glob: ScalarNode; match: Pattern; name: Pattern; place: Place }
  | { kind: "source_multi_glob"; globs: readonly ScalarNode[]; place: Place }
  | { kind: "literal"; values: readonly { name: ScalarNode; path: ScalarNode | undefined }[]; place: Place }
  | { kind: "tomogram_header"; glob: ScalarNode; match: Pattern; place: Place }
  | { kind: "destination_filter"; filters: readonly MetadataFilter[]; place: Place };

/** One condition on the metadata of an entity that exists: the path of keys, and the value at its end. */
export interface MetadataFilter {
  readonly key: readonly string[];
  readonly value: ConfigNode;
}
