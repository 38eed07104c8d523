import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Job, JobPlan } from "../../src/model/page-api.js";
import { ErrorPanel } from "./states.js";
import { send, useWriting } from "./writing.js";

/** Buttons that stop a run, or plan its command again. Nothing where nothing can be changed. */
export function JobActions({ job, goesOn }: { job: Job; goesOn: boolean }) {
  const isWriting = useWriting("write");
  const navigate = useNavigate();
  const path = `jobs/${encodeURIComponent(job.id)}`;
  const stop = useMutation({ mutationFn: () => send("POST", `${path}/stop`, {}) });
  const again = useMutation({
    mutationFn: () => send<JobPlan>("POST", `${path}/resume`, {}),
    onSuccess: ({ planId }) => void navigate({ to: "/ingest/plan/$id", params: { id: planId } }),
  });
  if (!isWriting) return null;
  const runs = job.life === "running" || job.life === "silent";
  const error = stop.error ?? again.error;
  return (
    <>
      <p className="row wrap">
        {runs ? (
          <button type="button" onClick={() => stop.mutate()} disabled={stop.isPending || stop.isSuccess}>
            {stop.isSuccess ? "It is stopping…" : "Stop"}
          </button>
        ) : (
          <button type="button" onClick={() => again.mutate()} disabled={again.isPending}>
            {goesOn ? "Plan what is left" : "Plan it again"}
          </button>
        )}
      </p>
      {error && <ErrorPanel error={error} />}
    </>
  );
}
