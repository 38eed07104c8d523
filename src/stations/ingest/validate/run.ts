import { EmporiumError } from "../../../core/errors.js";
import { openLocation, openStore, parseLocation } from "../../../stores/url.js";
import { readConfigFile } from "../check/config-file.js";
import { readJudged } from "../check/read-config.js";
import type { SelectionFlags } from "../selection.js";
import type { Suite } from "./check.js";
import { validationPage } from "./report/html.js";
import { type Validation, validateSource, validateStandardized } from "./validate.js";

export interface ValidateRequest {
  readonly suite: Suite;
  /** A path or URL. Of sources it says what to look for; of a tree it may be left out. */
  readonly config: string | undefined;
  /** The input, or the tree. */
  readonly location: string;
  readonly filter?: SelectionFlags["filter"];
  readonly exclude?: SelectionFlags["exclude"];
  /** Where a page of the result is written. */
  readonly html?: string | undefined;
  /** Ask for pictures at addresses that metadata name. */
  readonly network?: boolean | undefined;
  readonly anonymous?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A suite of checks on what lies at a location.
 *
 * @throws {EmporiumError} USAGE, CONFIG_…: nothing was looked at; STORE_… where the location does not answer
 */
export async function validate(request: ValidateRequest): Promise<Validation> {
  const { suite, location, anonymous, filter, exclude, signal, html } = request;
  if (suite === "source" && request.config === undefined) {
    throw new EmporiumError("USAGE", "the sources of a deposition are found by its configuration, and none is given", {
      hint: "emporium ingest validate source CONFIG.yaml INPUT",
    });
  }
  const page = html === undefined ? undefined : parseLocation(html);
  const judged =
    request.config === undefined ? undefined : readJudged(await readConfigFile(request.config, anonymous), request.config);
  const store = await openStore(location, { anonymous, readOnly: true });
  const open = request.network ? (address: string) => openLocation(address, { anonymous, readOnly: true }) : undefined;
  const options = { filter, exclude, signal, open };
  const validation =
    suite === "source"
      ? await validateSource(judged!.config, store, { ...options, faults: judged!.faults })
      : await validateStandardized(store, { ...options, config: judged?.config });
  if (page) {
    const { store: target, key } = await openLocation(page, { anonymous });
    const body = new TextEncoder().encode(validationPage(validation, page.path));
    await target.write(key, body, { contentType: "text/html; charset=utf-8" });
  }
  return validation;
}
