import { isCancelledError, type QueryClient, queryOptions } from "@tanstack/react-query";
import { decodeOverlay, type OverlayShapes } from "../../../src/model/overlay-bytes.js";
import { answered, base } from "../../parts/api.js";

/** Points, contours and triangles of a layer. The picture of a run and the crops around its particles ask for the same. */
export const shapesQuery = (ref: string, id: string) =>
  queryOptions({
    queryKey: ["shapes", ref, id],
    queryFn: async ({ signal }) =>
      decodeOverlay(await (await answered(new URL(`api/v1/overlays/${ref}/${id}.bin`, base), { signal })).arrayBuffer()),
    // who draws them has them; this is for who asks a moment later
    gcTime: 30_000,
  });

/** The same for who is no part of a page: it ends with the signal, unless another one waits for them. */
export async function servedShapes(queries: QueryClient, ref: string, id: string, signal: AbortSignal): Promise<OverlayShapes> {
  const query = shapesQuery(ref, id);
  const { queryKey } = query;
  const leave = () => {
    if (queries.getQueryCache().find({ queryKey })?.getObserversCount() === 0) void queries.cancelQueries({ queryKey });
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await queries.fetchQuery(query);
  } catch (error) {
    // another one has left, who was the last that was known
    if (isCancelledError(error) && !signal.aborted) return await queries.fetchQuery(query);
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
