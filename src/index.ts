/**
 * The public library. What a command does, one of these functions does: `emporium ingest run` is `ingest`, `emporium ingest convert` is
 * `convertVolume`. The rest is what their callers need: locations and stores, the formats, errors, logs and progress. Everything
 * else is reached by its layer (`em-porium/formats/mrc/header`) and may change between minor versions.
 */

export type { ByteRange, RandomAccess, ReadOptions } from "./core/bytes.js";
export { inMemory } from "./core/bytes.js";
export type { ErrorCode, ErrorFacts, ErrorRecord, Place } from "./core/errors.js";
export { EmporiumError, ERRORS, formatError, isEmporiumError, toErrorRecord } from "./core/errors.js";
export type { Json, JsonObject } from "./core/json.js";
export { parseJson, printJson } from "./core/json.js";
export type { Log, LogLevel } from "./core/log.js";
export { makeLog, silentLog } from "./core/log.js";
export { Float } from "./core/number.js";
export type { OnEvent, RunEvent } from "./engine/events.js";
export type { ProgressState, ProgressView } from "./engine/progress.js";
export { advance, noProgress, viewProgress } from "./engine/progress.js";
export type { MrcHeader } from "./formats/mrc/header.js";
export { readMrcHeader } from "./formats/mrc/header.js";
export { readMrcPlanes } from "./formats/mrc/read.js";
export type { ZarrArrayMeta } from "./formats/zarr/metadata.js";
export { parseZarray } from "./formats/zarr/metadata.js";
export type { OmeZarrImage } from "./formats/zarr/ome.js";
export { parseOmeZarr } from "./formats/zarr/ome.js";
export { readZarrBox } from "./formats/zarr/read.js";
export type { CheckedConfig, CheckOptions } from "./stations/ingest/check/check.js";
export { checkConfig } from "./stations/ingest/check/check.js";
export type { CheckConfigsOptions, CheckReport } from "./stations/ingest/check/check-configs.js";
export { checkConfigs } from "./stations/ingest/check/check-configs.js";
export type { UpgradedFile, UpgradeReport } from "./stations/ingest/check/upgrade-configs.js";
export { upgradeConfigs } from "./stations/ingest/check/upgrade-configs.js";
export { configJsonSchema } from "./stations/ingest/config/grammar/json-schema.js";
export type { Upgraded } from "./stations/ingest/config/upgrade/upgrade.js";
export { upgradeConfig } from "./stations/ingest/config/upgrade/upgrade.js";
export type { ConvertOptions, ConvertReport } from "./stations/ingest/convert.js";
export { convertVolume } from "./stations/ingest/convert.js";
export type { IngestOptions, IngestReport } from "./stations/ingest/ingest.js";
export { ingest } from "./stations/ingest/ingest.js";
export type { Answers } from "./stations/ingest/new-config/answers.js";
export type { NewConfig, NewConfigOptions } from "./stations/ingest/new-config/new-config.js";
export { newConfig } from "./stations/ingest/new-config/new-config.js";
export type { IngestPlan, PlanOptions } from "./stations/ingest/plan.js";
export { planIngest, readConfig } from "./stations/ingest/plan.js";
export type { Selection, SelectionFlags } from "./stations/ingest/selection.js";
export { makeSelection } from "./stations/ingest/selection.js";
export type { VerifyReport } from "./stations/ingest/verify/report.js";
export type { VerifyOptions } from "./stations/ingest/verify/verify.js";
export { verify, verifyTree } from "./stations/ingest/verify/verify.js";
export { memoryStore } from "./stores/memory.js";
export type { Store } from "./stores/store.js";
export { openObject } from "./stores/store.js";
export type { Location, StoreOptions } from "./stores/url.js";
export { openLocation, openStore, parseLocation } from "./stores/url.js";
