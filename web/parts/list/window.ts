import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import type { Input } from "../../queries/generated.js";
import type { ListSpec } from "./spec.js";

/** Rows of one request. */
export const PAGE = 100;
/** Pages that are out of sight are kept for so long. */
const KEPT_MS = 60_000;

/** Query for the number of rows. */
export const totalQuery = <Row extends { readonly id: number }>(spec: ListSpec<Row>, where: Input) => ({
  queryKey: ["total", spec.of, where],
  queryFn: ({ signal }: { signal: AbortSignal }) => spec.total(where, signal),
});

/** The last answer, until there is a new one. */
export function useTotal<Row extends { readonly id: number }>(spec: ListSpec<Row>, where: Input) {
  return useQuery({ ...totalQuery(spec, where), placeholderData: keepPreviousData });
}

/** The rows from `first` up to `last`, as far as they are here. Pages that are not wanted any more are not waited for. */
export function useRows<Row extends { readonly id: number }>(
  spec: ListSpec<Row>,
  { where, orderBy }: { readonly where: Input; readonly orderBy: readonly Input[] },
  [first, last]: readonly [first: number, last: number],
) {
  const from = Math.floor(first / PAGE);
  const pages = last < first ? [] : Array.from({ length: Math.floor(last / PAGE) - from + 1 }, (_, at) => from + at);
  const asked = useQueries({
    queries: pages.map((page) => ({
      queryKey: ["rows", spec.of, where, orderBy, page],
      queryFn: ({ signal }: { signal: AbortSignal }) => spec.rows({ where, orderBy, offset: page * PAGE, limit: PAGE }, signal),
      gcTime: KEPT_MS,
    })),
  });
  const failed = asked.find(({ error }) => error !== null);
  return {
    at: (index: number): Row | undefined => asked[Math.floor(index / PAGE) - from]?.data?.[index % PAGE],
    error: failed?.error,
    again: () => void Promise.all(asked.filter(({ error }) => error !== null).map(({ refetch }) => refetch())),
  };
}
