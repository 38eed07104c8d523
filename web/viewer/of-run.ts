import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import type { Listing, VolumeFacts } from "../../src/model/page-api.js";
import { ask, askCatalogue } from "../parts/api.js";
import { askListed } from "../parts/list/neighbours.js";
import { askSections } from "../parts/run-data.js";
import { viewTiltseriesQuery, viewTomogramQuery } from "../queries/generated.js";

/** The run that a volume is of. */
export interface RunOfVolume {
  readonly id: number;
  readonly name: string;
  readonly dataset: { readonly id: number; readonly title: string } | null;
}

/** A volume that can be put beside this one. */
export interface Beside {
  readonly ref: string;
  readonly title: string;
}

const entityOf = (ref: string): readonly [kind: string, id: number] | undefined => {
  const [, kind, id] = /^(\w+):(\d+)$/.exec(ref) ?? [];
  return kind === undefined ? undefined : [kind, Number(id)];
};

/** Id of a tomogram of the catalogue. */
export function tomogramId(ref: string): number | undefined {
  const [kind, id] = entityOf(ref) ?? [];
  return kind === "tomogram" ? id : undefined;
}

/** A tomogram in a list of others. */
export const titleOf = (one: {
  readonly id: number;
  readonly processing: string | null;
  readonly reconstructionMethod: string | null;
  readonly voxelSpacing: number | null;
}): string => `${one.processing} ${one.reconstructionMethod} ${one.voxelSpacing?.toFixed(2)} Å (${one.id})`;

/** Query for the run of a volume of the catalogue; other volumes have no run. */
const runQuery = (ref: string) => {
  const [kind, id] = entityOf(ref) ?? [];
  return queryOptions({
    queryKey: ["view", ref, "run"],
    enabled: kind === "tomogram" || kind === "tiltseries",
    queryFn: async ({ signal }): Promise<RunOfVolume | null> => {
      if (kind === "tiltseries") return (await askCatalogue(viewTiltseriesQuery, { id: id! }, signal)).tiltseries[0]?.run ?? null;
      return (await askCatalogue(viewTomogramQuery, { id: id! }, signal)).tomograms[0]?.run ?? null;
    },
  });
};

export const useRun = (ref: string) => useQuery(runQuery(ref));

/** Whether two volumes are of one run, so that annotations of one lie in the other; undefined where the catalogue does not know both. */
export async function shareLayers(queries: QueryClient, one: string, other: string): Promise<boolean | undefined> {
  const [a, b] = [runQuery(one), runQuery(other)];
  if (!a.enabled || !b.enabled) return undefined;
  const runs = await Promise.all([queries.fetchQuery(a), queries.fetchQuery(b)]);
  return runs[0] !== null && runs[0]?.id === runs[1]?.id;
}

/** Tomograms of the same run; of a file the other volumes of its folder. */
export function useBeside(facts: VolumeFacts) {
  return useQuery({
    queryKey: ["view", facts.ref, "beside"],
    queryFn: async ({ signal }): Promise<readonly Beside[]> => {
      if (facts.place === "") return [];
      const [kind, id] = entityOf(facts.ref) ?? [];
      if (kind === "tomogram") {
        const { tomograms } = await askCatalogue(viewTomogramQuery, { id: id! }, signal);
        const all = tomograms[0]?.run?.tomograms.edges.map(({ node }) => node) ?? [];
        return all.filter((one) => one.id !== id).map((one) => ({ ref: `tomogram:${one.id}`, title: titleOf(one) }));
      }
      const prefix = facts.key.includes("/") ? facts.key.slice(0, facts.key.lastIndexOf("/") + 1) : "";
      const { entries } = await ask<Listing>(
        `places/${facts.place}/list?${new URLSearchParams({ prefix, limit: "200" })}`,
        signal,
      );
      return entries.flatMap(({ ref, name, key }) => (ref && key.replace(/\/$/, "") !== facts.key ? [{ ref, title: name }] : []));
    },
  });
}

/** Dose and defocus of the sections of a tilt series, by their index. */
export function useSections(ref: string, run: RunOfVolume | null | undefined) {
  const [kind, id] = entityOf(ref) ?? [];
  return useQuery({
    queryKey: ["view", ref, "sections"],
    enabled: kind === "tiltseries" && run != null,
    queryFn: async ({ signal }) => {
      const { frames, perSectionParameters } = await askSections(run!.id, signal);
      const doses = new Map(
        frames.flatMap(({ id, accumulatedDose, exposureDose }) =>
          exposureDose === null ? [] : [[id, (accumulatedDose ?? 0) + exposureDose] as const],
        ),
      );
      return perSectionParameters
        .filter((one) => one.tiltseriesId === id)
        .map((one) => ({
          zIndex: one.zIndex,
          angle: one.rawAngle,
          defocusAngstrom: one.majorDefocus,
          dose: one.frameId === null ? undefined : doses.get(one.frameId),
        }));
    },
  });
}

/** Query for the place of a volume's run in the list of runs that one came from; null where it is not in it. */
export function useListed(ref: string) {
  const { data: run } = useRun(ref);
  return useQuery({
    queryKey: ["view", ref, "listed"],
    enabled: run != null,
    queryFn: async ({ signal }) => (await askListed(run!.id, signal)) ?? null,
    staleTime: 0, // one may have come from another list
  });
}
