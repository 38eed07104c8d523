import { ANY_LABEL, type MaskSelection, selectionText } from "../../../arrays/stream/plan/selection.js";
import { scanMask } from "../../../arrays/stream/source/scan-mask.js";
import { openObject } from "../../../stores/store.js";
import type { ShapeSource } from "../config/annotation-shapes.js";
import type { AnnotationSource } from "./annotation-candidates.js";
import type { PlanContext } from "./context.js";
import { sectionOf } from "./sections.js";
import { globText } from "./source-names.js";

/** Why a source holds nothing of its object in a run: "no voxels of label 3 in …". Undefined where it does. */
export type AnnotationGate = (source: AnnotationSource) => Promise<string | undefined>;

/**
 * Checks masks and groups of meshes before they get an id: without its label or mesh it is not an annotation of the run. A mask
 * is read until the label is found, once for all labels that the configuration uses.
 */
export function annotationGate(context: PlanContext): AnnotationGate {
  const asked = new Map<string, Promise<{ selections: readonly MaskSelection[]; found: readonly boolean[] }>>();
  const labels = labelsByGlob(context);
  const scan = async (key: string, selections: readonly MaskSelection[]) => ({
    selections,
    found: await scanMask(context.source.store, key, selections, { compat: context.compat, signal: context.signal }),
  });
  const holds = async ({ item }: AnnotationSource, selection: MaskSelection): Promise<boolean> => {
    const key = item.folder ? `${item.key}/` : item.key!;
    const id = `${key} ${"equals" in selection ? "labels" : selection.atLeast}`;
    let answer = asked.get(id);
    if (!answer) {
      const all = "equals" in selection ? (labels.get(globText(item.source)) ?? [selection.equals]) : [];
      answer = scan(key, "equals" in selection ? all.map((equals) => ({ equals })) : [selection]);
      asked.set(id, answer);
    }
    const { selections, found } = await answer;
    return found[selections.findIndex((one) => !("equals" in selection && "equals" in one) || one.equals === selection.equals)]!;
  };
  return async (source) => {
    const { shape, item } = source;
    const path = () => context.source.fullPath(item.key!);
    const selection = gateSelection(shape);
    if (selection) return (await holds(source, selection)) ? undefined : `no ${selectionText(selection)} in ${path()}`;
    if (shape.shape !== "TriangularMeshGroup") return undefined;
    // the library for HDF5 is loaded by those who have such a file
    const { hffSegmentNames } = await import("../../../formats/mesh/hff.js");
    const names = await hffSegmentNames(await openObject(context.source.store, item.key!, { signal: context.signal }));
    if (names.includes(shape.meshName!)) return undefined;
    return `no mesh ${shape.meshName} in ${path()}, which has ${names.join(", ") || "none"}`;
  };
}

/** Voxels that a mask takes; undefined for everything else. */
export function maskSelection({ shape, maskLabel, threshold }: ShapeSource): MaskSelection | undefined {
  if (shape !== "SegmentationMask" && shape !== "SemanticSegmentationMask") return undefined;
  return threshold === undefined ? { equals: maskLabel } : { atLeast: threshold };
}

/** Voxels that a mask needs to count; undefined: any will do. `SegmentationMask` may be empty: that is a finding, too. */
function gateSelection(shape: ShapeSource): MaskSelection | undefined {
  if (shape.shape === "InstanceSegmentationMask") return ANY_LABEL;
  return shape.shape === "SemanticSegmentationMask" ? maskSelection(shape) : undefined;
}

/** All labels that the sources of one glob take. */
function labelsByGlob(context: PlanContext): ReadonlyMap<string, readonly number[]> {
  const labels = new Map<string, number[]>();
  for (const source of (sectionOf(context, "annotation")?.blocks ?? []).flatMap(({ sources }) => sources)) {
    const selection = source.shape && gateSelection(source.shape);
    if (!selection || !("equals" in selection)) continue;
    const glob = globText(source);
    const known = labels.get(glob) ?? [];
    if (!known.includes(selection.equals)) labels.set(glob, [...known, selection.equals]);
  }
  return labels;
}
