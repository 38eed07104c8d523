import { createHash } from "node:crypto";
import type { JsonObject } from "../../../core/json.js";

/** Settings that all executions of one call share. */
export interface QueueFacts {
  /** Seconds since 1970, the beginning of each name. */
  readonly unix: number;
  readonly region: string;
  /** `<registry>/<repo>:<tag>` */
  readonly image: string;
  readonly commsBucket: string;
  readonly wdlBucket: string;
  readonly wdlKey: string;
  readonly memoryMegabytes: number;
  readonly stateMachine: string;
}

/** Deposition, dataset, run or configuration that an execution is for. */
export interface JobPlace {
  readonly deposition?: string;
  readonly dataset?: string;
  readonly run?: string;
  readonly config?: string;
}

/** An execution to be, as its queue wants it. */
export interface Job {
  readonly place: JobPlace;
  /** Name of at most `NAME_MAX` characters, `cleaned`; with a mark where another job has the usual name. */
  name(unix: number, mark?: string): string;
  /** Inputs of the workflow beside region and image, in this order. */
  readonly told: JsonObject;
}

export interface Execution extends JobPlace {
  readonly name: string;
  readonly input: JsonObject;
}

export const NAME_MAX = 80;
/** Hexadecimal digits of the hash that tells apart two jobs of one name. */
const HASH_DIGITS = 8;

/** The executions of some jobs, as the portal's own queueing starts them. Every name is valid, and another's nowhere. */
export function executionsOf(jobs: readonly Job[], facts: QueueFacts): Execution[] {
  const taken = new Set<string>();
  return jobs.map((job) => {
    const usual = job.name(facts.unix);
    const name = taken.has(usual) ? job.name(facts.unix, fingerprint(job.place)) : usual;
    taken.add(name);
    return { ...job.place, name, input: inputOf(name, job.told, facts) };
  });
}

/** Replaces each character that is no ASCII letter, digit or `-` by `-`. */
export const cleaned = (text: string): string => text.replace(/[^0-9a-zA-Z-]/gu, "-");

const fingerprint = (place: JobPlace): string =>
  createHash("sha256").update(Object.values(place).join("\n")).digest("hex").slice(0, HASH_DIGITS);

function inputOf(name: string, told: JsonObject, facts: QueueFacts): JsonObject {
  const { region, image, commsBucket, wdlBucket, wdlKey, memoryMegabytes, stateMachine } = facts;
  return {
    Input: { Run: { aws_region: region, docker_image_id: image, ...told } },
    OutputPrefix: `s3://${commsBucket}/swipe/swipe-job-output/${name}/results`,
    RUN_WDL_URI: `s3://${wdlBucket}/${wdlKey}`,
    RunEC2Memory: memoryMegabytes,
    RunEC2Vcpu: 1,
    RunSPOTMemory: memoryMegabytes,
    RunSPOTVcpu: 1,
    StateMachineArn: stateMachine,
  };
}
