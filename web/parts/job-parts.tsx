import { quoteWords } from "../../src/core/shell.js";
import { formatSeconds } from "../../src/core/units.js";
import type { ApiError, JobBrief } from "../../src/model/page-api.js";
import { ABSENT, bytes, count, moment, plural } from "./format.js";
import { doneShare, endOf, titleOf } from "./job-words.js";
import { errorText } from "./states.js";
import "./jobs.css";

/** `emporium ingest run lab.yaml …`, as it was typed. */
export const lineOf = ({ command }: JobBrief): string => quoteWords(["emporium", ...command]);

/** Command line that works from another folder and on another day. */
export const commandOf = (job: JobBrief): string => `cd ${quoteWords([job.folder])} && ${lineOf(job)}`;

/** State of a run in words, with a sign: colour alone says nothing. */
export function lifeOf(job: JobBrief): { sign: string; tone: string; says: string } {
  const { life, heardAt, host, waits } = job;
  switch (life) {
    case "running":
      if (waits) return { sign: "◷", tone: "accent", says: "waiting for files" };
      return { sign: "▸", tone: "accent", says: "running" };
    case "silent":
      return { sign: "?", tone: "warn", says: `no heartbeat since ${clockOf(heardAt)}: ${host} may be down or cut off` };
    case "died":
      return { sign: "✕", tone: "bad", says: `died: its process is gone; last heard of at ${clockOf(heardAt)}` };
    default:
      return endOf(job);
  }
}

export function Life({ job }: { job: JobBrief }) {
  const { sign, tone, says } = lifeOf(job);
  return (
    <span>
      <span className={`sign ${tone}`} aria-hidden>
        {sign}
      </span>{" "}
      {says}
    </span>
  );
}

export function Bar({ job }: { job: JobBrief }) {
  const { life, command, waits } = job;
  // how much will come is not known: a bar would say that it is
  if (waits) return <span>{takenOf(waits)}</span>;
  const share = doneShare(job);
  const percent = Math.floor(100 * share + 1e-6);
  return (
    <span className="bar row">
      <progress value={share} max={1} className={life} aria-label={`Done of ${titleOf(command)}`} />
      <span>{percent} %</span>
    </span>
  );
}

const takenOf = ({ taken, count: left }: NonNullable<JobBrief["waits"]>): string =>
  [`${plural(taken, "run")} taken`, ...(left > 0 ? [`${count(left)} not complete`] : [])].join(", ");

export const rateOf = ({ progress: { bytesPerSecond, tasksPerSecond, bytesTotal }, life }: JobBrief): string =>
  life !== "running"
    ? ABSENT
    : bytesTotal > 0 && bytesPerSecond !== undefined
      ? `${bytes(Math.round(bytesPerSecond))}/s`
      : tasksPerSecond !== undefined
        ? `${tasksPerSecond.toPrecision(3)} /s`
        : ABSENT;

export const leftOf = ({ progress: { secondsLeft }, life }: JobBrief): string =>
  life === "running" && secondsLeft !== undefined ? formatSeconds(secondsLeft) : ABSENT;

export const doneOf = ({ progress: { tasksDone, tasksTotal }, waits }: JobBrief): string =>
  waits ? ABSENT : `${count(tasksDone)} of ${count(tasksTotal)}`;

const clockOf = (iso: string): string => moment(iso).slice(11);

/** An error as stderr has it. */
export const Told = ({ error }: { error: ApiError }) => <pre className="text">{errorText(error)}</pre>;
