import {
  type RunAnnotationsResult,
  type RunResult,
  type RunSectionsResult,
  runAnnotationsQuery,
  runBesideQuery,
  runQuery,
  runSectionsQuery,
} from "../queries/generated.js";
import { askCatalogue } from "./api.js";

interface Connection<T> {
  readonly edges: ReadonlyArray<{ readonly node: T }>;
}
interface Counted {
  readonly aggregate: ReadonlyArray<{ readonly count: number | null }> | null;
}
export const nodesOf = <T>(list: Connection<T> | null | undefined): readonly T[] => list?.edges.map(({ node }) => node) ?? [];
/** Count of an aggregate, which has no row where there is nothing to count. */
export const countOf = (counted: Counted | null | undefined): number => counted?.aggregate?.[0]?.count ?? 0;

type Node<T extends Connection<unknown>> = T["edges"][number]["node"];
type AnyRun = RunResult["runs"][number];
/** A run is always of a dataset. */
export type RunRow = AnyRun & { readonly dataset: NonNullable<AnyRun["dataset"]> };
export type TomogramRow = Node<AnyRun["tomograms"]>;
export type TiltseriesRow = Node<AnyRun["tiltseries"]>;
export type AnnotationRow = RunAnnotationsResult["annotations"][number];
/** One exposure. Doses are e/Å²; the accumulated one is from before the exposure. */
export type FrameRow = RunSectionsResult["frames"][number];
/** One section of a tilt series. Defocus in Å, angles in degrees. */
export type SectionRow = RunSectionsResult["perSectionParameters"][number];

export const ANNOTATIONS_A_PAGE = 100;

/** @returns null where there is no run of this number */
export const askRun = async (id: number, signal: AbortSignal): Promise<RunRow | null> =>
  ((await askCatalogue(runQuery, { id }, signal)).runs[0] as RunRow | undefined) ?? null;

export const askAnnotations = async (id: number, offset: number, signal: AbortSignal) =>
  (await askCatalogue(runAnnotationsQuery, { id, offset }, signal)).annotations;

export const askSections = (id: number, signal: AbortSignal) => askCatalogue(runSectionsQuery, { id }, signal);

/** The runs before and after in the dataset, and the place among them. */
export async function askBeside(id: number, datasetId: number, signal: AbortSignal) {
  const found = await askCatalogue(runBesideQuery, { id, datasetId }, signal);
  return {
    before: found.before[0]?.id,
    after: found.after[0]?.id,
    at: countOf(found.countBefore),
    of: countOf(found.countAll),
  };
}
