import { useParams } from "@tanstack/react-router";
import { formatSeconds } from "../../src/core/units.js";
import type { Job as JobFacts } from "../../src/model/page-api.js";
import { CopyButton } from "../parts/copy.js";
import { useJob } from "../parts/events.js";
import { bytes, count, moment, plural } from "../parts/format.js";
import { JobActions } from "../parts/job-actions.js";
import { Bar, commandOf, Life, leftOf, lineOf, rateOf, Told } from "../parts/job-parts.js";
import { failedOf, titleOf } from "../parts/job-words.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer } from "../parts/states.js";

/** One run: how far it is, what it works on, what failed and why. */
export function Job() {
  const { id = "" } = useParams({ strict: false });
  const asked = useJob(id);
  const { data } = asked;
  useCrumbs({ label: "Jobs", to: "/jobs" }, { label: data ? titleOf(data.command) : id });
  useCommand(data && { line: commandOf(data), ask: `jobs/${encodeURIComponent(id)}` });
  return (
    <div className="page job">
      <Answer asked={asked}>{(job) => <Shown job={job} />}</Answer>
    </div>
  );
}

function Shown({ job }: { job: JobFacts }) {
  const { progress, running, rates, error, host, folder, startedAt, waits } = job;
  const goesOn = job.life === "died" || (job.life === "ended" && job.exitStatus !== 0);
  return (
    <>
      <h1>{titleOf(job.command)}</h1>
      <p className="muted">
        <code>{lineOf(job)}</code> in <code>{folder}</code> on {host}, {moment(startedAt)}
      </p>
      <p role="status">
        <Life job={job} />
      </p>
      <Bar job={job} />
      {!waits && <p>{figuresOf(job)}</p>}
      <JobActions job={job} goesOn={goesOn} />
      {error && <Told error={error} />}
      {goesOn && (
        <p className="row wrap">
          The same command goes on where this one ended: <code>{lineOf(job)}</code>{" "}
          <CopyButton text={commandOf(job)} label="Copy the command" bare icon />
        </p>
      )}
      {running.length > 0 && job.life !== "ended" && (
        <section aria-label="Under way">
          <h2>Under way</h2>
          <ul className="hits">
            {running.map(({ title, bytes: all, bytesDone }) => (
              <li key={title}>
                {title} <span className="muted">{all > 0 ? `${Math.floor((100 * bytesDone) / all)} %` : ""}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {waits && waits.count > 0 && (
        <section aria-label="Not complete">
          <h2>Not complete</h2>
          <ul className="hits">
            {waits.lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          {waits.lines.length < waits.count && <p className="muted">and {count(waits.count - waits.lines.length)} more</p>}
        </section>
      )}
      <NotDone job={job} />
      {rates.length > 1 && <Rate rates={rates} isBytes={progress.bytesTotal > 0} isOver={job.life === "ended"} />}
    </>
  );
}

/** What failed, each with its reason, and in one list what waits for it. */
function NotDone({ job: { failures, errors, progress } }: { job: JobFacts }) {
  const own = errors.filter(({ code }) => code !== BLOCKED);
  const blocked = errors.filter(({ code }) => code === BLOCKED);
  const known = failures.length + errors.length;
  if (known === 0 && progress.tasksFailed === 0) return null;
  return (
    <section aria-label="Not done">
      <h2>Not done</h2>
      {known < progress.tasksFailed && (
        <p className="muted">
          {plural(progress.tasksFailed, "part")}; here are {count(known)}, the others need one that failed or came before
        </p>
      )}
      <ul className="hits">
        {failures.map(({ title, error: why }) => (
          <li key={title}>
            {title}
            {why && <Told error={why} />}
          </li>
        ))}
        {own.map((one) => (
          <li key={JSON.stringify(one)}>
            <Told error={one} />
          </li>
        ))}
      </ul>
      {blocked.length > 0 && (
        <>
          <h3>Because of that</h3>
          <ul className="hits">
            {blocked.map(({ message, path }) => (
              <li key={message}>
                {message} <code className="muted">{path}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

const BLOCKED = "TASK_BLOCKED";

function figuresOf(job: JobFacts): string {
  const { bytesDone, bytesTotal, tasksDone, tasksAlready, tasksTotal, tasksFailed, seconds } = job.progress;
  const rate = job.life === "running" ? [rateOf(job), `${leftOf(job)} left`] : [];
  return [
    ...(bytesTotal > 0 ? [`${bytes(bytesDone)} of ${bytes(bytesTotal)}`] : []),
    ...rate,
    `${count(tasksDone)} of ${plural(tasksTotal, "task")} done${tasksAlready > 0 ? `, ${count(tasksAlready)} of them before` : ""}`,
    ...(tasksFailed > 0 ? [failedOf(job.progress)] : []),
    job.life === "ended" ? `in ${formatSeconds(seconds)}` : `${formatSeconds(seconds)} so far`,
  ].join(" · ");
}

const WIDTH = 600;
const HEIGHT = 96;

function Rate({ rates, isBytes, isOver }: { rates: JobFacts["rates"]; isBytes: boolean; isOver: boolean }) {
  const longest = Math.max(...rates.map(([beforeMs]) => beforeMs), 1);
  const highest = Math.max(...rates.map(([, perSecond]) => perSecond), 1e-9);
  const points = rates.map(
    ([beforeMs, perSecond]) =>
      `${(WIDTH * (1 - beforeMs / longest)).toFixed(1)},${(HEIGHT * (1 - (0.96 * perSecond) / highest)).toFixed(1)}`,
  );
  const told = (perSecond: number) => (isBytes ? `${bytes(Math.round(perSecond))}/s` : `${perSecond.toPrecision(3)} tasks/s`);
  const now = isOver ? "" : `${told(rates.at(-1)![1])} now, `;
  const says = `Rate, last ${formatSeconds(longest / 1000)}: ${now}${told(highest)} at most`;
  return (
    <figure className="plot">
      <figcaption>{says}</figcaption>
      <svg className="rate" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={says}>
        <path d={`M${points.join("L")}`} />
      </svg>
    </figure>
  );
}
