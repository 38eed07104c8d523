import type { Job, JobBrief, JobsEvent } from "../../src/model/page-api.js";

/**
 * Holds one stream of events for all tabs: HTTP/1.1 allows six connections to a server, and each tab would take one. Tabs say which topics they show;
 * one that comes later is told what is known already.
 */

/** Message of a tab: the topics that it shows, of the stream at this address. None: the tab is left. */
export interface Wanted {
  readonly url: string;
  readonly topics: readonly string[];
}

/** Message to a tab. `isOpen` false: nothing comes until it is true again. */
export type Told = { readonly isOpen: boolean } | { readonly jobs: JobsEvent } | { readonly job: Job };

const tabs = new Map<MessagePort, Wanted>();
const jobs = new Map<string, JobBrief>();
const single = new Map<string, Job>();
let source: EventSource | undefined;
let asked = "";

(self as unknown as { onconnect(event: MessageEvent): void }).onconnect = ({ ports: [port] }) => {
  port!.onmessage = ({ data }: MessageEvent<Wanted>) => {
    if (data.topics.length > 0) tabs.set(port!, data);
    else tabs.delete(port!);
    const isSame = !listen();
    if (isSame && source?.readyState === EventSource.OPEN && tabs.has(port!)) {
      tell(port!, { isOpen: true });
      tell(port!, { jobs: { isAll: true, jobs: [...jobs.values()], gone: [] } });
      for (const job of single.values()) tell(port!, { job });
    }
  };
  port!.start();
};

/** @returns whether the stream is another one now */
function listen(): boolean {
  const topics = [...new Set([...tabs.values()].flatMap((one) => one.topics))].sort();
  const [{ url } = { url: "" }] = tabs.values();
  const wanted = topics.length > 0 ? `${url}?topics=${topics.join()}` : "";
  if (wanted === asked && source?.readyState !== EventSource.CLOSED) return false;
  asked = wanted;
  source?.close();
  source = undefined;
  jobs.clear();
  single.clear();
  if (wanted === "") return true;
  const stream = new EventSource(wanted);
  source = stream;
  stream.onopen = () => tellAll({ isOpen: true });
  // it tries again by itself, unless the server has refused it
  stream.onerror = () => tellAll({ isOpen: false });
  stream.addEventListener("jobs", ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as JobsEvent;
    if (event.isAll) jobs.clear();
    for (const id of event.gone) jobs.delete(id);
    for (const job of event.jobs) jobs.set(job.id, job);
    tellAll({ jobs: event });
  });
  stream.addEventListener("job", ({ data }: MessageEvent<string>) => {
    const job = JSON.parse(data) as Job;
    single.set(job.id, job);
    tellAll({ job });
  });
  return true;
}

function tellAll(what: Told): void {
  for (const port of tabs.keys()) tell(port, what);
}

function tell(port: MessagePort, what: Told): void {
  port.postMessage(what);
}
