/**
 * The public library. What a command does, one of these functions does:
 *
 * | command | function |
 * |---|---|
 * | `harvest describe`, `peek`, `inspect` | `describe`, `peek`, `inspect`; `fileMetadata`, `readFileMetadata` for their documents |
 * | `harvest download` | `download`, `cropVolume` |
 * | `harvest compare` | `compareDocuments`, `comparisonAs` |
 * | `ingest run`, `ingest plan` | `ingest`, `planIngest` |
 * | `ingest new` | `newConfig`, `askAll`, `writeNew` |
 * | `ingest check`, `ingest upgrade` | `checkConfigs`, `upgradeConfigs` |
 * | `ingest validate` | `validate`, `validationDocument`, `validationText`, `validationPage` |
 * | `ingest convert` | `convertVolume` |
 * | `verify` | `verify` |
 *
 * The rest is what their callers need: locations and stores, the formats, errors, logs and progress. Everything else is reached by its
 * layer (`em-porium/formats/mrc/header`) and may change between minor versions.
 */

export type { ByteRange, RandomAccess, ReadOptions } from "./core/bytes.js";
export { inMemory } from "./core/bytes.js";
export type { Clock } from "./core/clock.js";
export { systemClock } from "./core/clock.js";
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
export type { Comparison } from "./stations/harvest/compare/compare.js";
export type { CompareFormat, CompareRequest } from "./stations/harvest/compare/run.js";
export { compareDocuments, comparisonAs } from "./stations/harvest/compare/run.js";
export type { CropOptions, CropResult } from "./stations/harvest/crop/crop.js";
export { cropVolume } from "./stations/harvest/crop/crop.js";
export type { DownloadOptions } from "./stations/harvest/download/download.js";
export { download } from "./stations/harvest/download/download.js";
export type { DownloadReport } from "./stations/harvest/download/report.js";
export type { DescribeOptions, DescribeReport } from "./stations/harvest/records/describe.js";
export { describe } from "./stations/harvest/records/describe.js";
export type { ReadFileRecord } from "./stations/harvest/records/file-metadata.js";
export { fileMetadata, readFileMetadata } from "./stations/harvest/records/file-metadata.js";
export { fillFromWeb } from "./stations/harvest/records/fill.js";
export type { InspectOptions, InspectReport } from "./stations/harvest/records/inspect.js";
export { inspect } from "./stations/harvest/records/inspect.js";
export type { PeekedRecord, PeekOptions, PeekReport } from "./stations/harvest/records/peek.js";
export { peek } from "./stations/harvest/records/peek.js";
export type { LocatedRecord, NormalisedRecord } from "./stations/harvest/records/record.js";
export { recordOf } from "./stations/harvest/records/record.js";
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
export type { Answers, Question } from "./stations/ingest/new-config/answers.js";
export { askAll, QUESTIONS } from "./stations/ingest/new-config/answers.js";
export type { NewConfig, NewConfigOptions } from "./stations/ingest/new-config/new-config.js";
export { newConfig } from "./stations/ingest/new-config/new-config.js";
export { writeNew } from "./stations/ingest/new-config/write-new.js";
export type { IngestPlan, PlanOptions } from "./stations/ingest/plan.js";
export { isPartial, planIngest, readConfig } from "./stations/ingest/plan.js";
export type { Selection, SelectionFlags } from "./stations/ingest/selection.js";
export { makeSelection } from "./stations/ingest/selection.js";
export type { Check, Mark, Severity, Suite } from "./stations/ingest/validate/check.js";
export type { ValidationDocument } from "./stations/ingest/validate/report/document.js";
export { validationDocument } from "./stations/ingest/validate/report/document.js";
export { validationPage } from "./stations/ingest/validate/report/html.js";
export { validationText } from "./stations/ingest/validate/report/text.js";
export type { ValidateRequest } from "./stations/ingest/validate/run.js";
export { validate } from "./stations/ingest/validate/run.js";
export { CHECKS } from "./stations/ingest/validate/table.js";
export type { ReportedFinding, ReportedSkip } from "./stations/ingest/validate/tally.js";
export type { ReportedPicture, ValidateOptions, Validation } from "./stations/ingest/validate/validate.js";
export { validateSource, validateStandardized } from "./stations/ingest/validate/validate.js";
export { PROOF_NAME } from "./stations/ingest/verify/proof.js";
export type { VerifyReport } from "./stations/ingest/verify/report.js";
export type { VerifyOptions } from "./stations/ingest/verify/verify.js";
export { verify, verifyTree } from "./stations/ingest/verify/verify.js";
export { fileStore } from "./stores/file.js";
export { memoryStore } from "./stores/memory.js";
export type { Store } from "./stores/store.js";
export { openObject } from "./stores/store.js";
export type { Location, StoreOptions } from "./stores/url.js";
export { openLocation, openStore, parseLocation } from "./stores/url.js";
