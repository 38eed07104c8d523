import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { Submission, SubmissionAccount, SubmissionFiles, SubmissionForm } from "../../src/model/page-api.js";
import { AnswerError, ask } from "../parts/api.js";
import { send } from "../parts/writing.js";

/** Milliseconds between questions how far the survey is. */
const POLL_MS = 500;
/** Files of one request. */
export const FILES = 60;

/** Files that are shown together: those that fit everything that is given. */
export interface Shown {
  readonly run?: string | undefined;
  readonly is?: string | undefined;
  readonly group?: string | undefined;
  readonly question?: string | undefined;
  readonly pattern?: string | undefined;
}

/** What a person says, as `PUT submissions/{id}/decisions` takes it. */
export type Decision =
  | { readonly say: "answer"; readonly question: string; readonly answer: string | null }
  | { readonly say: "files"; readonly paths: readonly string[]; readonly is: string; readonly run?: string | undefined }
  | { readonly say: "all"; readonly of: Shown; readonly is: string; readonly as?: string | undefined }
  | { readonly say: "undo" };

export const useSubmissionForm = () =>
  useQuery({ queryKey: ["submissions"], queryFn: ({ signal }) => ask<SubmissionForm>("submissions", signal), staleTime: 0 });

const submissionKey = (id: string) => ["submission", id];

export const useSubmission = (id: string) =>
  useQuery({
    queryKey: submissionKey(id),
    queryFn: ({ signal }) => ask<Submission>(`submissions/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state }) => (state.data?.state === "surveying" ? POLL_MS : false),
    refetchOnWindowFocus: true, // another tab may have decided
    staleTime: 0,
    retry: false,
  });

/** A part of the files. They are asked for anew after each decision. */
export const useFiles = (id: string, etag: string, shown: Shown, offset: number, limit = FILES) =>
  useQuery({
    queryKey: ["submission-files", id, etag, shown, offset, limit],
    queryFn: ({ signal }) =>
      ask<SubmissionFiles>(`submissions/${encodeURIComponent(id)}/files?${queryOf(shown, offset, limit)}`, signal),
    placeholderData: (before) => before,
    gcTime: 60_000,
  });

function queryOf(shown: Shown, offset: number, limit: number): string {
  const given = Object.entries({ ...shown, offset, limit }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

interface Change {
  readonly method?: "PUT" | "POST";
  readonly path: string;
  readonly body: unknown;
}

/** Changes a submission, one change after another, each on what is shown. Where somebody else has changed it, it is shown as it is now. */
export function useChange(id: string) {
  const queries = useQueryClient();
  const last = useRef<Promise<unknown>>(Promise.resolve());
  return useMutation({
    mutationFn: ({ method = "PUT", path, body }: Change) => {
      const next = last.current.then(() => {
        const etag = queries.getQueryData<Submission>(submissionKey(id))?.account?.etag;
        return send<Submission>(method, `submissions/${encodeURIComponent(id)}/${path}`, body, { ifMatch: `"${etag ?? ""}"` });
      });
      const shown = next.then((now) => queries.setQueryData(submissionKey(id), now));
      last.current = shown.catch(() => {});
      return shown;
    },
    onError: (error) => {
      if (error instanceof AnswerError && error.status === 412) void queries.invalidateQueries({ queryKey: submissionKey(id) });
    },
  });
}

export type ChangeOf = ReturnType<typeof useChange>;

/** Props of every part of a submission. */
export interface PartProps {
  readonly id: string;
  readonly account: SubmissionAccount;
  readonly change: ChangeOf;
  decide(decision: Decision): void;
  show(shown: Shown): void;
}
