import { Link } from "@tanstack/react-router";
import { quoteWords } from "../../src/core/shell.js";
import type { JobBrief } from "../../src/model/page-api.js";
import { CsvButton } from "../parts/csv-button.js";
import { useJobs } from "../parts/events.js";
import { ABSENT, count, moment, plural } from "../parts/format.js";
import { Bar, doneOf, Life, leftOf, lineOf, rateOf } from "../parts/job-parts.js";
import { failedOf, titleOf } from "../parts/job-words.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { useServer } from "../parts/queries.js";
import type { FileTable } from "../parts/save.js";
import { Answer } from "../parts/states.js";

/** Runs that are under way and past ones, from a terminal, too. */
export function Jobs() {
  useCrumbs({ label: "Jobs" });
  useCommand({ ask: "jobs" });
  const server = useServer();
  const asked = useJobs();
  return (
    <div className="page">
      <h1>Jobs</h1>
      {server.data && !server.data.jobs ? (
        <p>
          Runs are shown on the machine of this server alone: open the page there at 127.0.0.1, or through <code>ssh -L</code>.
        </p>
      ) : (
        <>
          <p>
            {server.data?.writing && (
              <>
                <Link to="/new">New submission</Link> ·{" "}
              </>
            )}
            <Link to="/ingest">Ingest a deposit</Link> · <Link to="/jobs/new">Another job</Link>
          </p>
          <Answer asked={asked}>{(jobs) => <List jobs={jobs} />}</Answer>
        </>
      )}
    </div>
  );
}

const jobsTable = (jobs: readonly JobBrief[]): FileTable => ({
  columns: [
    "id",
    "command",
    "folder",
    "host",
    "state",
    "started",
    "heard",
    "exit_status",
    "tasks",
    "done",
    "failed",
    "blocked",
    "bytes",
    "bytes_done",
    "seconds",
  ],
  rows: jobs.map(({ id, command, folder, host, life, startedAt, heardAt, exitStatus, progress }) => [
    ...[id, quoteWords(command), folder, host, life, startedAt, heardAt, exitStatus, progress.tasksTotal, progress.tasksDone],
    ...[
      progress.tasksFailed - progress.tasksBlocked,
      progress.tasksBlocked,
      progress.bytesTotal,
      progress.bytesDone,
      progress.seconds,
    ],
  ]),
});

function List({ jobs }: { jobs: readonly JobBrief[] }) {
  if (jobs.length === 0)
    return (
      <p>
        No runs yet. Every command that works through a plan is shown here while it runs and afterwards, when it is started in the
        folder of this server or with its <code>--workspace</code>: <code>emporium ingest run CONFIG INPUT OUTPUT</code>.
      </p>
    );
  const running = jobs.filter(({ life }) => life === "running").length;
  return (
    <>
      <p role="status">
        {running === 0
          ? `${plural(jobs.length, "run")}, none under way`
          : `${count(running)} of ${plural(jobs.length, "run")} under way`}{" "}
        <CsvButton name="jobs" total={jobs.length} rows={jobs} table={jobsTable} />
      </p>
      <div className="scroll jobs">
        <table>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">State</th>
              <th scope="col">Done</th>
              <th scope="col">Rate</th>
              <th scope="col">Left</th>
              <th scope="col">Tasks</th>
              <th scope="col">Not done</th>
              <th scope="col">Started</th>
              <th scope="col">Host</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.id} data-job={job.id}>
                <td>
                  <Link to="/jobs/$id" params={{ id: job.id }} title={lineOf(job)}>
                    {titleOf(job.command)}
                  </Link>
                </td>
                <td>
                  <Life job={job} />
                </td>
                <td>
                  <Bar job={job} />
                </td>
                <td>{rateOf(job)}</td>
                <td>{leftOf(job)}</td>
                <td>{doneOf(job)}</td>
                <td>{failedOf(job.progress) || ABSENT}</td>
                <td>{moment(job.startedAt)}</td>
                <td>{job.host}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
