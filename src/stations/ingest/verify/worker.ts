import { workerData } from "node:worker_threads";
import { answerJobs } from "../../../system/thread-side.js";
import { fileReader } from "./file-reader.js";
import { type Job, runJob } from "./jobs.js";

/** Entry of a thread that checks objects of one folder of this machine. */
const reader = fileReader((workerData as { root: string }).root);

answerJobs((job: Job) => runJob(job, reader));
