import { z } from "zod";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import { redact, Secret } from "../../../core/redact.js";
import { counted } from "../../../core/units.js";
import { refused } from "../../../net/gate.js";
import { portalClient } from "../../../portals/client.js";

/** An injection as the service knows it: its sample and the neurons that were traced there. */
export interface Injection {
  /** Milliseconds since 1970. */
  readonly sampleMs: number;
  readonly neurons: readonly { readonly id: string; readonly tag: string }[];
  readonly area: string | undefined;
}

export interface BrainArea {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | undefined;
}

export interface NeuronService {
  readonly url: string;
  injections(): Promise<{ rows: Injection[]; faults: string[] }>;
  brainAreas(): Promise<{ rows: BrainArea[]; faults: string[] }>;
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** GraphQL address of the service. The user gave it, so any host is allowed. */
  readonly browser?: string | undefined;
  /** Configuration server that names the address. Used where `browser` is not given. */
  readonly configServer?: string | undefined;
  readonly token?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** Resolves a host name to addresses. Default: the system's resolver. */
  readonly resolve?: ((host: string) => Promise<readonly string[]>) | undefined;
}

const INJECTIONS = "{injections {sample {sampleDate} neurons {idString tag} brainArea {name}}}";
const BRAIN_AREAS = "{brainAreas{structureId name parentStructureId}}";

/** A name becomes part of documents, messages and keys, so it must be short. */
const Name = z.string().max(1000);
const Id = z.union([Name, z.number()]).transform(String);

const InjectionRow = z.object({
  sample: z.object({ sampleDate: z.number() }).nullish(),
  neurons: z.array(z.object({ idString: Name.min(1), tag: Name.min(1) })).nullish(),
  brainArea: z.object({ name: Name.nullish() }).nullish(),
});
const AreaRow = z.object({ structureId: Id, name: Name, parentStructureId: Id.nullish() });
const Services = z.object({ config: z.object({ neuronbrowser: z.object({ url: z.string().max(2000) }) }) });

/** Number of faulty rows that are named; further ones are only counted. */
const FAULTS_MAX = 20;

/**
 * Opens the service of neurons at an address, or at the one that the configuration server names. An address out of a reply may
 * only be of the server's own host or of a public one.
 *
 * @throws {EmporiumError} USAGE without an address; SERVICE_UNREACHABLE, PORTAL_REPLY, ADDRESS_REFUSED
 */
export async function openNeuronService(options: ServiceOptions): Promise<NeuronService> {
  const { browser, configServer, clock, log, signal, resolve } = options;
  if (browser === undefined && configServer === undefined) {
    throw new EmporiumError("USAGE", "publish neurons needs the address of the neuron service", {
      hint: "give the address of the service with --browser, or set CONFIG_SERVER_URL",
    });
  }
  const client = portalClient({ clock, log, signal, resolve });
  try {
    const url =
      browser ??
      (await namedService(configServer!, (server) => client.open({ name: "direct", hosts: [] }, [server]).getJson(server)));
    const host = new URL(url).hostname;
    const typed = browser !== undefined || host === new URL(configServer!).hostname;
    const net = client.open({ name: "direct", hosts: [host] }, typed ? [url] : []);
    const token = options.token === undefined || !typed ? undefined : new Secret(options.token);

    async function ask(query: string, name: string): Promise<unknown[]> {
      const headers = { accept: "application/json", ...(token ? { authorization: `Bearer ${token.reveal()}` } : {}) };
      const body = `{"query": "${query}"}`;
      const reply = (await reaching(url, () => net.getJson(url, { method: "POST", headers, body }))) as {
        data?: Record<string, unknown> | null;
        errors?: { message?: unknown }[];
      } | null;
      const message = Array.isArray(reply?.errors) ? reply.errors[0]?.message : undefined;
      if (message !== undefined) throw badReply(url, `the answer to ${name} is an error: ${cut(String(message))}`);
      const rows = reply?.data?.[name];
      if (!Array.isArray(rows)) throw badReply(url, `the answer has no list data.${name}`);
      return rows;
    }

    return {
      url,
      async injections() {
        const { rows, faults } = valid(await ask(INJECTIONS, "injections"), InjectionRow, "injections");
        return {
          rows: rows.flatMap(({ sample, neurons, brainArea }) =>
            sample && neurons
              ? [
                  {
                    sampleMs: sample.sampleDate,
                    neurons: neurons.map(({ idString, tag }) => ({ id: idString, tag })),
                    area: brainArea?.name ?? undefined,
                  },
                ]
              : [],
          ),
          faults,
        };
      },
      async brainAreas() {
        const { rows, faults } = valid(await ask(BRAIN_AREAS, "brainAreas"), AreaRow, "brainAreas");
        return {
          rows: rows.map(({ structureId, name, parentStructureId }) => ({
            id: structureId,
            name,
            parentId: parentStructureId ?? undefined,
          })),
          faults,
        };
      },
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function namedService(server: string, get: (url: string) => Promise<unknown>): Promise<string> {
  const url = `${server.replace(/\/*$/, "/")}config/rest_services`;
  const reply = Services.safeParse(await reaching(url, () => get(url)));
  if (!reply.success) throw badReply(url, "the answer has no config.neuronbrowser.url");
  const named = reply.data.config.neuronbrowser.url;
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)) throw refused(named, "not a web address");
  return named;
}

async function reaching<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (
      !isEmporiumError(error) ||
      !["NETWORK", "STORE_UNAVAILABLE", "STORE_THROTTLED", "STORE_FAILED", "NOT_FOUND", "STORE_ABSENT"].includes(error.code)
    )
      throw error;
    const shown = redact(url);
    throw new EmporiumError("SERVICE_UNREACHABLE", error.message, {
      place: { url: shown },
      hint: "check the address, and whether this machine may reach it",
      cause: error,
    });
  }
}

function valid<T>(rows: readonly unknown[], schema: z.ZodType<T>, name: string): { rows: T[]; faults: string[] } {
  const good: T[] = [];
  const faults: string[] = [];
  let count = 0;
  for (const [at, row] of rows.entries()) {
    const result = schema.safeParse(row);
    if (result.success) good.push(result.data);
    else if (count++ < FAULTS_MAX) {
      const issue = result.error.issues[0]!;
      faults.push(`row ${at + 1} of ${name} is passed over: ${issue.path.map(String).join(".") || "row"}: ${issue.message}`);
    }
  }
  if (count > FAULTS_MAX) faults.push(`${counted(count - FAULTS_MAX, "more row")} of ${name} are passed over`);
  return { rows: good, faults };
}

function badReply(url: string, fault: string): EmporiumError {
  return new EmporiumError("PORTAL_REPLY", `${redact(url)}: ${fault}`, {
    place: { url: redact(url) },
    hint: "check that this is the address of the service's GraphQL",
  });
}

function cut(text: string): string {
  return redact(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
