import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { JobForms, JobPlan } from "../../src/model/page-api.js";
import { ask } from "./api.js";
import { send } from "./writing.js";

/** Query for the commands that may be planned from a page, and the locations in which they may work. */
export const useJobForms = () =>
  useQuery({ queryKey: ["plans"], queryFn: ({ signal }) => ask<JobForms>("plans", signal), staleTime: 0 });

/** Asks for a plan, and goes to it. */
export function usePlanning() {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: { readonly kind: string; readonly [option: string]: unknown }) => send<JobPlan>("POST", "jobs", body),
    onSuccess: ({ planId }) => void navigate({ to: "/ingest/plan/$id", params: { id: planId } }),
  });
}

/** Address of the form for a kind of job. */
export const formOf = (kind: string): string => (kind === "ingest.run" ? "/ingest" : `/jobs/new/${encodeURIComponent(kind)}`);

/** The command of a kind of job. */
export const nameOf = (kind: string): string => kind.replace(".", " ");
